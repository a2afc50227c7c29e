"""When a credential was withdrawn and by whom, whatever took it back."""

from __future__ import annotations

from collections.abc import Callable

from node.access import Role
from node.app import create_app
from node.withdrawal import Withdrawal, withdrawal
from tests.support.api_caller import Caller
from tests.unit.node.conftest import Node
from tests.unit.node.console import Officer, words
from tests.unit.node.nodes import HEADER, roster

DESK = {"holder": "0x" + "5b" * 20, "checkedBy": "M. Novak", "how": "passport at the desk"}
PETRA = "Petra"


def told(node: Node, entry_id: str) -> Withdrawal | None:
    return withdrawal(node.services.store, node.services.entry(entry_id))


def issued(node: Node, count: int, first: int = 0, copies: int = 1) -> list[str]:
    return [row.id for row in node.services.issue(roster(count, first=first), "r.csv", copies=copies).issued]


def test_only_what_is_withdrawn_says_so(node: Node, petra: Caller) -> None:
    one, two = issued(node, 2)
    node.clock.now += 60
    assert petra("DELETE", f"/credentials/{one}").status_code == 200
    at = node.services.now
    node.clock.now += 60
    assert (told(node, one), told(node, two)) == (Withdrawal(at, PETRA), None)
    node.services.withdraw(two)
    assert told(node, two) == Withdrawal(at + 60, None)


def test_a_rejected_list_and_another_one_that_was_not(node: Node, person: Callable[..., Caller]) -> None:
    (kept,), (rejected,) = issued(node, 1), issued(node, 1, 1)
    lin = person(Role.APPROVE, name="Lin")
    assert lin("POST", "/submissions/2/reject", json={"reason": "Wrong date"}).status_code == 200
    assert (told(node, kept), told(node, rejected)) == (None, Withdrawal(node.services.now, "Lin"))


def test_a_correction_and_a_new_address_withdraw_what_they_replace(node: Node, petra: Caller) -> None:
    one, two = issued(node, 2)
    row = HEADER + "00000000,Ana 0,Kovac,l0@example.edu,ledgers,2026-10-01,,\n"
    data, query = row.encode(), f"?supersedes={one}"
    assert petra.upload(data, query=query).status_code == 200
    assert petra("POST", f"/credentials/{two}/reissues", json=DESK).status_code == 201
    assert told(node, one) == told(node, two) == Withdrawal(node.services.now, PETRA)


def test_copies_are_withdrawn_with_the_first_or_after_it(node: Node, petra: Caller) -> None:
    together, apart = issued(node, 1, copies=2)[0], issued(node, 1, 1, copies=2)[0]
    assert petra("DELETE", f"/credentials/{together}").status_code == 200
    first, copy = node.services.store.entries.award(node.services.entry(together))
    assert told(node, first.id) == told(node, copy.id) == Withdrawal(node.services.now, PETRA)
    node.services.seal()
    node.clock.now += 60
    assert petra("DELETE", f"/credentials/{apart}/copies").status_code == 200
    first, copy = node.services.store.entries.award(node.services.entry(apart))
    assert (told(node, first.id), told(node, copy.id)) == (None, Withdrawal(node.services.now, PETRA))


def test_the_page_of_a_revoked_credential_says_that_another_takes_its_place(
    node: Node, token: Callable[..., str]
) -> None:
    one, two = issued(node, 2)
    node.services.seal()
    assert node.services.anchor().reached
    node.services.revoke([one], 1)
    node.services.revoke([two])
    officer = Officer(create_app(node.services), token())
    pages = [words(officer.get(f"/credentials/{found.removeprefix('urn:uuid:')}")) for found in (one, two)]
    assert ["because another credential takes its place" in page for page in pages] == [True, False]
