"""The office over HTTP: issued anew, a reason in writing, and erasure that somebody really meant."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

import rootseal
from node.access import Access, Role
from node.store import EntryState
from rootseal.reason import Reason
from tests.support.api_caller import AWARD, Caller, refused
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster

HOLDER = "0x" + "5b" * 20
DESK = {"holder": HOLDER, "checkedBy": "M. Novak", "how": "passport at the desk"}


def anchored(node: Node) -> None:
    node.services.seal()
    node.services.anchor()


def issued(petra: Caller, **award: str) -> str:
    found: str = petra.issue(**award).get_json()["id"]
    return found


# --- issued anew ---------------------------------------------------------------------------------------


def test_issued_anew_to_another_key_once(node: Node, petra: Caller) -> None:
    old = issued(petra)
    anchored(node)
    path = f"/credentials/{old}/reissues"
    tried = petra("POST", f"{path}?dry_run=true", json=DESK).get_json()
    assert (tried["dryRun"], tried["new"]) == (True, None)
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0
    made = petra("POST", path, json=DESK, headers=petra.key("k"))
    assert made.status_code == 201
    again = petra("POST", path, json=DESK, headers=petra.key("k"))
    assert (again.data, again.headers["Idempotent-Replayed"]) == (made.data, "true")
    report = made.get_json()
    assert petra("POST", path, json=DESK).get_json() == {**report, "already": True}
    assert petra.read(f"/credentials/{report['new']}")["supersedes"] == old
    assert node.services.entry(report["new"]).subject.holder == bytes.fromhex(HOLDER[2:])
    check = node.services.store.identity_checks.of(report["new"])
    assert check is not None and check.checked_by == "M. Novak"
    act = next(act for act in node.services.store.acts.all() if act.act == "reissue")
    assert "Novak" not in act.detail and '"Petra"' in act.detail


def test_what_is_wrong_at_the_desk_is_named(node: Node, petra: Caller, person: Callable[..., Caller]) -> None:
    old = issued(petra)
    anchored(node)
    path = f"/credentials/{old}/reissues"
    for body in ({**DESK, "holder": "0x1"}, {**DESK, "how": ""}, {"holder": HOLDER}, {**DESK, "checked by": "x"}):
        refused(petra("POST", path, json=body), 400)
    for where, body in (("checkedBy", {**DESK, "checkedBy": "\n"}), ("holder", {**DESK, "holder": "0x" + "0" * 40})):
        assert refused(petra("POST", path, json=body), 422)["errors"][0]["where"] == where
    refused(person(Role.READ, Role.REVOKE)("POST", path, json=DESK), 403)
    petra("POST", "/status-changes", json={"act": "revoke", "ids": [old]})
    refused(petra("POST", path, json=DESK), 409)


# --- why -------------------------------------------------------------------------------------------------


def test_a_note_becomes_a_signed_reason_for_the_holder(node: Node, petra: Caller) -> None:
    one, two = issued(petra), issued(petra, learner_id="2")
    anchored(node)
    path = f"/credentials/{one}/reasons"
    assert refused(petra("POST", path), 409)["code"] == "reason.none"
    why = "Examination board, 3 October: thesis withdrawn"
    petra("POST", "/status-changes", json={"act": "revoke", "ids": [one], "note": why})
    made = petra("POST", path)
    reason = Reason.from_bytes(made.data)
    assert (reason.act, reason.reason, reason.commitment) == ("revoke", why, node.services.entry(one).commitment)
    assert reason.key == node.services.connection.signer.address
    refused(petra("POST", "/status-changes", json={"act": "reinstate", "ids": [two], "note": why}), 422)
    refused(petra("POST", "/status-changes", json={"act": "suspend", "ids": [two], "note": "a\nb"}), 422)
    assert petra.read(f"/credentials/{two}")["status"] == "valid"  # the act went with its note
    assert all(why not in act.detail for act in node.services.store.acts.all())


# --- erasing ----------------------------------------------------------------------------------------------


def test_erasing_wants_the_whole_id_and_a_token_for_all(
    node: Node, petra: Caller, person: Callable[..., Caller]
) -> None:
    access = Access(node.services.store, node.clock)
    access.set_department("ledgers", "library")
    entry = issued(petra)
    path, body = f"/credentials/{entry}/erasure", {"confirm": entry}
    refused(petra("POST", path, json=body), 409)  # accepted: it is withdrawn first
    anchored(node)
    for who in (person(departments=("library",)), person(Role.ISSUE, Role.READ)):
        refused(who("POST", path, json=body), 403)
    for confirm in (entry[-36:], "", "yes", entry.upper()):
        assert refused(petra("POST", path, json={"confirm": confirm}), 422)["code"] == "erase.not_confirmed"
    refused(petra("POST", path, json={}), 400)
    tried = petra("POST", f"{path}?dry_run=true", json=body).get_json()
    assert (tried["dryRun"], tried["erasedAt"]) == (True, None)
    assert node.services.entry(entry).document


def test_nothing_of_the_learner_is_left_in_the_node(node: Node, petra: Caller) -> None:
    petra.upload(roster(20))
    entry = issued(petra)
    anchored(node)
    petra("POST", "/status-changes", json={"act": "suspend", "ids": [entry], "note": "unpaid fees of Kovač"})
    kept = node.services.entry(entry)
    done = petra("POST", f"/credentials/{entry}/erasure", json={"confirm": entry}).get_json()
    assert (done["already"], done["databaseCopies"], done["erasedAt"]) == (False, 0, int(node.clock.now))
    held = b"".join(file.read_bytes() for file in sorted(node.directory.rglob("*")) if file.is_file())
    for text in (AWARD["learner_id"], AWARD["email"], "unpaid fees", kept.seed):
        assert (text if isinstance(text, bytes) else text.encode()) not in held
    again = petra("POST", f"/credentials/{entry}/erasure", json={"confirm": entry}).get_json()
    assert again == {**done, "already": True}
    assert petra.read(f"/credentials/{entry}")["index"] == kept.index
    assert petra.read(f"/credentials/{entry}/delivery")["learnerId"] == ""
    assert refused(petra("GET", f"/credentials/{entry}/file"), 410)["code"] == "credential.erased"
    assert petra.read("/fsck?offline=true")["clean"]
    act = next(act for act in node.services.store.acts.all() if act.act == "erase")
    assert '"Petra"' in act.detail


def test_old_pages_that_are_still_read_are_said(node: Node, petra: Caller) -> None:
    entry = issued(petra)
    anchored(node)
    reader = sqlite3.connect(node.services.store.path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM entries").fetchone()
    node.services.store._database.utils.conn.execute("PRAGMA busy_timeout = 100")
    answer = petra("POST", f"/credentials/{entry}/erasure", json={"confirm": entry})
    assert refused(answer, 503)["code"] == "erase.busy"
    assert answer.headers["Retry-After"] == "5"
    reader.close()
    assert petra("POST", f"/credentials/{entry}/erasure", json={"confirm": entry}).get_json()["already"]


# --- credits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/credit-claims", "/credit-redemptions"])
def test_credits_need_a_contract_a_consent_and_a_token_for_all(
    petra: Caller, person: Callable[..., Caller], path: str
) -> None:
    header = {"Content-Type": "application/json"}
    answer = petra("POST", path, data=b"{}", headers=header)
    if path == "/credit-redemptions":  # the file is read first
        refused(answer, 422)
    else:
        assert "credits_contract" in refused(answer, 409)["detail"]
    refused(petra("GET", "/credit-acts"), 409)
    refused(person(departments=("library",))("POST", path, data=b"{}", headers=header), 403)
    refused(petra("POST", path, data=b"x" * 70_000, headers=header), 413)
    refused(petra("POST", path, data=b"x", headers={"Content-Type": "text/plain"}), 415)


def test_the_node_says_what_its_command_says(node: Node, petra: Caller) -> None:
    """`GET /v1/node` and `node status --json` are one format: the members of the schema, and no other."""
    schema = json.loads((Path(rootseal.__file__).parents[1] / "docs/spec/schemas/node-status.schema.json").read_bytes())
    node.services.issue(roster(2), "a.csv", copies=3)
    value = petra.read("/node")
    assert set(value) == set(schema["required"]) == set(schema["properties"])
    assert (value["accepted"], value["copiesWaiting"]) == (6, 4)
