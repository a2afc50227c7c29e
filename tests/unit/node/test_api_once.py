"""One request at a time under one key, and one COMMIT for many."""

from __future__ import annotations

import threading
from typing import Any

from werkzeug.test import TestResponse

from node.store import EntryState
from node.store.group_commit import GroupCommit
from rootseal.errors import ConflictError
from tests.support.api_caller import Caller, refused
from tests.unit.node.conftest import Node


def test_one_key_at_the_same_time_is_409_and_nothing_doubles(node: Node, petra: Caller) -> None:
    inside, go_on = threading.Event(), threading.Event()
    add = node.services.store.accepts.take

    def slow(*arguments: Any) -> list[bool]:
        inside.set()
        assert go_on.wait(10)
        return add(*arguments)

    node.services.store.accepts.take = slow  # type: ignore[method-assign]
    answers: list[TestResponse] = []
    thread = threading.Thread(target=lambda: answers.append(petra.issue("k")))
    thread.start()
    assert inside.wait(10)
    answer = petra.issue("k")
    assert refused(answer, 409)["code"] == "request.running"
    assert answer.headers["Retry-After"] == "1"
    go_on.set()
    thread.join()
    assert answers[0].status_code == 201
    assert petra.issue("k").data == answers[0].data


def test_many_share_one_commit_and_one_failure_is_its_own(node: Node) -> None:
    store = node.services.store
    commits: list[str] = []
    store._database._fault = commits.append
    group, hold, held = GroupCommit(store), threading.Event(), threading.Event()

    def first() -> None:
        held.set()
        assert hold.wait(10)

    def write(number: int) -> int:
        store.facts.put(f"n{number}", b"x")
        if number == 3:
            raise ConflictError("three")
        return number

    outcomes: dict[int, object] = {}

    def ask(number: int) -> None:
        try:
            outcomes[number] = group.run(lambda: write(number))
        except ConflictError as error:
            outcomes[number] = error

    threads = [threading.Thread(target=lambda: group.run(first))]
    threads[0].start()
    assert held.wait(10)
    threads += [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads[1:]:
        thread.start()
    while group._waiting.qsize() < 8:
        threading.Event().wait(0.01)
    hold.set()
    for thread in threads:
        thread.join()
    assert commits.count("committed") == 2
    assert isinstance(outcomes.pop(3), ConflictError)
    assert outcomes == {number: number for number in range(8) if number != 3}
    assert [store.facts.get(f"n{number}") is not None for number in range(8)] == [n != 3 for n in range(8)]


def test_a_commit_that_fails_is_told_to_all_and_nothing_is_there(node: Node, petra: Caller) -> None:
    def fault(point: str) -> None:
        if point == "commit":
            raise ConflictError("disk")

    assert petra("GET", "/node").status_code == 200  # the day of the token's use is written down
    node.services.store._database._fault = fault
    refused(petra.issue("k"), 409)
    node.services.store._database._fault = lambda _: None
    assert node.services.store.entries.counts()[EntryState.ACCEPTED] == 0
    assert petra.issue("k").status_code == 201
