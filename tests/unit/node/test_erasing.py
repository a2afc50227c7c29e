"""Erasure: nothing of the learner is left in any file of the node, and everything else stays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

import rootseal
from node.cli.keeping import erase
from node.erasing import erase_entry
from node.store import Entry, EntryState
from node.store.requests import AnsweredRequest
from rootseal.errors import ConflictError, InputError
from rootseal.files import CredentialFile
from tests.unit.node.conftest import Node
from tests.unit.node.console import Officer, words
from tests.unit.node.nodes import HEADER, START, roster

NAME, FAMILY, NUMBER, MAIL = "Zdenka", "Šestanović", "77445566", "zdenka.sestanovic@learner.example"
HOLDER = "0x" + "5b" * 20
LIST = f"{HEADER}{NUMBER},{NAME},{FAMILY},{MAIL},ledgers,2026-10-01,,{HOLDER}\n".encode()


def issued(node: Node, *, others: int = 30, seal: bool = True) -> Entry:
    """The learner's entry among others, before and after."""
    node.services.issue(roster(others), "a.csv")
    made = node.services.issue(LIST, "b.csv").issued[0].id
    node.services.issue(roster(others, first=500), "c.csv")
    if seal:
        node.services.seal()
        node.services.anchor()
    return node.services.entry(made)


def raw(directory: Path) -> bytes:
    """Everything that lies in the node's directory."""
    return b"\n".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


def traces(entry: Entry, data: bytes) -> list[str]:
    document = json.loads(entry.document)
    texts = {"name": NAME, "family": FAMILY, "number": NUMBER, "mail": MAIL, "holder text": HOLDER[2:]}
    wanted = {label: text.encode() for label, text in texts.items()} | {
        "seed": entry.seed,
        "holder": entry.subject.holder,
        "row digest": entry.row_digest,
        "credit id": entry.subject.credit_id,
        "document": json.dumps(document["credentialSubject"]["identifier"], ensure_ascii=False)[:40].encode(),
    }
    return [label for label, text in wanted.items() if text in data]


def test_nothing_is_left_in_rows_wal_and_free_pages(node: Node) -> None:
    entry = issued(node)
    assert {"name", "number", "mail", "seed", "holder", "row digest", "credit id"} <= set(
        traces(entry, raw(node.directory))
    )
    answer = json.dumps({"id": entry.id, "holder": HOLDER}).encode()
    stored = AnsweredRequest(b"n" * 32, b"f" * 32, 201, answer, START)  # as of a credential issued anew over HTTP
    node.services.store.requests.add(stored)
    outcome = erase_entry(node.services.store, entry.id, START + 9)
    assert node.services.store.requests.get(stored.name) is None
    assert (outcome.already, outcome.copies, outcome.backup) == (False, (), None)
    assert traces(entry, raw(node.directory)) == []
    node.services.close()
    assert traces(entry, raw(node.directory)) == []


def test_the_log_stays_whole_and_fsck_says_erased(node: Node) -> None:
    entry = issued(node)
    before = node.services.entries(0, 61)
    erase_entry(node.services.store, entry.id, START)
    services = node.reopened()
    assert services.entries(0, 61) == before
    report = services.fsck()
    assert (report.findings, report.erased, report.entries) == ([], 1, 61)
    found = services.entry(entry.id)
    assert (found.commitment, found.index, found.state) == (entry.commitment, entry.index, EntryState.SEALED)
    services.issue(roster(3, first=900), "d.csv")
    services.seal()
    assert services.anchor().reached


def test_the_learners_own_file_verifies_as_before(node: Node) -> None:
    entry = issued(node)
    file = node.services.credential_file(entry.id)
    erase_entry(node.services.store, entry.id, START)
    verdict = rootseal.verify(file, now=START).credentials[0]
    assert [c.outcome for c in verdict.checks[:3]] == ["pass", "pass", "pass"]
    proof = node.services.proof(entry.commitment)
    assert proof is not None
    assert proof.proofs == CredentialFile.from_bytes(file).proofs


def test_an_erased_credential_can_still_be_revoked(node: Node) -> None:
    entry = issued(node)
    erase_entry(node.services.store, entry.id, START)
    assert node.services.revoke([entry.id]).requested == (entry.id,)
    assert node.services.anchor().reached
    assert entry.index is not None
    assert node.services.status_map().revoked[entry.index >> 8] >> (entry.index & 255) & 1
    assert node.services.fsck().findings == []


def test_it_is_handed_out_no_more_and_old_files_are_named(node: Node, tmp_path: Path) -> None:
    entry = issued(node, others=2)
    node.services.export(None, tmp_path / "out")
    erase_entry(node.services.store, entry.id, START)
    with pytest.raises(InputError, match="was erased"):
        node.services.credential_file(entry.id)
    outcome = node.services.update(tmp_path / "out")
    assert outcome.unknown == (f"{entry.uuid}.credential.json",)
    assert MAIL not in (tmp_path / "out" / "manifest.csv").read_text()
    assert node.services.export(None, tmp_path / "new").written == 4


def test_twice_is_once_and_two_erased_ones_do_not_clash(node: Node) -> None:
    entry = issued(node)
    other = next(e for e in node.services.store.entries.sealed(0, 61) if e.id != entry.id)
    assert not erase_entry(node.services.store, entry.id, START).already
    again = erase_entry(node.services.store, entry.uuid, START + 5)
    assert (again.already, again.erased_at) == (True, START)
    erase_entry(node.services.store, other.id, START)
    assert [act.act for act in node.services.store.acts.all()].count("erase") == 2
    assert node.services.fsck().erased == 2


def test_an_accepted_one_is_withdrawn_first(node: Node) -> None:
    entry = issued(node, seal=False)
    with pytest.raises(ConflictError, match="withdraw it first"):
        erase_entry(node.services.store, entry.id, START)
    node.services.withdraw(entry.id)
    erase_entry(node.services.store, entry.id, START)
    assert traces(entry, raw(node.directory)) == []
    assert node.services.fsck().findings == []


@pytest.mark.parametrize("sealed", [True, False])
def test_only_what_was_sealed_keeps_a_place_in_the_log(
    node: Node, capsys: pytest.CaptureFixture[str], app: Flask, token: Callable[..., str], sealed: bool
) -> None:
    entry = issued(node, others=2, seal=sealed)
    if not sealed:
        node.services.withdraw(entry.id)
    for flags in (["--dry-run"], []):
        assert not erase(args=[str(node.directory), entry.id, *flags], standalone_mode=False)
        said = capsys.readouterr().out
        assert "Kept: its id, commitment, key of the micro-credential, states and their times" in said
        assert ("and its place in the log, for ever" in said) is sealed
        assert ("withdrawn before it was sealed: it has no place in the log" in said) is not sealed
    page = words(Officer(app, token()).get(f"/credentials/{entry.id.removeprefix('urn:uuid:')}"))
    assert "nothing about its learner is left here" in page
    assert ("Its place in the log stays for ever" in page) is sealed
    assert ("withdrawn before it was sealed, so that it has no place in the log" in page) is not sealed


def test_what_is_kept_is_what_help_api_and_handbook_say(node: Node) -> None:
    entry = issued(node, others=2)
    erase_entry(node.services.store, entry.id, START)
    row = node.services.entry(entry.id)
    kept = ("id", "number", "commitment", "micro_credential", "state", "index", "accepted_at")
    assert all(getattr(row, name) == getattr(entry, name) for name in kept)
    gone = ("document", "seed", "email", "learner", "subject", "awarded_on", "row_digest")
    assert all(getattr(row, name) != getattr(entry, name) for name in gone)
    spec = Path(__file__).parents[3] / "docs"
    openapi = json.loads((spec / "spec" / "openapi.json").read_bytes())
    told = (
        str(erase.help),
        openapi["paths"]["/v1/credentials/{id}/erasure"]["post"]["description"],
        (spec / "operating.md").read_text(encoding="utf-8"),
    )
    for text in (" ".join(one.split()) for one in told):
        assert "seed, e-mail, learner id, holder, credits, day of award and written reasons" in text
        assert "d, commitment, key of the micro-credential, states and their times" in text
        assert "also keeps its place in the log, for ever" in text
        assert "What was withdrawn before it was sealed has no place there" in text


def test_the_dry_run_changes_nothing(node: Node) -> None:
    entry = issued(node)
    erase_entry(node.services.store, entry.id, START, dry_run=True)
    assert node.services.entry(entry.id) == entry
    assert node.services.store.erasures.all() == {}


def test_copies_from_before_an_upgrade_are_named(node: Node, capsys: pytest.CaptureFixture[str]) -> None:
    entry = issued(node)
    copy = node.directory / "node.sqlite.schema-1"
    copy.write_bytes(b"an older copy")
    assert erase(args=[str(node.directory), entry.id, "--json"], standalone_mode=False) == 1
    assert json.loads(capsys.readouterr().out)["copies"] == [str(copy)]
    copy.unlink()
    assert not erase(args=[str(node.directory), entry.id], standalone_mode=False)
    assert "scrubbed again" in capsys.readouterr().out


def test_what_came_back_is_found_and_erased_again(node: Node) -> None:
    entry = issued(node)
    erase_entry(node.services.store, entry.id, START)
    node.services.store._database.change("UPDATE entries SET document = ? WHERE id = ?", (entry.document, entry.id))
    assert [finding.code for finding in node.services.fsck().findings] == ["entry.erased"]
    erase_entry(node.services.store, entry.id, START)
    assert node.services.fsck().findings == []
