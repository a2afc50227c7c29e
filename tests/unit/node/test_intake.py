"""The intake: what was acknowledged is there for everybody who looks, is made once, and outlives any end."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from dataclasses import replace

import pytest

from node.access import Access, Role
from node.services import Services
from node.store import EntryState, Store
from node.store.accepts import Accept
from node.store.act_chain import FIRST, act_hash
from node.web import idempotency
from rootseal.credential import urn_uuid
from tests.support.api_caller import Caller, ServedClient, refused
from tests.support.program import Program
from tests.unit.node.conftest import Node
from tests.unit.node.intakes import Killed, dying, standing, take_in
from tests.unit.node.nodes import roster


@pytest.fixture
def petra(node: Node) -> Caller:
    access = Access(node.services.store, node.clock)
    token = access.add("Petra", [Role.ISSUE, Role.READ, Role.REVOKE]).text
    access.authenticate(token)
    return Caller(ServedClient(node.services), token)


@pytest.mark.usefixtures("never")
def test_it_is_counted_as_accepted_and_is_due(node: Node, petra: Caller) -> None:
    take_in(petra, 3)
    store, now = node.services.store, node.services.now
    assert standing(node) == (3, 0)
    assert store.entries.counts()[EntryState.ACCEPTED] == 3
    assert store.entries.oldest_waiting() == now
    assert store.entries.due(now) and not store.entries.due(now - 1)
    assert not store.entries.due(now, approved=True)
    node.services.settle()
    assert standing(node) == (0, 3)
    assert store.entries.oldest_waiting() == now and store.entries.due(now) and not store.entries.due(now - 1)


@pytest.mark.usefixtures("never")
@pytest.mark.parametrize("look", ["credential", "credentials", "seal", "open"])
def test_whoever_looks_finds_the_intake_empty(node: Node, petra: Caller, look: str) -> None:
    ids = take_in(petra, 3)
    assert standing(node) == (3, 0)
    if look == "credential":
        assert petra.read(f"/credentials/{ids[2]}")["id"] == ids[2]
    elif look == "credentials":
        assert {row["id"] for row in petra.read("/credentials")["items"]} == set(ids)
    elif look == "seal":
        point = node.services.seal()
        assert point is not None and point.size == 3
    else:
        assert {node.reopened().entry(one).id for one in ids} == set(ids)
    assert standing(node) == (0, 3)


@pytest.mark.usefixtures("never")
def test_a_stranger_s_question_makes_nothing(node: Node, petra: Caller) -> None:
    take_in(petra, 1)
    assert petra.client.get("/v1/status").status_code == 200
    assert petra.client.get("/v1/credentials").status_code == 401
    assert petra.client.get("/console/sign-in").status_code == 200
    assert petra.client.get("/console/credentials").status_code == 303
    assert petra.client.get("/v1/credentials", headers={"Authorization": "Bearer x"}).status_code == 401
    assert standing(node) == (1, 0)


def test_when_it_is_quiet_they_are_made(node: Node, petra: Caller) -> None:
    take_in(petra, 40)
    until = time.monotonic() + 20
    while node.services.store.accepts.waiting() and time.monotonic() < until:
        time.sleep(0.05)
    assert standing(node) == (0, 40)


def test_what_nobody_foresaw_does_not_end_the_writer(
    node: Node, petra: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = threading.Event()

    def work_out(most: int) -> int:
        failed.set()
        raise TypeError("Ada Lovelace")

    monkeypatch.setattr(node.services.intake, "work_out", work_out)
    (made,) = take_in(petra, 1)
    assert failed.wait(20)
    take_in(petra, 1, first=1)
    monkeypatch.undo()
    assert petra.read(f"/credentials/{made}")["id"] == made
    told = capsys.readouterr().err
    assert '"event": "intake", "error": "TypeError"' in told and "Lovelace" not in told


@pytest.mark.usefixtures("never")
def test_it_does_not_grow_without_bound(node: Node, petra: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "_MOST_WAITING", 3)
    ids = take_in(petra, 9)
    assert 2 <= node.services.store.accepts.waiting() <= 3
    node.services.settle()
    assert {node.services.entry(one).id for one in ids} == set(ids)
    assert [entry.id for entry in node.services.store.entries.numbered(0, 9)] == ids, "in their order"


@pytest.mark.usefixtures("never")
def test_a_repetition_is_answered_as_before(node: Node, petra: Caller) -> None:
    first = petra.issue("k")
    again = petra.issue("k")
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    take_in(petra, 1)
    assert refused(petra.issue("take-0", learner_id="08"), 422)["code"] == "request.key_reused"
    take_in(petra, 1, first=1)
    same = petra.issue("other", learner_id="071")
    assert same.status_code == 200 and (same.json or {})["already"] is True
    assert standing(node) == (0, 3)


@pytest.mark.usefixtures("never")
def test_of_a_group_only_what_is_plain_is_taken_in(node: Node, petra: Caller) -> None:
    store = node.services.store
    take_in(petra, 2)
    (_, known), (_, revoked) = store.accepts.oldest(2)
    node.services.settle()
    node.services.seal()
    with store.writing() as utils:
        utils.execute("UPDATE entries SET live = 0 WHERE id = ?", (revoked.entry,))
    token, versions = store.tokens.get(known.token), store.templates.count()
    assert token is not None
    fresh = [
        known._replace(name=bytes([i]) * 32, entry=urn_uuid(bytes(16), i), learner=f"{i}", row_digest=bytes([i]) * 32)
        for i in range(1, 8)
    ]
    group = {
        "good": Accept(fresh[0], token, versions),
        "the same award": Accept(fresh[1]._replace(learner=fresh[0].learner), token, versions),
        "the same request": Accept(fresh[2]._replace(name=fresh[0].name), token, versions),
        "a request of before": Accept(fresh[3]._replace(name=known.name), token, versions),
        "an award of before": Accept(fresh[3]._replace(learner=known.learner), token, versions),
        "a revoked row": Accept(fresh[3]._replace(row_digest=revoked.row_digest), token, versions),
        "an older template": Accept(fresh[4], token, versions - 1),
        "another token": Accept(fresh[5], replace(token, person="Paul"), versions),
        "good, too": Accept(fresh[6], token, versions),
    }
    with store.writing():
        taken = store.accepts.take(list(group.values()), node.services.now)
    assert [name for name, good in zip(group, taken, strict=True) if good] == ["good", "good, too"]
    assert [one.entry for _, one in store.accepts.oldest(9)] == [fresh[0].entry, fresh[6].entry]


@pytest.mark.usefixtures("never")
def test_one_name_for_two_awards_in_two_processes_stops_nothing(node: Node, petra: Caller) -> None:
    """No node has two of them; were there two, what both acknowledged would be made."""
    store = node.services.store
    take_in(petra, 1)
    (_, taken) = store.accepts.oldest(1)[0]
    token = store.tokens.get(taken.token)
    assert token is not None
    other = Store.open(store.path)
    award = taken.award.replace(taken.learner, "another")
    twin = taken._replace(entry=urn_uuid(bytes(16), 1), learner="another", award=award, row_digest=bytes(32))
    other.accepts._names = set()  # as it was before the first one came
    with other.writing():
        assert other.accepts.take([Accept(twin, token, store.templates.count())], node.services.now) == [True]
    other.close()
    node.services.settle()
    assert [entry.id for entry in store.entries.numbered(0, 9)] == [taken.entry, twin.entry]
    kept = store.requests.get(taken.name)
    assert kept is not None and kept.body == taken.body


@pytest.mark.usefixtures("never")
def test_status_answers_while_they_cannot_be_made(
    node: Node, petra: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    take_in(petra, 2)
    monkeypatch.setattr("node.store.database.BUSY_SECONDS", 0.05)
    writing = sqlite3.connect(node.services.store.path, isolation_level=None)
    writing.execute("BEGIN IMMEDIATE")
    try:
        found = Program(capsys)("node", "status", node.directory, "--json")
    finally:
        writing.close()
    assert json.loads(found.out)["accepted"] == 2
    assert "Kept, and still to be made into credentials: 2 acknowledged awards." in found.err
    assert "another process has been writing" in found.err


@pytest.mark.usefixtures("never")
@pytest.mark.parametrize("act", ["list", "correction"])
def test_another_process_s_list_knows_what_was_taken_in(node: Node, petra: Caller, act: str) -> None:
    (old,) = node.services.issue(roster(1, first=5), "old.csv").issued
    with Services.open(node.directory, chain=node.chain, clock=node.clock) as other:
        learner = roster(1, first=1).decode().splitlines()[1].split(",")[0]
        answer = petra.issue("k", learner_id=learner, awarded_on=_date_of(roster(1, first=1)))
        assert answer.status_code == 201
        assert node.services.store.accepts.waiting() == 1
        if act == "list":
            outcome = other.issue(roster(1, first=1), "r.csv")
            assert outcome.issued == () and len(outcome.refused) == 1
            assert (answer.json or {})["id"] in outcome.refused[0].reason
        else:
            outcome = other.issue(roster(1, first=1), "r.csv", supersedes=old.id)
            assert outcome.issued == ()
    assert standing(node) == (0, 2)


@pytest.mark.usefixtures("never")
def test_it_is_made_with_the_template_it_was_judged_by(node: Node, petra: Caller) -> None:
    (entry,) = take_in(petra, 1)
    title = node.services.templates()["ledgers"].title
    changed = {**node.services.templates()["ledgers"].to_json(), "title": "Ledgers anew"}
    other = type(node.services.templates()["ledgers"]).from_json(changed, "ledgers")
    node.services.add_templates({"ledgers": other})
    assert node.services.store.accepts.waiting() == 1
    node.services.settle()
    assert json.loads(node.services.entry(entry).document)["name"] == title


@pytest.mark.usefixtures("never")
def test_what_is_kept_gives_the_credential_that_a_list_would_give(node: Node, petra: Caller) -> None:
    holder = "0x" + "5b" * 20
    answer = petra.issue("k", learner_id="0042", given_name=None, family_name="Čeh", grade="", holder=holder)
    assert answer.status_code == 201, answer.text
    node.services.settle()
    entry = node.services.entry((answer.json or {})["id"])
    assert entry.subject.holder == bytes.fromhex(holder[2:]) and entry.subject.credits == 250
    named = json.loads(entry.document)["credentialSubject"]["identifier"]
    assert [one["identityHash"] for one in named] == ["Čeh", "0042"]
    assert node.services.seal() is not None
    assert node.services.fsck(offline=True).findings == []


@pytest.mark.usefixtures("never")
@pytest.mark.parametrize("at", ["begin", "commit", "committed"])
@pytest.mark.parametrize("after", [0, 1])
def test_killed_while_they_are_made(
    node: Node, petra: Caller, at: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.intake.Intake.work_out.__defaults__", (2,))
    ids = take_in(petra, 5)
    dead = Store.open(node.services.store.path, dying(at, after))
    services = Services(node.directory, node.services.config, dead, chain=node.chain, clock=node.clock)
    with pytest.raises(Killed):
        services.settle()
    services.close()
    reopened = node.reopened()
    assert standing(node) == (0, 5)
    assert [entry.id for entry in reopened.store.entries.numbered(0, 9)] == ids
    head = FIRST
    for act in reopened.store.acts.all():
        head = act_hash(head, act.at, act.act, act.subject, act.detail)
        assert act.hash == head
    assert reopened.fsck(offline=True).findings == []
    again = petra.issue("take-4", learner_id="074")
    assert (again.json or {})["id"] == ids[4] and again.headers["Idempotent-Replayed"] == "true"


def _date_of(data: bytes) -> str:
    head, row = (line.split(",") for line in data.decode().splitlines()[:2])
    return row[head.index("awarded_on")]
