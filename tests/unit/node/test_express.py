"""The short way of single awards: it stores what the ordinary route stores, and leaves to it whatever is not plain."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node.access import Access, Role
from node.app import create_app
from node.config import write_config
from node.store.act_chain import FIRST, act_hash
from node.store.group_commit import GroupCommit
from tests.support.api_caller import AWARD, Caller, ServedClient, refused
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import Clock, make_node, open_node


def caller(node: Node, *, express: bool = True, used: bool = True) -> Caller:
    """Petra's calls, on the short way or without it."""
    access = Access(node.services.store, node.clock)
    token = access.add("Petra", [Role.ISSUE, Role.READ]).text
    if used:
        access.authenticate(token)
    return Caller(ServedClient(node.services) if express else create_app(node.services).test_client(), token)


def taken(node: Node, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many awards each group stored from now on."""
    accepts, groups = node.services.store.accepts, []
    add = accepts.take

    def counted(*arguments: Any) -> list[bool]:
        stored = add(*arguments)
        groups.append(sum(stored))
        return stored

    monkeypatch.setattr(accepts, "take", counted)
    return groups


def rows(node: Node) -> dict[str, list[tuple[Any, ...]]]:
    """What an accept leaves behind, without what is drawn at random."""
    node.services.settle()
    database = sqlite3.connect(node.services.store.path)
    columns = "number, template, holder, credits, state, learner, micro_credential, awarded_on, live, row_digest, email"
    found = {"entries": database.execute(f"SELECT {columns}, line, accepted_at, submission FROM entries").fetchall()}
    found["submissions"] = database.execute("SELECT id, submitted_at, person, state FROM submissions").fetchall()
    found["lists"] = database.execute("SELECT * FROM lists").fetchall()
    found["requests"] = database.execute("SELECT status, length(body), at FROM requests").fetchall()
    acts = database.execute("SELECT at, act, subject, detail FROM acts WHERE act = 'issue'").fetchall()
    found["acts"] = [(*act, {**json.loads(detail), "by": json.loads(detail)["by"]["person"]}) for *act, detail in acts]
    database.close()
    return found


def test_it_stores_and_answers_what_the_ordinary_route_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for express in (True, False):
        directory, clock = tmp_path / str(express), Clock()
        chain = make_node(directory)
        node = Node(directory, chain, clock, open_node(directory, chain, clock))
        groups = taken(node, monkeypatch)
        petra = caller(node, express=express)
        answers = [petra.issue(f"k{i}", learner_id=f"00{i}") for i in range(3)]
        assert groups == ([1, 1, 1] if express else [])
        heads = [sorted((name.lower(), value) for name, value in answer.headers) for answer in answers]
        bodies = [{**(answer.json or {}), "id": ""} for answer in answers]
        found.append(([answer.status_code for answer in answers], bodies, heads, rows(node)))
        node.services.close()
    assert found[0] == found[1]
    assert len(found[0][3]["entries"]) == 3


def test_the_audit_log_stays_one_chain_over_a_group(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = taken(node, monkeypatch)
    petra = caller(node)
    petra.issue("first")
    threads = [threading.Thread(target=petra.issue, args=(f"k{i}",), kwargs={"learner_id": f"9{i}"}) for i in range(8)]
    with node.services.store.writing():  # the writer waits for the lock, and those who ask gather
        for thread in threads:
            thread.start()
        threading.Event().wait(0.5)
    for thread in threads:
        thread.join()
    assert sum(groups) == 9
    assert max(groups) > 1
    node.services.settle()
    head = FIRST
    for act in node.services.store.acts.all():
        head = act_hash(head, act.at, act.act, act.subject, act.detail)
        assert act.hash == head
    numbers = [row.first for row in node.services.store.lists.all()]
    assert numbers == list(range(1, 10))


def test_what_is_not_plain_is_answered_by_the_ordinary_route(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = taken(node, monkeypatch)
    petra = caller(node)
    first = petra.issue("k")
    again = petra.issue("k")
    assert again.data == first.data and again.headers["Idempotent-Replayed"] == "true"
    assert refused(petra.issue("k", family_name="Novak"), 422)["code"] == "request.key_reused"
    same = petra.issue("k2")
    assert same.status_code == 200 and same.json == {**(first.json or {}), "already": True}
    assert refused(petra.issue("k3", family_name="Novak"), 422)["code"] == "award.refused"
    refused(petra.issue("k4", awarded_on="tomorrow"), 422)
    refused(petra("POST", "/credentials", json={**AWARD, "x": 1}, headers=petra.key()), 400)
    refused(petra("POST", "/credentials", json=AWARD), 400)
    assert sum(groups) == 1


def test_a_token_revoked_after_it_was_let_in_stores_nothing(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    petra = caller(node)
    assert petra.issue("k").status_code == 201
    client: Any = petra.client
    accepting, access = client.front._express._accepting, Access(node.services.store, node.clock)
    judge_one = accepting.judge_one

    def late(award: Any, entry_id: str) -> Any:
        access.revoke(petra.token)
        return judge_one(award, entry_id)

    monkeypatch.setattr(accepting, "judge_one", late)
    refused(petra.issue("k2", learner_id="2"), 401)
    assert len(rows(node)["entries"]) == 1


def test_the_first_use_of_a_day_is_written_down_by_the_ordinary_route(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short way must not wait for the writers' lock: everybody else would wait with it."""
    groups = taken(node, monkeypatch)
    petra = caller(node, used=False)
    assert [petra.issue(f"k{i}", learner_id=f"{i}").status_code for i in range(3)] == [201] * 3
    assert groups == [1, 1]
    node.clock.now += 86_400
    assert petra.issue("next", learner_id="9").status_code == 201
    assert groups == [1, 1]


def test_a_new_version_of_a_template_is_used_at_once(node: Node) -> None:
    petra = caller(node)
    assert petra.issue("k").status_code == 201
    changed = {**node.services.templates()["ledgers"].to_json(), "title": "Ledgers anew"}
    assert petra("PUT", "/templates/ledgers", json=changed).status_code == 200
    for number in (2, 3):  # by the ordinary route, then the short way again
        entry_id = (petra.issue(f"k{number}", learner_id=f"{number}").json or {})["id"]
        node.services.settle()
        assert json.loads(node.services.store.entries.get(entry_id).document)["name"] == "Ledgers anew"


def test_both_ways_share_one_bound_of_requests(node: Node) -> None:
    write_config(node.directory, replace(node.services.config, requests_per_token=3))
    node.services.config = replace(node.services.config, requests_per_token=3)
    petra = caller(node)
    assert petra.issue("a").status_code == 201
    assert petra("GET", "/credentials").status_code == 200
    assert refused(petra.issue("b", awarded_on="never"), 422)  # counted once, though both ways saw it
    assert "Retry-After" in petra.issue("c", learner_id="3").headers
    refused(petra("GET", "/credentials"), 429)


def test_items_that_fail_together_leave_nothing_and_the_others_are_stored(node: Node) -> None:
    store = node.services.store
    group = GroupCommit(store)

    def bad(items: Any) -> list[bool]:
        store.facts.put("bad", b"x")
        raise sqlite3.IntegrityError("bad")

    def good(items: Any) -> list[bool]:
        store.facts.put("good", b"x")
        return [item == 1 for item in items]

    async def joined(together: Any, item: int) -> bool:
        return await group.joined(together, item)

    with ThreadPoolExecutor(1) as elsewhere:  # this thread may have a loop of its own
        found = [
            elsewhere.submit(lambda asked=asked: asyncio.run(joined(*asked))).result()  # type: ignore[misc]
            for asked in ((bad, 1), (good, 1), (good, 2))
        ]
    assert found == [False, True, False]
    assert store.facts.get("bad") is None and store.facts.get("good") == b"x"


def test_no_stored_answer_holds_a_webhook_s_secret(node: Node) -> None:
    petra = caller(node)
    asked = {"url": "https://example.org/hook", "kinds": ["final"]}
    made = [petra("POST", "/webhooks", json=asked, headers=petra.key()).json or {} for _ in range(2)]
    assert petra("DELETE", f"/webhooks/{made[0]['id']}").status_code == 200
    database = sqlite3.connect(node.services.store.path)
    kept = b"".join(body for (body,) in database.execute("SELECT body FROM requests"))
    database.close()
    assert made[1]["id"].encode() in kept
    for report in made:
        assert report["secret"].encode() not in kept
