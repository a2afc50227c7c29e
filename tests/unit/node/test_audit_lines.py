"""Every route that changes something, and every handing out of a whole file, is a line of the audit log with a name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node.access import Access, Role
from node.app import create_app
from node.errands import Errands
from node.principal import acting_on_command_line
from tests.support.api_caller import Caller
from tests.support.mail_server import mail_server
from tests.unit.node.conftest import Node
from tests.unit.node.console import Officer
from tests.unit.node.nodes import TEMPLATES, roster
from tests.unit.node.test_delivery_bounces import notice

PATHS = json.loads((Path(__file__).parents[3] / "docs" / "spec" / "openapi.json").read_bytes())["paths"]
HOOK = {"url": "https://sis.example/hook", "kinds": ["final"]}
DESK = {"holder": "0x" + "5b" * 20, "checkedBy": "M. Novak", "how": "passport at the desk"}

WITHOUT = {
    "POST /v1/credential-searches": "a question",
    "POST /v1/diagnoses": "a question",
    "POST /v1/verify": "a question, by anybody",
    "POST /v1/claims": "the learner's; the delivery ledger has it",
    "POST /v1/links": "the learner's",
    "POST /v1/webhooks/{id}/test": "sends an example and stores nothing",
    "POST /v1/credit-claims": "tests/integration/test_api_credits.py: needs the contract of credits",
    "POST /v1/credit-redemptions": "the same",
}
"""Routes that add no line here, and why."""


class Desk:
    """Petra at the API, Lin who approves, and the number of another one's token."""

    def __init__(self, node: Node, petra: Caller, lin: Caller, other: str) -> None:
        self.node, self.petra, self.lin, self.other = node, petra, lin, other
        self.seen: set[str] = set()

    def did(self, act: str, route: str, *, who: Caller | None = None, **options: Any) -> Any:
        """Call it, and find one more line of `act` by name. Braces of the address hold the value: {id=0b6f…}."""
        method, path = route.split(" ")
        template, address = path, path
        for part in path.split("/"):
            if part.startswith("{"):
                name, _, value = part.strip("{}").partition("=")
                template, address = template.replace(part, "{" + name + "}"), address.replace(part, value)
        before = self.lines(act)
        caller = who or self.petra
        answer = caller(method, address, headers={**caller.key(), **options.pop("headers", {})}, **options)
        assert answer.status_code < 300, (route, answer.text)
        added = self.lines(act)[len(before) :]
        assert len(added) == 1, (route, act)
        assert json.loads(added[0].detail)["by"]["person"] == ("Lin" if who else "Petra"), route
        self.seen.add(f"{method} /v1{template}")
        return answer.get_json(silent=True)

    def lines(self, act: str) -> list[Any]:
        return [line for line in self.node.services.store.acts.all() if line.act == act]

    def final(self, count: int, first: int) -> list[str]:
        """Ids of credentials under a final anchor."""
        issued = self.node.services.issue(roster(count, first=first), "r.csv").issued
        self.node.services.seal()
        assert self.node.services.anchor().reached
        return [row.id for row in issued]


@pytest.fixture
def desk(node: Node) -> Iterator[Desk]:
    with mail_server() as server:
        services = node.services
        mailing = replace(
            services.config, smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="registrar@uni.example"
        )
        services.config = replace(mailing, public_url="https://registrar.example")
        client = create_app(services).test_client()
        services.config = mailing
        access = Access(services.store, node.clock)
        people = (("Petra", tuple(Role)), ("Lin", [Role.APPROVE]), ("Ivo", [Role.READ]))
        petra, lin, other = (access.add(*who) for who in people)
        yield Desk(node, Caller(client, petra.text), Caller(client, lin.text), other.id)


def test_every_changing_route_is_a_line(desk: Desk) -> None:
    node, did = desk.node, desk.did
    changed = {**TEMPLATES["endnote"].to_json(), "title": "EndNote 21"}
    did("template-add", "PUT /templates/{key=endnote}", json=changed)
    did("template-department", "PUT /templates/{key=endnote}/department", json={"department": "library"})
    _handing_out(desk, desk.final(3, 0))
    _status(desk, desk.final(6, 10))
    hook = did("webhook add", "POST /webhooks", json=HOOK)["id"]
    did("webhook remove", f"DELETE /webhooks/{{id={hook}}}")
    did("token-revoke", f"DELETE /tokens/{{id={desk.other}}}")
    _lists(desk)
    did("seal", "POST /seal")
    did("anchor asked", "POST /anchor")
    changing = {
        f"{method.upper()} {path}"
        for path, operations in PATHS.items()
        for method in operations
        if method in ("post", "put", "patch", "delete")
    }
    assert desk.seen | set(WITHOUT) == changing
    assert not desk.seen & set(WITHOUT)
    assert node.services.fsck(offline=True).findings == []


def _handing_out(desk: Desk, ids: list[str]) -> None:
    did = desk.did
    did("deliver asked", "POST /mailings", json={"ids": ids[:1]})
    Errands(desk.node.services).round()
    back = notice(desk.node.services.store.mails.of(ids[0])[0]).as_bytes()
    did("bounces", "POST /bounces", data=back, headers={"Content-Type": "message/rfc822"})
    did("claim-link", f"POST /credentials/{{id={ids[1]}}}/claim-links", json={})
    did("delivered by hand", "POST /hand-overs", json={"ids": ids[2:]})
    did("copies", f"POST /credentials/{{id={ids[2]}}}/copies", json={"add": 1, "holders": []})
    did("withdraw", f"DELETE /credentials/{{id={ids[2]}}}/copies")


def _status(desk: Desk, ids: list[str]) -> None:
    did = desk.did
    did("suspend", f"POST /credentials/{{id={ids[0]}}}/suspend", json={})
    did("reinstate", f"POST /credentials/{{id={ids[0]}}}/reinstate", json={})
    did("revoke", f"POST /credentials/{{id={ids[0]}}}/revoke", json={})
    did("revoke", "POST /status-changes", json={"act": "revoke", "ids": ids[1:2], "note": "Thesis withdrawn"})
    did("reason", f"POST /credentials/{{id={ids[1]}}}/reasons")
    did("reissue", f"POST /credentials/{{id={ids[2]}}}/reissues", json=DESK)
    did("erase", f"POST /credentials/{{id={ids[3]}}}/erasure", json={"confirm": ids[3]})


def _lists(desk: Desk) -> None:
    did, csv = desk.did, {"Content-Type": "text/csv"}
    one = did("issue", "POST /credentials", data=roster(1, first=20), headers=csv)["rows"][0]["id"]
    did("withdraw", f"DELETE /credentials/{{id={one}}}")
    for first, act, who in ((21, "approve", desk.lin), (22, "reject", None)):
        did("issue", "POST /credentials", data=roster(1, first=first), headers=csv)
        number = desk.petra.read("/submissions")["items"][-1]["id"]
        body = {"reason": "Wrong date"} if act == "reject" else {}
        did(act, f"POST /submissions/{{number={number}}}/{act}", json=body, who=who)


def test_whole_files_that_are_handed_out_are_a_line_each(
    node: Node, petra: Caller, token: Callable[..., str], tmp_path: Path
) -> None:
    node.services.issue(roster(3), "r.csv")
    node.services.seal()
    ids = [entry.id for entry in node.services.store.entries.sealed(0, 3)]
    assert petra("GET", f"/credentials/{ids[0]}/file").status_code == 200
    uuid = ids[1].removeprefix("urn:uuid:")
    assert Officer(create_app(node.services), token(name="Lin")).get(f"/credentials/{uuid}/file").status_code == 200
    with acting_on_command_line():
        node.services.export(ids[2:], tmp_path / "one")
        node.services.export(None, tmp_path / "all")
    found = [(line.act, line.subject, json.loads(line.detail)) for line in node.services.store.acts.all()]
    petras, lins, one, everything = [line for line in found if line[0] in ("file", "export")]
    assert (petras[1], petras[2]["by"]["person"]) == (ids[0], "Petra")
    assert (lins[1], lins[2]["by"]["person"]) == (ids[1], "Lin")
    assert one == ("export", "1 files", {"entries": ids[2:], "by": "command line"})
    assert everything == ("export", "all that are sealed", {"by": "command line"})
    assert "Ana" not in str(found)
