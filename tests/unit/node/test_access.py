"""Tokens: shown once, hashed at rest, worth nothing once revoked or expired; roles and departments."""

from __future__ import annotations

import json
import logging
import sqlite3
from pathlib import Path

import pytest

from node.access import Access, AccessDenied, Principal, Role, acting_as, read_token_file
from node.principal import acting_on_command_line, folded
from node.store import STORE_NAME
from rootseal.errors import ConfigError, InputError
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import START, roster


@pytest.fixture
def access(node: Node) -> Access:
    return Access(node.services.store, node.clock)


def person(access: Access, name: str, *roles: Role, departments: tuple[str, ...] = ()) -> Principal:
    found = access.authenticate(access.add(name, roles, departments).text)
    assert found is not None
    return found


def test_a_token_names_its_person_and_what_the_person_may(access: Access) -> None:
    made = access.add("Ada Byron", [Role.ISSUE, Role.READ], ["Library"])
    found = access.authenticate(made.text)
    assert found == Principal(made.id, "Ada Byron", frozenset({Role.ISSUE, Role.READ}), frozenset({"library"}))
    assert found.may(Role.ISSUE)
    assert not found.may(Role.APPROVE)
    assert found.covers("library")
    assert not found.covers("chemistry")
    assert not found.covers(None)
    assert access.principal(made.id) == found


def test_a_token_without_departments_is_for_all(access: Access) -> None:
    found = person(access, "Ada", Role.READ)
    assert found.covers(None)
    assert found.covers("library")


@pytest.mark.parametrize("change", ["last", "first", "id", "empty", "case", "space", "long", "other alphabet"])
def test_what_is_not_exactly_the_token_is_nobody(access: Access, change: str) -> None:
    text = access.add("Ada", [Role.READ]).text
    last, first = ("A" if text[-1] != "A" else "B"), ("A" if text[15] != "A" else "B")
    wrong = {
        "last": text[:-1] + last,
        "first": text[:15] + first + text[16:],
        "id": text.replace(text[4:14], "0" * 10),
        "empty": "",
        "case": text.swapcase(),
        "space": text + "\n",
        "long": text + "A",
        "other alphabet": text[:-1] + "é",
    }[change]
    assert wrong != text
    assert access.authenticate(wrong) is None
    assert access.authenticate(text) is not None


def test_revoked_is_nobody_in_running_sessions_too(access: Access) -> None:
    made = access.add("Ada", [Role.READ])
    other = access.add("Ada", [Role.READ])
    assert access.revoke(made.text).revoked_at == START, "who finds a token may give it whole"
    assert access.revoke(made.id).revoked_at == START
    assert access.authenticate(made.text) is None
    assert access.principal(made.id) is None
    assert access.authenticate(other.text) is not None
    with pytest.raises(InputError, match="is no token here"):
        access.revoke("0000000000")


def test_an_expired_token_is_nobody_from_that_second_on(node: Node, access: Access) -> None:
    made = access.add("Ada", [Role.READ], expires_at=START + 100)
    node.clock.now = START + 99
    assert access.authenticate(made.text) is not None
    node.clock.now = START + 100
    assert access.authenticate(made.text) is None
    assert access.principal(made.id) is None
    with pytest.raises(InputError, match="has passed already"):
        access.add("Ada", [Role.READ], expires_at=START + 100)


@pytest.mark.parametrize("name", ["", "  ", "A\nB", "x" * 101, "\x1b[31m"])
def test_a_name_that_cannot_be_shown_is_refused(access: Access, name: str) -> None:
    with pytest.raises(InputError, match="--person"):
        access.add(name, [Role.READ])
    with pytest.raises(InputError, match="--department"):
        access.add("Ada", [Role.READ], [name])
    assert access.list() == ()


def test_no_role_is_refused(access: Access) -> None:
    with pytest.raises(InputError, match="at least one of"):
        access.add("Ada", [])


def test_only_the_hash_is_kept_and_nothing_is_logged(
    node: Node, access: Access, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = access.add("Ada", [Role.READ])
    access.authenticate(made.text)
    secret = made.text.rpartition(made.id)[2][1:]
    assert len(secret) == 43
    for path in node.directory.iterdir():
        assert secret.encode() not in path.read_bytes(), path
    assert secret not in repr(made)
    assert secret not in caplog.text
    assert secret not in repr(access.list())


def test_the_day_of_use_is_kept_and_written_once_a_day(node: Node, access: Access) -> None:
    made = access.add("Ada", [Role.READ])
    assert access.list()[0].used_on is None
    access.authenticate(made.text)
    assert access.list()[0].used_on == "2026-10-03"
    before = sqlite3.connect(node.directory / STORE_NAME)
    version = before.execute("PRAGMA data_version").fetchone()
    access.authenticate(made.text)
    assert before.execute("PRAGMA data_version").fetchone() == version, "no second write on the same day"
    before.close()
    node.clock.now += 86_400
    access.authenticate(made.text)
    assert access.list()[0].used_on == "2026-10-04"


def test_the_audit_log_says_who(node: Node, access: Access) -> None:
    ada = person(access, "Ada", Role.ISSUE)
    with acting_as(ada):
        node.services.issue(roster(1), "r.csv")
    with acting_on_command_line():
        node.services.issue(roster(1, first=1), "r.csv")
    node.services.seal()
    by = [(act.act, json.loads(act.detail).get("by")) for act in node.services.store.acts.all()]
    assert by == [
        ("template-add", None),
        ("token-add", None),
        ("issue", {"person": "Ada", "token": ada.token_id}),
        ("issue", "command line"),
        ("seal", None),
    ]


def test_what_the_role_does_not_allow_is_refused_wherever_it_is_asked(node: Node, access: Access) -> None:
    reader = person(access, "Rita", Role.READ)
    entry = node.services.issue(roster(1), "r.csv").issued[0].id
    with acting_as(reader):
        for act in (node.services.revoke, node.services.suspend, node.services.reinstate):
            with pytest.raises(AccessDenied, match="may not revoke"):
                act([entry])
        with pytest.raises(AccessDenied, match="may not issue"):
            node.services.withdraw(entry)
        with pytest.raises(AccessDenied, match="may not issue"):
            node.services.issue(roster(1, first=1), "r.csv")
    assert len(node.services.store.entries.numbered(0, 10)) == 1


def test_a_department_issues_only_its_own_templates(node: Node, access: Access) -> None:
    assert access.set_department("ledgers", " Business  SCHOOL ") == "business school"
    ada = person(access, "Ada", Role.ISSUE, Role.REVOKE, departments=("Business School",))
    both = roster(1) + roster(1, template="endnote").partition(b"\n")[2]
    with acting_as(ada):
        outcome = node.services.issue(both, "r.csv")
        assert [row.micro_credential for row in outcome.issued] == ["ledgers"]
        assert "endnote is not of your department: your token issues for business school only" in str(outcome.refused)
        node.services.withdraw(outcome.issued[0].id)
    foreign = node.services.issue(roster(1, template="endnote"), "r.csv").issued[0].id
    with acting_as(ada):
        for act in (node.services.withdraw, lambda entry: node.services.revoke([entry])):
            with pytest.raises(AccessDenied, match="is not of your department"):
                act(foreign)
        with pytest.raises(AccessDenied, match="is not of your department"):
            node.services.issue(roster(1), "r.csv", supersedes=foreign)
    entry = node.services.entry(foreign)
    assert not access.may_see(ada, entry)
    assert access.may_see(person(access, "Lin", Role.READ), entry)
    access.set_department("endnote", "business school")
    assert access.may_see(ada, entry), "the department is the template's, now"
    access.set_department("endnote", None)
    assert not access.may_see(ada, entry)
    with pytest.raises(InputError, match="is no micro-credential here"):
        access.set_department("nothing", "library")


def test_a_department_cannot_correct_into_another_department(node: Node, access: Access) -> None:
    access.set_department("ledgers", "library")
    ada = person(access, "Ada", Role.ISSUE, departments=("library",))
    own = node.services.issue(roster(1), "r.csv").issued[0].id
    with acting_as(ada), pytest.raises(AccessDenied, match="endnote is not of your department"):
        node.services.issue(roster(1, template="endnote"), "r.csv", supersedes=own)
    assert node.services.entry(own).live


def test_a_token_file_is_read_or_refused_with_a_sentence(access: Access, tmp_path: Path) -> None:
    made = access.add("Ada", [Role.READ])
    file = tmp_path / "ada.token"
    with pytest.raises(ConfigError, match="--token-file"):
        read_token_file(access, file)
    file.write_text(f"{made.text}\nanything\n")
    assert read_token_file(access, file).person == "Ada"
    access.revoke(made.id)
    with pytest.raises(AccessDenied, match="no token that is valid here"):
        read_token_file(access, file)


def test_one_person_however_it_is_written() -> None:
    assert folded("  ADA   Byron") == folded("Ada Byron") == folded("Ａda byron")
    assert folded("STRASSE") == folded("straße")
    for unseen in ("\ufe0f", "\u034f", "\u3164", "\U000e0101"):
        assert unseen.isprintable()
        assert folded(f"Ada{unseen} Byron{unseen}") == folded("Ada Byron")
    assert folded("Nova\u0301k") == folded("NOVÁK")
