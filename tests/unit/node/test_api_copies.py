"""Copies over HTTP: issued with an award or a list, listed, added once, taken back, handed out with one link."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from node.access import Role
from node.app import create_app
from node.client import NodeClient
from node.client.models import AwardRow
from node.config import write_config
from node.delivery.links import ClaimLinkService, NewLink
from node.store import EntryState, Store
from rootseal.errors import ConflictError
from rootseal.files import CredentialFile
from tests.support.api_caller import AWARD, Caller, refused
from tests.unit.node.conftest import Node
from tests.unit.node.copies import address, anchor_all, award, awarded, bound_roster

RESUME = base64.urlsafe_b64encode(b"r" * 16).rstrip(b"=").decode()


def held(*copies: int) -> str:
    """A cell with the learner's addresses for these copies."""
    return " ".join(f"0x{address(0, copy).hex()}" for copy in copies)


def issue(petra: Caller, path: str = "", **cells: str) -> Any:
    return petra("POST", f"/credentials{path}", json={**AWARD, **cells}, headers=petra.key())


def added(petra: Caller, entry_id: str, count: object, *holders: str, key: str = "k") -> Any:
    body = {"add": count, "holders": list(holders)}
    return petra("POST", f"/credentials/{entry_id}/copies", json=body, headers={"Idempotency-Key": key})


def test_an_award_with_copies(node: Node, petra: Caller) -> None:
    answer = issue(petra, "?copies=3", holder=held(1, 2, 3))
    assert answer.status_code == 201
    first = answer.json["id"]
    shown = petra("GET", f"/credentials/{first}/copies").json
    assert [(copy["state"], copy["credits"]) for copy in shown["copies"]] == [
        ("accepted", True),
        ("accepted", False),
        ("accepted", False),
    ]
    page = petra("GET", "/credentials").json["items"]
    assert [(item["id"], item["copies"], item["copyOf"]) for item in page] == [(first, 3, None)]
    copy = petra("GET", f"/credentials/{shown['copies'][2]['id']}").json
    assert (copy["copyOf"], copy["copies"]) == (first, 3)
    again = petra(
        "POST", "/credentials?copies=3", json={**AWARD, "holder": held(1, 2, 3)}, headers={"Idempotency-Key": "2"}
    )
    assert (again.status_code, again.json["already"]) == (200, True)
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 3


@pytest.mark.parametrize("number", ["0", "17", "-1", "1.0", "x", ""])
def test_a_number_of_copies_that_cannot_be_is_400(node: Node, petra: Caller, number: str) -> None:
    refused(issue(petra, f"?copies={number}"), 400)
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0


def test_addresses_must_fit_the_number_of_copies_also_on_the_short_way(node: Node, petra: Caller) -> None:
    for path, holder in (("", held(1, 2)), ("?copies=3", held(1, 2)), ("?copies=2", held(1, 1))):
        value = refused(issue(petra, path, holder=holder), 422)
        assert value["errors"][0]["where"] == "holder"
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0
    assert issue(petra, holder=held(1)).status_code == 201


def test_a_list_with_copies(node: Node, petra: Caller) -> None:
    tried = petra.upload(bound_roster(2, 2), query="?copies=2&dry_run=true")
    assert (tried.status_code, tried.json["counts"]["issued"]) == (200, 2)
    done = petra.upload(bound_roster(2, 2), query="?copies=2")
    assert done.json["counts"] == {"issued": 2, "already": 0, "refused": 0, "blank": 0}
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 4


def test_more_copies_are_added_once(node: Node, petra: Caller) -> None:
    first = issue(petra, "?copies=2", holder=held(1, 2)).json["id"]
    assert refused(added(petra, first, 1, held(3)), 409)["detail"]
    anchor_all(node.services)
    answer = added(petra, first, 2, held(3), held(4), key="more")
    assert (answer.status_code, len(answer.json["copies"]), len(answer.json["added"])) == (201, 4, 2)
    assert added(petra, first, 2, held(3), held(4), key="more").data == answer.data
    same = added(petra, first, 2, held(3), held(4), key="other")
    assert (same.status_code, same.json["added"]) == (200, answer.json["added"])
    for count, holders, status in ((0, (), 400), (17, (), 400), (1, (), 422), (1, ("0x12",), 422), ("2", (), 400)):
        refused(added(petra, first, count, *holders, key=f"k{count}{len(holders)}"), status)
    back = petra("DELETE", f"/credentials/{first}/copies")
    assert (back.status_code, back.json["taken"]) == (200, answer.json["added"])
    assert [copy["state"] for copy in back.json["copies"]] == ["anchored", "anchored", "withdrawn", "withdrawn"]
    refused(petra("GET", "/credentials/00000000-0000-4000-8000-000000000000/copies"), 404)


def test_copies_of_another_department_are_not_there(node: Node, app: Flask, token: Callable[..., str]) -> None:
    first = awarded(node.services, 2)[0]
    stranger = Caller(app.test_client(), token(*Role, name="Ana", departments=("law",)))
    for method in ("GET", "DELETE"):
        refused(stranger(method, f"/credentials/{first}/copies"), 404)
    refused(added(stranger, first, 1), 404)


def test_an_act_says_which_copies_follow(node: Node, petra: Caller) -> None:
    first = awarded(node.services, 3)[0]
    node.services.seal()
    node.services.anchor()
    node.services.seal()
    ids = [copy.id for copy in award(node.services, first)]
    answer = petra("POST", f"/credentials/{ids[1]}/revoke").json
    assert (answer["requested"], answer["following"], answer["withdrawn"]) == ([ids[0]], [ids[1]], [ids[2]])


def test_the_typed_client_knows_copies(node: Node, app: Flask, token: Callable[..., str]) -> None:
    with NodeClient("http://node.test", token(), transport=httpx.WSGITransport(app=app)) as client:
        one = client.issue(AwardRow(**AWARD, holder=held(1, 2)), copies=2)
        assert client.issue_list(bound_roster(1, 3, first=9), copies=3).counts.issued == 1
        node.services.seal()
        node.services.anchor()
        assert [copy.state for copy in client.copies(one.id).copies] == ["anchored", "accepted"]
        assert client.take_back_copies(one.id).taken == [client.copies(one.id).copies[1].id]
        added = client.add_copies(one.id, 1, [held(5)])
        assert [copy.state for copy in added.copies] == ["anchored", "withdrawn", "accepted"]
        assert [found.copies for found in client.credentials()] == [2, 3]
        change = client.change_status("revoke", [one.id])
        assert (change.requested, change.withdrawn) == ([one.id], added.added)


class Claims:
    """Links of a node that has a public address."""

    def __init__(self, node: Node) -> None:
        write_config(node.directory, replace(node.services.config, public_url="https://registrar.example"))
        services = node.reopened()
        self.store: Store = services.store
        self.service = ClaimLinkService(
            services.store, "https://registrar.example", lambda e: services.exporter.credential_file(e).to_bytes()
        )
        self.client: FlaskClient = create_app(services).test_client()

    def open(self, link: NewLink, **more: object) -> Any:
        secret = link.url.partition("#")[2]
        return self.client.post("/v1/claims", json={"secret": secret, "resume": RESUME, **more})


def test_one_link_gives_every_copy(node: Node) -> None:
    first = awarded(node.services, 3)[0]
    anchor_all(node.services)
    claims = Claims(node)
    link = claims.service.make(award(node.services, first)[2].id, node.services.now, 7)
    assert link.entry == first
    files = [claims.open(link, copy=copy) for copy in (1, 2, 3)]
    assert [answer.headers["Rootseal-Copies"] for answer in files] == ["3", "3", "3"]
    opened = [CredentialFile.from_bytes(answer.data) for answer in files]
    assert [file.commitment for file in opened] == [copy.commitment for copy in award(node.services, first)]
    assert claims.open(link).data == files[0].data  # as before there were copies
    assert (claims.open(link, copy=4).status_code, claims.open(link, copy=0).status_code) == (404, 400)
    assert claims.store.claim_links.of(first)[0].opened_at is not None


def test_a_copy_that_is_not_there_does_not_use_the_link_up(node: Node) -> None:
    first = awarded(node.services, 2)[0]
    anchor_all(node.services)
    claims = Claims(node)
    link = claims.service.make(first, node.services.now, 7)
    assert claims.open(link, copy=3).json["code"] == "claim.copy"
    found = claims.store.claim_links.get(sha256(base64.urlsafe_b64decode(link.url.partition("#")[2] + "=")).digest())
    assert found is not None
    assert found.opened_at is None


def test_a_link_waits_for_all_copies(node: Node) -> None:
    first = awarded(node.services, 3)[0]
    node.services.seal()
    node.services.anchor()
    node.services.seal()
    claims = Claims(node)
    with pytest.raises(ConflictError, match="3 copies, of which 1 are published"):
        claims.service.make(first, node.services.now, 7)
    early = claims.service.make(first, node.services.now, 7, before_final=True)
    assert claims.open(early).headers["Rootseal-Copies"] == "2"
