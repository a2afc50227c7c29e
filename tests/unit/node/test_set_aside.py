"""An acknowledged award that is refused when its credential is made: set aside, told, tried again, or withdrawn.

What a newer version would refuse is here a kept award with a grade, where its micro-credential has none.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import rootseal
from node.access import Access, Role
from node.app import create_app
from node.delivery.ledger import delivery_ledger
from node.doctor_duties import duty_checks
from node.erasing import erase_entry
from node.health import Health
from node.principal import AccessDenied, acting_as
from node.runner import Worker
from node.store import EntryState
from rootseal.errors import InputError
from rootseal.microcredential import MicroCredential
from tests.support.api_caller import Caller, refused
from tests.support.program import Program
from tests.unit.node.conftest import Node
from tests.unit.node.console import Officer, words
from tests.unit.node.intakes import REASON, aside, findings, restarted, spoil, standing, take_in
from tests.unit.node.nodes import HEADER, TEMPLATES

pytestmark = pytest.mark.usefixtures("never")

SCHEMA = Path(rootseal.__file__).parents[1] / "docs/spec/schemas/node-status.schema.json"


@pytest.fixture
def three(node: Node, petra: Caller) -> list[str]:
    """Ids of three acknowledged awards; the second is refused, and set aside."""
    ids = take_in(petra, 3)
    spoil(node, ids[1])
    restarted(node)
    assert aside(node) == [(ids[1], REASON)]
    return ids


def graded() -> dict[str, MicroCredential]:
    value = {**TEMPLATES["ledgers"].to_json(), "grade_scale": "percentage", "pass_mark": 50}
    return {"ledgers": MicroCredential.from_json(value)}


def test_the_others_go_on_and_are_sealed(node: Node, three: list[str]) -> None:
    services = node.services
    assert standing(node) == (0, 2)
    assert [entry.id for entry in services.store.entries.numbered(0, 9)] == [three[0], three[2]]
    point = services.seal()
    assert point is not None and point.size == 2
    assert services.seal() is None, "nothing else is due"
    assert services.anchor().reached
    restarted(node)
    assert aside(node) == [(three[1], REASON)]


def test_it_is_told_until_it_is_made(node: Node, three: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    services, since = node.services, node.services.now
    node.clock.now += 7200
    status = services.status()
    assert (status.accepted, status.healthy, status.in_the_way) == (3, False, ())
    assert status.oldest_accepted_at == since
    (problem,) = status.problems
    assert problem.code == "award.set_aside"
    assert f"1 acknowledged award cannot be made into credentials: {three[1]}" in problem.sentence
    assert REASON in problem.sentence and "rootseal node withdraw DIR ID" in problem.sentence
    assert services.seal() is not None
    assert not services.store.entries.due(services.now)
    assert findings(node) == ["award.set_aside"]
    (check, *_) = duty_checks(node.directory, services.config, services.store, services.now, lambda url: b"")
    assert (check.check, check.outcome) == ("awards", "problem")
    client = create_app(services, Health()).test_client()
    assert "rootseal_set_aside_awards 1.0" in client.get("/metrics").text
    assert 'rootseal_entries{state="accepted"} 1.0' in client.get("/metrics").text
    node.clock.now = since
    done = Program(capsys)("node", "status", node.directory)
    assert "Of the accepted, 1 is set aside: its credential cannot be made. See PROBLEM below." in done.out
    assert f"PROBLEM: 1 acknowledged award cannot be made into credentials: {three[1]}" in done.out
    (value,) = Program(capsys)("node", "status", node.directory, "--json").objects
    Draft202012Validator(json.loads(SCHEMA.read_bytes())).validate(value)
    found = {"id": three[1], "microCredential": "ledgers", "acceptedAt": since, "since": since, "reason": REASON}
    assert (value["setAside"], value["healthy"]) == ([found], False)
    spoil(node, three[1], None)
    assert Program(capsys)("node", "status", node.directory, "--json").objects[0]["setAside"] == []
    assert restarted(node).status().problems == ()


def test_who_asks_for_it_hears_what_is_true(
    node: Node, petra: Caller, person: Callable[..., Caller], three: list[str]
) -> None:
    Access(node.services.store, node.clock).set_department("ledgers", "business")
    found = refused(petra("GET", f"/credentials/{three[1]}"), 409)
    assert found["code"] == "credential.set_aside" and REASON in found["detail"]
    refused(petra("GET", f"/credentials/{three[1]}/delivery"), 409)
    (told,) = petra.read("/node")["setAside"]
    assert (told["id"], told["reason"]) == (three[1], REASON)
    assert petra.read("/node")["problems"][0]["code"] == "award.set_aside"
    again = petra.issue("take-1", learner_id="071")
    assert (again.status_code, (again.json or {})["id"]) == (201, three[1])
    assert again.headers["Idempotent-Replayed"] == "true"
    other = person(departments=("library",), name="Lin")
    for answer in (other("GET", f"/credentials/{three[1]}"), other("DELETE", f"/credentials/{three[1]}")):
        assert refused(answer, 404)["code"] == "credential.unknown"
    assert other.read("/node")["setAside"] == []
    with pytest.raises(InputError, match=r"acknowledged, and its credential cannot be made since .*: grade: "):
        node.services.entry(three[1].removeprefix("urn:uuid:"))


def test_the_console_tells_it(node: Node, token: Callable[..., str], three: list[str]) -> None:
    petra = Officer(create_app(node.services, Health()), token())
    home = words(petra.get())
    assert "1 award cannot be made into a credential. It was accepted, and nothing of it is lost." in home
    assert "Anchoring is held up" not in home
    uuid = three[1].removeprefix("urn:uuid:")
    shown = words(petra.get(f"/credentials/{uuid}", status=409))
    assert REASON in shown and "on the command line" in shown
    node.services.withdraw(three[1])
    assert "cannot be made" not in words(petra.get())
    page = words(petra.get(f"/credentials/{uuid}"))
    assert "Ana Kovač" in page and "Withdrawn before it was sealed" in page
    petra.get("/credentials")
    petra.get("/deliveries")


def test_withdrawn_it_counts_as_withdrawn(node: Node, petra: Caller, three: list[str]) -> None:
    answer = petra("DELETE", f"/credentials/{three[1]}")
    assert (answer.status_code, (answer.json or {})["state"]) == (200, "withdrawn")
    assert aside(node) == []
    entry = node.services.entry(three[1])
    assert (entry.state, entry.learner, entry.email) == (EntryState.WITHDRAWN, "071", "ana@example.edu")
    kept = json.loads(entry.document)
    assert (kept["award"], kept["neverMade"]) == (["071", "Ana", "Kovač", "2026-10-01", "70", None], REASON)
    ledger = delivery_ledger(node.services.store, node.services.now)
    assert ledger.adds_up and (ledger.total.rows, ledger.total.issued, ledger.total.of("withdrawn")) == (3, 2, 1)
    history = petra.read(f"/credentials/{three[1]}")["history"]
    assert [event["event"] for event in history] == ["accepted", "withdrawn"]
    assert petra.read(f"/credentials/{three[1]}/document")["document"] == kept
    assert findings(node) == []
    spoil(node, three[1], None)
    point = node.reopened().seal()
    assert point is not None and point.size == 2, "it is not made any more"
    assert node.services.withdraw(three[1]).state is EntryState.WITHDRAWN, "again changes nothing"
    erase_entry(node.services.store, three[1], node.services.now)
    assert b"Kova" not in node.services.entry(three[1]).document and findings(node) == []


def test_the_command_line_withdraws_it(node: Node, three: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run = Program(capsys)
    shown = run("node", "show", node.directory, three[1])
    assert shown.code == 2 and f"`rootseal node status {node.directory}` says the way out" in shown.err
    done = run("node", "withdraw", node.directory, three[1], "--json")
    assert (done.code, done.objects[0]["state"]) == (0, "withdrawn")
    assert run("node", "show", node.directory, three[1]).code == 0
    assert run("node", "fsck", node.directory, "--offline").code == 0


def test_who_may_not_withdraws_nothing(node: Node, three: list[str]) -> None:
    access = Access(node.services.store, node.clock)
    access.set_department("ledgers", "business")
    for roles, departments in (([Role.READ], ()), ([Role.ISSUE], ("library",))):
        who = access.authenticate(access.add("Lin", roles, departments).text)
        assert who is not None
        with acting_as(who), pytest.raises(AccessDenied):
            node.services.withdraw(three[1])
    assert aside(node) == [(three[1], REASON)] and standing(node) == (0, 2)


def test_after_an_update_it_is_made_at_the_next_start(node: Node, petra: Caller, three: list[str]) -> None:
    spoil(node, three[1], None)
    made = restarted(node).entry(three[1])
    assert (made.state, made.accepted_at) == (EntryState.ACCEPTED, node.services.now)
    assert (aside(node), standing(node), findings(node)) == ([], (0, 3), [])
    point = node.services.seal()
    assert point is not None and point.size == 3
    assert delivery_ledger(node.services.store, node.services.now).adds_up
    assert petra.issue("take-1", learner_id="071").headers["Idempotent-Replayed"] == "true"


def test_a_running_node_tries_it_once_an_hour(node: Node, three: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    worker = Worker(node.services, Health(), node.clock)
    worker.round()
    worker.round()
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["awards"] for line in told if line["event"] == "set aside"] == [1]
    spoil(node, three[1], None)
    node.clock.now += 3599
    worker.round()
    assert aside(node) == [(three[1], REASON)]
    node.clock.now += 1
    worker.round()
    assert aside(node) == []
    node.clock.now += 3600
    worker.round()
    assert node.services.entry(three[1]).state is EntryState.SEALED


def test_a_mended_micro_credential_is_used_and_an_older_one_is_not(node: Node, petra: Caller) -> None:
    (first,) = take_in(petra, 1)
    spoil(node, first)
    restarted(node)
    number = node.services.store.set_aside.all()[0].taken.template
    node.clock.now += 60
    node.services.add_templates(graded())
    made = node.services.entry(first)
    assert made.template > number
    assert json.loads(made.document)["credentialSubject"]["result"][0]["value"] == "70"
    assert (aside(node), findings(node)) == ([], [])
    # What was changed before it was set aside was no mending.
    node.services.add_templates(TEMPLATES)
    take_in(petra, 1, first=5)  # the ordinary way, which reads the templates anew
    (second,) = take_in(petra, 1, first=1)
    spoil(node, second)
    node.services.store.templates.add(graded().values(), node.services.now)
    node.clock.now += 60
    restarted(node)
    restarted(node)
    assert aside(node) == [(second, REASON)]


def test_no_award_is_given_twice(node: Node, petra: Caller, three: list[str]) -> None:
    other = petra.issue("anew", learner_id="071", family_name="Kovač-Čeh")
    assert other.status_code == 201
    issued = (other.json or {})["id"]
    spoil(node, three[1], None)
    restarted(node)
    reason = f"the same award was issued meanwhile, as {issued}"
    assert aside(node) == [(three[1], reason)]
    assert node.services.entry(issued).state is EntryState.ACCEPTED
    # Revoked since, it does not come back by itself in its older form.
    node.services.seal()
    node.services.store.entries.retire([issued])
    restarted(node)
    assert aside(node) == [(three[1], reason)]
    node.services.withdraw(three[1])
    assert (standing(node), findings(node)) == ((0, 4), [])


def test_two_for_one_award_are_made_once(node: Node, petra: Caller, three: list[str]) -> None:
    other = petra.issue("anew", learner_id="071", family_name="Kovač-Čeh")
    twin = (other.json or {})["id"]
    spoil(node, twin)
    restarted(node)
    assert aside(node) == [(three[1], REASON), (twin, REASON)]
    for entry_id in (three[1], twin):
        spoil(node, entry_id, None)
    restarted(node)
    assert aside(node) == [(twin, f"the same award was issued meanwhile, as {three[1]}")]


def test_a_list_with_a_mended_row_is_issued(node: Node, three: list[str]) -> None:
    row = f"{HEADER}071,Ana,Kovač,ana@example.edu,ledgers,2026-10-01,,\n".encode()
    (issued,) = node.services.issue(row, "again.csv").issued
    assert issued.id != three[1] and aside(node) == [(three[1], REASON)]
