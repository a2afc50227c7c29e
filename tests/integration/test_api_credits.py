"""Credits over HTTP on a real chain: claimed for a learner who signed, and recognised once by another institution."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.access import Access, Role
from node.app import create_app
from node.services import Services
from tests.support import credit_school
from tests.support.api_caller import Caller, refused
from tests.support.credit_school import School, second_school
from tests.support.devchain import ChainProcess, running_chain

JSON = {"Content-Type": "application/json"}
school = credit_school.school


@pytest.fixture(scope="module")
def dev_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain"), state=False) as chain:
        yield chain


@contextmanager
def officer(node: Path) -> Iterator[Caller]:
    """A person with every role at a node."""
    with Services.open(node) as services:
        token = Access(services.store, time.time).add("Petra", tuple(Role)).text
        yield Caller(create_app(services).test_client(), token)


def test_credits_are_claimed_and_recognised_once(school: School) -> None:
    wallet, holder = school.wallet()
    commitment = school.hand_out(school.issue([holder])[0], wallet)
    claim = school.claim(wallet, commitment).read_bytes()
    with officer(school.node) as petra:
        tried = petra("POST", "/credit-claims?dry_run=true", data=claim, headers=JSON)
        assert (tried.status_code, tried.get_json()["outcome"]) == (200, "queued")
        assert tried.get_json()["gas"] > 150_000
        assert petra.read("/credit-acts")["items"] == []
        queued = petra("POST", "/credit-claims", data=claim, headers=JSON)
        assert (queued.status_code, queued.get_json()["credits"]) == (202, 250)
        again = petra("POST", "/credit-claims", data=claim, headers=JSON)
        assert (again.status_code, again.get_json()["outcome"]) == (200, "already")
        other = claim.replace(b'"deadline"', b'"deadlime"')
        assert refused(petra("POST", "/credit-claims", data=other, headers=JSON), 422)["code"] == "credits.refused"
    school.run("node anchor", school.node)
    with officer(school.node) as petra:
        (act,) = petra.read("/credit-acts?limit=1")["items"]
        assert (act["kind"], act["transactionState"], act["token"], act["givenUp"]) == (
            "claim",
            "final",
            "counted",
            False,
        )

    abroad, number = second_school(school)
    consent = school.folder / "transfer.redemption.json"
    asked = ("--receiver", number, "--award", "Module INF-201", "--policy", school.policy, *school.secret)
    school.run("wallet redeem", wallet, commitment, "-o", consent, *asked)
    redemption = consent.read_bytes()
    with officer(school.node) as petra:
        value = refused(petra("POST", "/credit-redemptions", data=redemption, headers=JSON), 422)
        assert "is not this institution" in value["detail"]
    with officer(abroad) as petra:
        assert petra("POST", "/credit-redemptions", data=redemption, headers=JSON).status_code == 202
    school.run("node anchor", abroad)
    with officer(abroad) as petra:
        done = petra("POST", "/credit-redemptions", data=redemption, headers=JSON).get_json()
        assert done["outcome"] == "already"
        (act,) = petra.read("/credit-acts")["items"]
        assert (act["kind"], act["award"]) == ("redeem", "Module INF-201")
