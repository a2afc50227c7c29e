"""Is all well, over HTTP: without paths and addresses, one examination at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from node.access import Role
from tests.support.api_caller import Caller, refused
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster


def sealed(node: Node) -> None:
    node.services.issue(roster(3), "r.csv")
    node.services.seal()
    node.services.anchor()


def test_the_doctor_says_what_is_wrong_and_no_path_or_address(
    node: Node, petra: Caller, person: Callable[..., Caller]
) -> None:
    sealed(node)
    (node.directory / "passphrase").unlink()
    found = petra("GET", "/doctor")
    report = found.get_json()
    assert not report["well"]
    outcomes = {check["check"]: check["outcome"] for check in report["checks"]}
    assert outcomes["key"] == "problem"
    assert outcomes["disk space"] == "ok"
    assert "rootseal doctor" in next(c["wayOut"] for c in report["checks"] if c["check"] == "key")
    for hidden in (str(node.directory), "127.0.0.1", "passphrase", "0x"):
        assert hidden not in found.text
    refused(person(departments=("library",))("GET", "/doctor"), 403)
    refused(person(Role.ISSUE)("GET", "/doctor"), 403)


def test_fsck_proves_the_store_and_repairs_nothing(node: Node, petra: Caller, person: Callable[..., Caller]) -> None:
    sealed(node)
    report = petra.read("/fsck")
    assert (report["clean"], report["complete"], report["entries"], report["anchors"]) == (True, True, 3, 1)
    offline = petra.read("/fsck?offline=true")
    assert (offline["clean"], offline["complete"]) == (True, False)
    node.services.store._database.change("UPDATE entries SET email = 'changed@example.edu', seed = randomblob(32)")
    report = petra.read("/fsck?offline=true")
    assert not report["clean"]
    assert {finding["code"] for finding in report["findings"]} == {"entry.commitment"}
    assert not petra.read("/fsck?offline=true")["clean"]
    refused(person(departments=("library",))("GET", "/fsck"), 403)


def test_one_examination_at_a_time(node: Node, petra: Caller) -> None:
    inside, go_on = threading.Event(), threading.Event()
    fsck = node.services.fsck

    def slow(**options: Any) -> Any:
        inside.set()
        assert go_on.wait(10)
        return fsck(**options)

    node.services.fsck = slow  # type: ignore[method-assign]
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(petra("GET", "/fsck?offline=true").status_code))
    thread.start()
    assert inside.wait(10)
    for path in ("/fsck", "/doctor"):
        answer = petra("GET", path)
        assert refused(answer, 409)["code"] == "check.running"
        assert answer.headers["Retry-After"] == "60"
    go_on.set()
    thread.join()
    assert answers == [200]
    assert petra("GET", "/doctor").status_code == 200


def test_a_diagnosis_quotes_nothing_of_the_file(node: Node, petra: Caller) -> None:
    sealed(node)
    entry = node.services.store.entries.numbered(0, 1)[0]
    file = node.services.credential_file(entry.id)
    header = {"Content-Type": "application/octet-stream"}
    found = petra("POST", "/diagnoses", data=file, headers=header)
    assert found.get_json()["format"] == "rootseal/diagnosis/1"
    assert found.get_json()["credentials"][0]["complete"]
    for hidden in ("Ana", "00000000", entry.seed.hex(), entry.id[-12:], entry.commitment.hex()):
        assert hidden not in found.text
    assert petra("POST", "/diagnoses", data=b"%PDF", headers=header).get_json()["beginsLike"] == "a PDF document"
    assert petra("POST", "/diagnoses", data=b"", headers=header).status_code == 200
    refused(petra("POST", "/diagnoses", data=b"x" * (2 << 20), headers=header), 413)
    refused(petra("POST", "/diagnoses", data=b"x", headers={"Content-Type": "text/plain"}), 415)


def test_a_year_and_what_it_costs(petra: Caller) -> None:
    year = petra.read("/forecast?per_year=5000&batches=12&gas_price=12.5&coin_price=2500")
    assert (year["anchors"], year["gasPriceWei"], year["test"]) == (12, "12500000000", True)
    assert year["perYear"]["money"] is not None
    assert petra.read("/forecast?per_year=1&batches=1")["perYear"]["money"] is None  # the chain's price
    for query in ("", "per_year=1", "per_year=-1&batches=1", "per_year=1&batches=1&gas_price=1e3"):
        refused(petra("GET", f"/forecast?{query}"), 400)
    assert refused(petra("GET", "/forecast?per_year=1&batches=0"), 422)["errors"][0]["where"] == "batches"


def test_the_keys_are_those_of_the_ledger(node: Node, petra: Caller) -> None:
    (key,) = petra.read("/keys")["items"]
    assert key["address"] == "0x" + node.services.connection.signer.address.hex()
    assert (key["own"], key["anchors"], key["writesStatus"], key["retiredAt"]) == (True, True, True, None)


def test_the_node_says_what_status_says(node: Node, petra: Caller) -> None:
    sealed(node)
    found = petra.read("/node")
    assert (found["awaitingApproval"], found["recovered"], found["ledgers"]) == (0, 0, [])
    assert found["nextAnchor"] == {"due": False, "reason": "nothing", "at": None}


def test_an_empty_list_to_fill_in(petra: Caller, person: Callable[..., Caller]) -> None:
    comma = petra("GET", "/templates/ledgers/sample")
    assert comma.data.startswith(b"\xef\xbb\xbflearner_id,")
    book = petra("GET", "/templates/ledgers/sample?kind=xlsx")
    assert book.data.startswith(b"PK")
    assert book.headers["Content-Disposition"] == 'attachment; filename="ledgers.xlsx"'
    refused(petra("GET", "/templates/ledgers/sample?kind=pdf"), 400)
    refused(person(departments=("library",))("GET", "/templates/ledgers/sample"), 404)
