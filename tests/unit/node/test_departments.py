"""What a token for one department learns of another's credentials: nothing, whichever way it asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from node.access import Access, AccessDenied, Role, acting_as
from node.app import create_app
from node.approving import Approving
from node.config import write_config
from node.services import Services
from tests.support.api_caller import Caller
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster

Make = Callable[..., Caller]


@pytest.fixture
def make(node: Node) -> Make:
    """Callers of a node whose `ledgers` are Economics' and whose `endnote` is the Library's."""
    access = Access(node.services.store, node.clock)
    access.set_department("ledgers", "Economics")
    access.set_department("endnote", "Library")
    client = create_app(node.services).test_client()

    def made(name: str, *roles: Role, departments: tuple[str, ...] = ()) -> Caller:
        return Caller(client, access.add(name, roles or tuple(Role), departments).text)

    return made


def final(services: Services, data: bytes) -> list[str]:
    issued = services.issue(data, "r.csv").issued
    services.seal()
    assert services.anchor().reached
    return [row.id for row in issued]


@pytest.mark.parametrize("dry_run", ["true", "false"])
def test_a_list_of_status_changes_does_not_tell_whether_another_department_awarded(
    node: Node, make: Make, dry_run: str
) -> None:
    [foreign] = final(node.services, roster(1))
    library = make("Lin", Role.REVOKE, departments=("Library",))

    def asked(learner: str, entry_id: str = "") -> dict[str, object]:
        text = f"id,learner_id,micro_credential,awarded_on\n{entry_id},{learner},ledgers,2026-10-01\n"
        query = f"/status-changes?act=revoke&dry_run={dry_run}"
        answer = library("POST", query, data=text.encode(), headers={"Content-Type": "text/csv"})
        assert answer.status_code == 200, answer.text
        [row] = json.loads(answer.data)["rows"]
        assert isinstance(row, dict)
        return row

    there, not_there = asked("00000000"), asked("99999999")
    assert (there, there["outcome"], there["id"]) == (not_there, "refused", None)
    unknown = "urn:uuid:00000000-0000-4000-8000-000000000000"
    named, unnamed = asked("", foreign), asked("", unknown)
    assert json.dumps(named).replace(foreign, unknown) == json.dumps(unnamed)
    assert node.services.store.statuses.of(foreign) == ()


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_correction_does_not_tell_whether_another_department_awarded(node: Node, make: Make, dry_run: bool) -> None:
    """The row would turn one's own credential into an award that the other department made already."""
    own, _ = (*final(node.services, roster(1, template="endnote")), *final(node.services, roster(1)))
    access = Access(node.services.store, node.clock)
    lin = access.authenticate(make("Lin", Role.ISSUE, departments=("Library",)).token)
    assert lin is not None
    said: list[str] = []
    for first in (0, 5):
        with acting_as(lin), pytest.raises(AccessDenied) as caught:
            node.services.issue(roster(1, first=first), "r.csv", supersedes=own, dry_run=dry_run)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert "ledgers is not of your department" in said[0]
    assert node.services.entry(own).live


def test_a_list_that_was_decided_stays_its_departments(node: Node, make: Make) -> None:
    write_config(node.directory, replace(node.services.config, second_approver=True))
    node.reopened()
    access = Access(node.services.store, node.clock)
    access.set_department("ledgers", "Economics")
    client = create_app(node.services).test_client()
    tokens = {
        name: access.add(name, (Role.ISSUE, Role.APPROVE), departments).text
        for name, departments in (("Ada", ()), ("Bob", ()), ("Lin", ("Library",)), ("Eve", ("Economics",)))
    }
    ada, bob, library, economics = (Caller(client, text) for text in tokens.values())
    assert ada.issue().status_code == 201
    [waiting] = Approving(node.services.store, node.clock).waiting()
    path = f"/submissions/{waiting.id}"
    assert library("GET", path).status_code == 404
    assert bob("POST", f"{path}/reject", json={"reason": "Ana Kovač failed"}).status_code == 200
    assert library("GET", path).status_code == 404, "that it is decided shows it to nobody else"
    assert library("POST", f"{path}/reject", json={"reason": "again"}).status_code == 404
    shown = economics("GET", path)
    assert shown.status_code == 200
    assert json.loads(shown.data)["templates"] == [{"microCredential": "ledgers", "count": 0}]
