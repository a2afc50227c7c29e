"""Handing out over HTTP: mail is queued and the errands send it, links are in the answer alone, and it adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from node.access import Access, Role
from node.app import create_app
from node.delivery.mailing import Mailer, MailOutcome, MailRequest
from node.delivery.queueing import MailQueue
from node.errands import Errands
from tests.support.api_caller import Caller, refused
from tests.support.mail_server import MailServer, mail_server
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster
from tests.unit.node.test_delivery_bounces import notice

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def officer(node: Node, server: MailServer) -> Callable[..., Caller]:
    """People at a node that can send mail. Its routes know a public address, which its documents do not name."""
    mailing = replace(
        node.services.config, smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="registrar@uni.example"
    )
    node.services.config = replace(mailing, public_url="https://registrar.example")
    client = create_app(node.services).test_client()
    node.services.config = mailing
    access = Access(node.services.store, node.clock)
    return lambda *roles, departments=(): Caller(client, access.add("Petra", roles or tuple(Role), departments).text)


@pytest.fixture
def petra(officer: Callable[..., Caller]) -> Caller:
    return officer()


def final(node: Node, count: int, first: int = 0, template: str = "ledgers") -> list[str]:
    issued = node.services.issue(roster(count, first=first, template=template), "r.csv").issued
    node.services.seal()
    assert node.services.anchor().reached
    return [row.id for row in issued]


def errands(node: Node) -> None:
    Errands(node.services).round()


def mail(caller: Caller, query: str = "", **body: object) -> dict[str, object]:
    answer = caller("POST", f"/mailings{query}", json=body)
    assert answer.status_code == (200 if query else 202), answer.text
    found: dict[str, object] = answer.get_json()
    return found


# --- mail --------------------------------------------------------------------------------------------


def test_mail_is_queued_and_the_errands_send_it_once(node: Node, server: MailServer, petra: Caller) -> None:
    ids = final(node, 3)
    report = mail(petra)
    assert (report["queued"], report["waiting"], report["sample"]) == (3, 3, None)
    assert server.taken == []
    errands(node)
    errands(node)
    assert sorted(one.recipients[0] for one in server.taken) == [f"l{n}@example.edu" for n in range(3)]
    assert mail(petra)["waiting"] == 0
    assert petra.read(f"/credentials/{ids[0]}/delivery")["mails"][0]["state"] == "handed_over"
    (by,) = [act for act in node.services.store.acts.all() if act.act == "deliver asked"]
    assert '"person":"Petra"' in by.detail.replace(" ", "")


def test_a_dry_run_shows_one_mail_and_queues_nothing(node: Node, server: MailServer, petra: Caller) -> None:
    final(node, 2)
    report = mail(petra, "?dry_run=true")
    assert (report["dryRun"], report["queued"], report["waiting"]) == (True, 2, 2)
    sample = report["sample"]
    assert isinstance(sample, dict) and "Ledgers" in sample["subject"] and "Dear Ana" in sample["text"]
    errands(node)
    assert server.taken == []
    assert node.services.store.mails.waiting() == []


def test_what_an_interrupted_command_left_is_not_sent_unasked(node: Node, server: MailServer, petra: Caller) -> None:
    ids = final(node, 3)
    server.close_at = 1
    services = node.services
    mailer = Mailer(node.directory, services.config, services.store, services.exporter, lambda: services.now)
    assert mailer.deliver(MailRequest()).waiting == 3
    errands(node)
    assert server.taken == []
    assert mail(petra, ids=ids[1:2])["waiting"] == 1
    errands(node)
    assert [one.recipients[0] for one in server.taken] == ["l1@example.edu"]
    assert mail(petra)["waiting"] == 2
    errands(node)
    assert len(server.taken) == 3


def test_mail_before_it_is_final_goes_out_because_it_was_asked_for(
    node: Node, server: MailServer, petra: Caller
) -> None:
    (entry,) = (row.id for row in node.services.issue(roster(1), "r.csv").issued)
    refused(petra("POST", "/mailings", json={"ids": [entry], "beforeFinal": True}), 409)
    node.services.seal()
    assert "not anchored" in refused(petra("POST", "/mailings", json={"ids": [entry]}), 409)["detail"]
    assert mail(petra)["queued"] == 0
    server.replies["l0@example.edu"] = "451 4.7.1 greylisted"
    assert mail(petra, ids=[entry], beforeFinal=True)["queued"] == 1
    errands(node)
    server.replies.clear()
    node.clock.now += 3600
    errands(node)  # the second try is of the same wish
    assert len(server.taken) == 1


def test_what_was_asked_for_goes_out_beside_what_is_final(node: Node, server: MailServer, petra: Caller) -> None:
    final(node, 2)
    sealed = [row.id for row in node.services.issue(roster(1, first=5), "r.csv").issued]
    node.services.seal()
    assert mail(petra, ids=sealed, beforeFinal=True)["queued"] == 1
    node.services.config = replace(node.services.config, mail_on_final=True)
    outcome = Errands(node.services).round().mail
    assert outcome is not None
    assert (outcome.handed_over, outcome.waiting) == (3, 0)
    assert Errands(node.services).round().mail == MailOutcome()
    node.services.config = replace(node.services.config, mail_on_final=False)
    assert Errands(node.services).round().mail is None  # nothing is asked for any more


def test_again_and_what_may_have_arrived(node: Node, server: MailServer, petra: Caller) -> None:
    ids = final(node, 2)
    server.drop_at = 1
    mail(petra, ids=ids[:1])
    errands(node)
    assert mail(petra)["uncertain"] == 1
    refused(petra("POST", "/mailings", json={"ids": ids[:1], "again": True}), 409)
    rehearsal = mail(petra, "?dry_run=true", ids=ids[:1], resendUncertain=True)
    assert (rehearsal["waiting"], rehearsal["uncertain"]) == (1, 0)
    done = mail(petra, ids=ids[:1], resendUncertain=True)
    assert (done["queued"], done["waiting"], done["uncertain"]) == (0, 1, 0)
    errands(node)
    assert mail(petra, ids=ids[:1])["already"] == ids[:1]
    assert mail(petra, ids=ids[:1], again=True)["queued"] == 1
    errands(node)
    to_first = [one for one in server.taken if one.recipients == ["l0@example.edu"]]
    assert len(to_first) == 3
    assert len({one.message["Message-ID"] for one in to_first}) == 2
    refused(petra("POST", "/mailings", json={"again": True}), 422)


def test_somebody_who_mails_now_is_waited_for(node: Node, server: MailServer, petra: Caller) -> None:
    final(node, 1)
    services = node.services
    mailer = Mailer(node.directory, services.config, services.store, services.exporter, lambda: services.now)
    with mailer.alone():
        answer = petra("POST", "/mailings", json={"resendUncertain": True}, headers=petra.key("k"))
        assert refused(answer, 409)["code"] == "mail.busy"
        assert answer.headers["Retry-After"] == "60"
        assert mail(petra)["queued"] == 1  # queueing alone waits for nobody
    assert petra("POST", "/mailings", json={"resendUncertain": True}, headers=petra.key("k")).status_code == 202


def test_ids_are_all_or_none_and_a_repetition_queues_nothing_twice(
    node: Node, server: MailServer, petra: Caller
) -> None:
    ids = final(node, 2)
    refused(petra("POST", "/mailings", json={"ids": [ids[0], NOBODY]}), 404)
    assert node.services.store.mails.waiting() == []
    answers = [petra("POST", "/mailings", json={"ids": ids}, headers=petra.key("k")) for _ in range(2)]
    assert answers[0].data == answers[1].data
    assert len(node.services.store.mails.waiting()) == 2
    wrong: list[object] = [{"ids": []}, {"ids": [1]}, {"ids": ids, "again": "yes"}, {"who": 1}, []]
    for body in wrong:
        refused(petra("POST", "/mailings", json=body), 400)


def test_a_node_without_a_mail_server_names_the_setting(petra: Caller, node: Node) -> None:
    node.services.config = replace(node.services.config, smtp_url=None)
    value = refused(petra("POST", "/mailings", json={}), 409)
    assert value["code"] == "settings.incomplete"
    assert "smtp_url" in value["detail"]


def test_a_department_mails_hands_out_and_sees_its_own_only(
    node: Node, server: MailServer, officer: Callable[..., Caller]
) -> None:
    access = Access(node.services.store, node.clock)
    access.set_department("endnote", "Library")
    library = officer(departments=("library",))
    ledgers, endnote = final(node, 2), final(node, 1, first=5, template="endnote")
    assert mail(library)["queued"] == 1
    errands(node)
    assert [one.recipients[0] for one in server.taken] == ["l5@example.edu"]
    refused(library("POST", "/mailings", json={"ids": ledgers}), 404)
    refused(library("POST", "/hand-overs", json={"ids": [*endnote, ledgers[0]]}), 404)
    refused(library("POST", f"/credentials/{ledgers[0]}/claim-links", json={}, headers=library.key()), 404)
    refused(library("GET", f"/credentials/{ledgers[0]}/delivery"), 404)
    refused(library("GET", "/deliveries"), 403)
    refused(library("POST", "/bounces", data=b"x", headers={"Content-Type": "message/rfc822"}), 403)
    assert [item["id"] for item in library.read("/credential-deliveries")["items"]] == endnote
    reader = officer(Role.READ)
    for path, body in (("/mailings", {}), ("/hand-overs", {"ids": ledgers})):
        refused(reader("POST", path, json=body), 403)


def test_only_one_of_two_who_queue_at_once_makes_a_mail(node: Node, server: MailServer, petra: Caller) -> None:
    """What is wanted is looked at inside the transaction: a second look finds the first one's mail."""
    final(node, 1)
    queue_of = MailQueue._wanted
    seen: list[int] = []

    def counted(self: MailQueue, *arguments: object) -> list[str]:
        assert self._store._database.utils.conn.in_transaction
        found = queue_of(self, *arguments)  # type: ignore[arg-type]
        seen.append(len(found))
        return found

    MailQueue._wanted = counted  # type: ignore[assignment, method-assign]
    try:
        mail(petra)
        mail(petra)
    finally:
        MailQueue._wanted = queue_of  # type: ignore[method-assign]
    assert seen == [1, 0]


# --- links, hand-overs, bounces ------------------------------------------------------------------------


def test_a_link_is_answered_again_and_stored_nowhere(
    node: Node, petra: Caller, capfd: pytest.CaptureFixture[str]
) -> None:
    (entry,) = final(node, 1)
    path = f"/credentials/{entry}/claim-links"
    refused(petra("POST", path, json={}), 400)  # without a key a lost answer would be a lost link
    answers = [petra("POST", path, json={"days": 7}, headers=petra.key("k")) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].data == answers[1].data
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    report = answers[0].get_json()
    assert report["link"].startswith("https://registrar.example/claim#")
    assert report["expiresAt"] == report["madeAt"] + 7 * 86_400
    secret = report["link"].partition("#")[2]
    held = b"".join(file.read_bytes() for file in sorted(node.directory.rglob("*")) if file.is_file())
    assert secret.encode() not in held
    assert secret not in "".join(capfd.readouterr())
    stored = node.services.store._database.rows("SELECT body FROM requests")
    assert b'"link":null' in stored[-1][0]
    opened = petra.client.post("/v1/claims", json={"secret": secret, "resume": "A" * 22})
    assert opened.get_json()["format"] == "rootseal/credential/1"


def test_links_differ_by_key_token_time_and_credential(
    node: Node, officer: Callable[..., Caller], petra: Caller
) -> None:
    one, two = final(node, 2)
    other = officer()

    def link(caller: Caller, entry: str, key: str) -> str:
        answer = caller("POST", f"/credentials/{entry}/claim-links", json={}, headers=caller.key(key))
        found: str = answer.get_json()["link"]
        return found

    links = [link(petra, one, "a"), link(petra, one, "b"), link(petra, two, "c"), link(other, one, "a")]
    node.clock.now += 8 * 86_400
    link(petra, two, "d")  # old requests are forgotten, so that the same key makes a new link
    links.append(link(petra, one, "a"))
    assert len(set(links)) == 5
    refused(petra.client.post("/v1/claims", json={"secret": links[0].partition("#")[2], "resume": "A" * 22}), 410)


def test_a_link_needs_a_file_and_a_public_address(node: Node, petra: Caller) -> None:
    (entry,) = (row.id for row in node.services.issue(roster(1), "r.csv").issued)
    path = f"/credentials/{entry}/claim-links"
    refused(petra("POST", path, json={}, headers=petra.key()), 409)
    for body in ({"days": 0}, {"days": 367}, {"days": "7"}, {"day": 7}):
        refused(petra("POST", path, json=body, headers=petra.key()), 400)
    node.services.seal()
    without = Caller(create_app(node.services).test_client(), petra.token)
    assert "public_url" in refused(without("POST", path, json={}, headers=petra.key()), 409)["detail"]


def test_hand_overs_and_the_ledger(node: Node, petra: Caller) -> None:
    ids = final(node, 3)
    refused(petra("POST", "/hand-overs", json={"ids": [*ids, NOBODY]}), 404)
    done = petra("POST", "/hand-overs", json={"ids": ids[:2]}).get_json()
    assert (done["counted"], done["already"]) == (ids[:2], [])
    assert petra("POST", "/hand-overs", json={"ids": ids[:1]}).get_json()["already"] == ids[:1]
    ledger = petra.read("/deliveries")
    assert (ledger["total"]["delivered"], ledger["total"]["waiting"], ledger["addsUp"]) == (2, 1, True)
    shown = petra.read("/credential-deliveries?group=delivered")["items"]
    assert [item["id"] for item in shown] == ids[:2]
    assert {item["fate"] for item in shown} == {"by_hand"}
    assert petra.read(f"/credentials/{ids[0]}/delivery")["handedOverAt"] == int(node.clock.now)


def test_pages_of_the_ledger_cover_everything_once(node: Node, petra: Caller) -> None:
    for number in range(5):
        node.services.issue(roster(2, first=10 * number), "r.csv")
    lists: list[int] = []
    rows: list[tuple[int, str]] = []
    path, pages = "/deliveries?limit=2", 0
    while path:
        found = petra.read(path)
        lists += [one["list"] for one in found["lists"]]
        path, pages = f"/deliveries?limit=2&cursor={found['next']}" if found["next"] else "", pages + 1
    path = "/credential-deliveries?limit=3"
    while path:
        found = petra.read(path)
        rows += [(one["list"], one["learnerId"]) for one in found["items"]]
        path = f"/credential-deliveries?limit=3&cursor={found['next']}" if found["next"] else ""
    assert (lists, pages) == ([1, 2, 3, 4, 5], 3)
    assert rows == [(number + 1, f"{10 * number + place:08}") for number in range(5) for place in range(2)]


def test_mail_that_came_back_is_read_from_a_message_or_a_mailbox(node: Node, petra: Caller, tmp_path: Path) -> None:
    ids = final(node, 2)
    mail(petra)
    errands(node)
    notices = [notice(node.services.store.mails.of(entry)[0]).as_bytes() for entry in ids]
    header = {"Content-Type": "message/rfc822"}
    assert petra("POST", "/bounces", data=notices[0], headers=header).get_json()["bounced"] == ids[:1]
    box = b"".join(b"From MAILER-DAEMON Sat Oct  3 04:00:00 2026\n" + one + b"\n" for one in notices)
    found = petra("POST", "/bounces", data=box, headers={"Content-Type": "application/mbox"}).get_json()
    assert (found["bounced"], found["known"], found["foreign"]) == (ids[1:], ids[:1], 0)
    assert petra("POST", "/bounces", data=b"hello", headers=header).get_json()["foreign"] == 1
    refused(petra("POST", "/bounces", data=b"hello", headers={"Content-Type": "text/plain"}), 415)
    assert petra.read("/deliveries")["total"]["failed"] == 2
