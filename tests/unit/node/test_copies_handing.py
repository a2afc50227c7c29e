"""Copies on their way to people: one mail with all files, the delivery ledger, the console's pages, the commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from node.access import Role
from node.cli import main as cli
from node.copying import copies_of, withdraw_waiting
from node.delivery.ledger import delivery_csv, delivery_ledger, hand_over
from node.delivery.mailing import MailOutcome, MailRequest
from node.erasing import erase_entry
from node.services import Services
from node.store import Store
from rootseal.errors import ConflictError
from rootseal.files import CredentialFile
from tests.support.mail_server import MailServer, mail_server
from tests.unit.node.conftest import Node
from tests.unit.node.console import Officer, words
from tests.unit.node.copies import address, anchor_all, award, awarded, bound_roster
from tests.unit.node.mails import deliver
from tests.unit.node.nodes import TEMPLATES, make_node, roster
from tests.unit.node.test_console_changes import check
from tests.unit.node.test_crash import node as opened


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def fate(store: Store, entry_id: str) -> str:
    """What the delivery ledger says about an award."""
    return next(fate.code for fate in store.lists.fates(1 << 40) if fate.id == entry_id)


def test_one_mail_brings_all_copies_and_waits_until_all_are_final(node: Node, server: MailServer) -> None:
    services = node.services
    first = awarded(services, 3)[0]
    for done in range(3):
        assert deliver(node, server) == MailOutcome()
        services.seal()
        assert services.anchor().reached
        published = services.store.copies.published(first)
        assert published == (done + 1, 3)
        if done < 2:
            assert fate(services.store, first) == "copies_waiting"
            assert f"{done + 1} of 3 copies are published" in delivery_csv(services.store, services.now).decode()
            with pytest.raises(ConflictError, match=f"3 copies, of which {done + 1} are published"):
                deliver(node, server, MailRequest(only=award(services, first)[1].id))
    assert deliver(node, server).handed_over == 1
    (mail,) = server.taken
    files = [part.get_payload(decode=True) for part in mail.message.iter_attachments()]
    assert [CredentialFile.from_bytes(file).commitment for file in files] == [
        copy.commitment for copy in award(services, first)
    ]
    body = mail.message.get_body()
    assert body is not None
    assert "You receive 3 copies of this credential" in body.get_content()
    assert fate(services.store, first) == "mailed"
    ledger = delivery_ledger(services.store, services.now)
    assert (ledger.total.fates.total(), ledger.adds_up) == (1, True)
    assert deliver(node, server).handed_over == 0


def test_a_credential_without_copies_is_mailed_as_before(node: Node, server: MailServer) -> None:
    awarded(node.services, 1)
    anchor_all(node.services)
    deliver(node, server)
    body = server.taken[0].message.get_body()
    assert body is not None
    assert "copies of this credential" not in body.get_content()


def test_before_final_mails_the_copies_that_are_sealed(node: Node, server: MailServer) -> None:
    services = node.services
    first = awarded(services, 3)[0]
    services.seal()
    assert deliver(node, server, MailRequest(before_final=True)).handed_over == 1
    assert len(list(server.taken[0].message.iter_attachments())) == 1
    anchor_all(services)
    assert deliver(node, server, MailRequest(only=first, again=True)).handed_over == 1
    assert len(list(server.taken[1].message.iter_attachments())) == 3


def test_copies_that_were_taken_back_do_not_hold_up_the_others(node: Node, server: MailServer) -> None:
    first = awarded(node.services, 3)[0]
    node.services.seal()
    withdraw_waiting(node.services.store, first, node.services.now)
    node.services.anchor()
    assert deliver(node, server).handed_over == 1
    assert len(list(server.taken[0].message.iter_attachments())) == 1


def test_handing_over_any_copy_counts_the_award_once(node: Node) -> None:
    services = node.services
    first = awarded(services, 2)[0]
    anchor_all(services)
    ids = [copy.id for copy in award(services, first)]
    assert hand_over(services.store, ids, services.now) == ((first,), ())
    assert hand_over(services.store, ids[1:], services.now) == ((), (first,))
    assert fate(services.store, first) == "by_hand"


# --- the console ------------------------------------------------------------------------------------


def test_the_console_issues_copies_and_shows_them(node: Node, app: Flask, token: Callable[..., str]) -> None:
    petra = Officer(app, token())
    for wrong in ("0", "17", "x", "", "١", "016"):
        assert "a number of copies from 1 to 16" in words(petra.upload(bound_roster(1, 2), copies=wrong)), wrong
    assert "has 2 addresses" in words(petra.upload(bound_roster(1, 2)))
    checked = petra.upload(bound_roster(1, 2), copies="2")
    assert "2 copies of each: they take 2 anchors" in words(checked)
    assert "the further copies one anchor after another. Until then" in words(petra.issue(checked))
    (first,) = [found.id for found in node.services.store.finding.page(_all(), 0, 9)]
    node.services.seal()
    node.services.anchor()
    copy = award(node.services, first)[1].uuid
    for shown in (first.removeprefix("urn:uuid:"), copy):
        text = words(petra.get(f"/credentials/{shown}"))
        assert "2 copies, each in another batch" in text
        assert "Revoke" in text
    assert "all 2 of them" in words(petra.get(f"/credentials/{copy}/revoke"))
    petra.act(f"/credentials/{copy}/revoke", note="Thesis withdrawn", sure="yes")
    assert [found.standing.value for found in copies_of(node.services.store, first)] == ["anchored", "withdrawn"]


def test_a_list_of_changes_says_that_copies_change_too(node: Node, app: Flask, token: Callable[..., str]) -> None:
    petra = Officer(app, token())
    first, second = awarded(node.services, 2)[0], node.services.issue(roster(1, first=70), "s.csv").issued[0].id
    anchor_all(node.services)
    copy = award(node.services, first)[1].id
    for named, button in (
        ((second,), "Suspend 1 credential Until"),
        ((copy,), "Suspend 1 credential with all its copies"),
        ((second, copy), "Suspend 2 credentials with all their copies"),
    ):
        text = words(check(petra, "id\n" + "\n".join(named) + "\n", act="suspend"))
        assert button in text, text


def _all() -> Any:
    from node.store.finding import Wanted

    return Wanted()


def test_an_approver_sees_awards_and_how_many_copies(node: Node, app: Flask, token: Callable[..., str]) -> None:
    awarded(node.services, 4, count=2)
    lin = Officer(app, token(Role.APPROVE, Role.READ, name="Lin"))
    text = words(lin.get("/approvals/1"))
    assert "2 credentials in 4 copies each" in text
    assert text.count("Kovač") == 3  # two rows and one document


# --- the commands -----------------------------------------------------------------------------------


def run(node: Node, *arguments: str, code: int = 0) -> Any:
    """What a command prints with --json."""
    done = CliRunner().invoke(cli, [*arguments, "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_the_commands_show_add_and_take_back_copies(node: Node, tmp_path: Path) -> None:
    directory = str(node.directory)
    (tmp_path / "r.csv").write_bytes(bound_roster(1, 2))
    issued = run(node, "issue", directory, str(tmp_path / "r.csv"), "--copies", "2")
    assert (issued["copies"], len(issued["issued"])) == (2, 1)
    first = issued["issued"][0]["id"]
    anchor_all(node.services)
    holders = [part for n in (3, 4) for part in ("--holder", "0x" + address(0, n).hex())]
    tried = run(node, "copies", directory, first, "--add", "2", *holders, "--dry-run")
    assert (tried["added"], len(tried["copies"])) == ([], 2)
    added = run(node, "copies", directory, first, "--add", "2", *holders)
    assert (len(added["added"]), [copy["credits"] for copy in added["copies"]]) == (2, [True, False, False, False])
    assert run(node, "copies", directory, first, "--add", "2", *holders)["already"]
    assert run(node, "copies", directory, added["added"][0], "--withdraw")["taken"] == added["added"]
    assert [copy["state"] for copy in run(node, "copies", directory, first)["copies"]] == [
        "anchored",
        "anchored",
        "withdrawn",
        "withdrawn",
    ]
    for wrong in (("--add", "0"), ("--add", "17"), ("--holder", "0x12"), ("--add", "1", "--withdraw"), ("--dry-run",)):
        done = CliRunner().invoke(cli, ["copies", directory, first, *wrong])
        assert done.exit_code == 2, (wrong, done.output)


def said(*arguments: str) -> str:
    """What a command prints for people."""
    done = CliRunner().invoke(cli, [*arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_commands_say_it_in_plain_words(node: Node) -> None:
    services, directory = node.services, str(node.directory)
    first = awarded(services, 2)[0]
    anchor_all(services)
    assert f"{first}  first copy: anchored\n" in said("copies", directory, first)
    assert "1 copy was added: 3 in all." in said(
        "copies", directory, first, "--add", "1", "--holder", "0x" + address(0, 3).hex()
    )
    listed = said("waiting", directory)
    assert "1 further copy of 1 of ledgers; issued" in listed and "line 2" not in listed
    (added,) = (copy.id for copy in copies_of(services.store, first) if copy.standing.value == "accepted")
    assert "from submission 2\n" in said("show", directory, added)
    assert "1 copy would be taken back." in said("copies", directory, first, "--withdraw", "--dry-run")
    assert "1 copy was taken back." in said("copies", directory, first, "--withdraw")
    services.suspend([first])
    assert "first copy: anchored; being suspended" in said("copies", directory, first)
    services.anchor()
    services.reinstate([first])
    services.anchor()
    assert "first copy: anchored; in force again\n" in said("copies", directory, first)
    assert "  in force again\n" in said("show", directory, first)
    services.revoke([first])
    services.anchor()
    assert "first copy: anchored; revoked\n" in said("copies", directory, first)
    erase_entry(services.store, first, services.now)
    assert said("copies", directory, first).count("; revoked; erased\n") == 2
    assert "from submission 1\n" in said("show", directory, first)


# --- whatever dies in between -----------------------------------------------------------------------


def a_day(services: Services) -> None:
    """Three copies, of which one is anchored, one sealed and one accepted when the credential is revoked."""
    services.add_templates(TEMPLATES)
    services.issue(bound_roster(1, 3), "r.csv", copies=3)
    services.seal()
    services.anchor()
    first = next(entry.id for entry in services.store.entries.sealed(0, 1))
    if not services.store.statuses.of(first):
        services.seal()
    services.revoke([first])
    services.anchor()


def revoked_all(services: Services) -> None:
    first = services.store.entries.sealed(0, 1)[0].id
    anchored = [copy for copy in award(services, first) if copy.index is not None]
    assert services.status_map().revoked[0] == (1 << len(anchored)) - 1
    assert not any(copy.live for copy in award(services, first))
    assert services.seal() is None
    assert (services.fsck().findings, services.store.copies.due()) == ([], ())


class Dead(BaseException):
    """A process that ends here; its chain goes on."""


def test_stopped_at_any_durable_write_the_same_day_ends_with_all_copies_revoked(tmp_path: Path) -> None:
    passed: list[str] = []
    with opened(tmp_path / "whole", make_node(tmp_path / "whole"), passed.append) as services:
        a_day(services)
        places = [place for place, name in enumerate(passed) if name != "begin"]
        revoked_all(services)
    assert len(places) == 50
    # What comes before the first copy is final is the same without copies (test_crash).
    for place in places[-22:]:
        directory = tmp_path / str(place)
        chain = make_node(directory)
        left = place

        def die(_: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Dead

        with pytest.raises(Dead), opened(directory, chain, die) as dying:
            a_day(dying)
        with opened(directory, chain) as services:
            a_day(services)
            revoked_all(services)
