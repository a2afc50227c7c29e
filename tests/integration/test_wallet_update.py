"""From promise to anchor: the issuer's node is asked, never believed; only what the chain confirms is written."""

from __future__ import annotations

import time
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from rootseal.canonical import dumps, loads
from tests.support.fake_node import FakeNode, fake_node
from tests.support.issued import ChainPublisher, Institution, paper_institution
from tests.support.program import Program
from tests.support.updating import Holder, changed_answer, route
from wallet.box import Box
from wallet.issuer_http import IssuerNode

pytestmark = pytest.mark.usefixtures("no_policy_of_ones_own")


def test_a_promise_becomes_an_anchor_with_the_issuers_document(
    holder: Holder, node: FakeNode, institution: Institution
) -> None:
    run = holder.checked("--from", node.url, "--json")
    assert run.code == 0
    (result,) = run.objects
    assert (result["outcome"], result["anchored"], result["compared"]) == ("updated", True, True)
    assert result["notes"] == []
    assert result["issuerDocumentHash"] == sha256(dumps(institution.document)).hexdigest()
    assert holder.now == institution.file(0)
    assert holder.path.stat().st_mode & 0o777 == 0o640
    assert set(holder.path.parent.iterdir()) == {holder.path, holder.policy}
    assert holder.verdict[3:5] == ["anchor.ok", "issuer.pinned"]


def test_again_is_unchanged(holder: Holder, node: FakeNode) -> None:
    holder.checked("--from", node.url)
    written = holder.path.stat().st_mtime_ns
    run = holder.checked("--from", node.url + "/", "--json")
    assert run.code == 0
    assert run.objects[0]["outcome"] == "unchanged"
    assert holder.path.stat().st_mtime_ns == written


@pytest.mark.parametrize("status", [202, 404, 500])
def test_not_yet_is_code_3_and_changes_nothing(
    holder: Holder, node: FakeNode, institution: Institution, status: int
) -> None:
    node.say(route(institution), b"{}", status)
    assert holder.update("--from", node.url).code == 3
    assert holder.unchanged


def false_answers(institution: Institution) -> dict[str, tuple[bytes, int]]:
    """Each lie, and the exit code that it deserves."""
    anchor = loads(institution.proof_answer(0))["anchors"][0]  # type: ignore[index,call-overload]
    other = dumps({**loads(institution.proof_answer(0)), "commitment": "00" * 32})  # type: ignore[dict-item]
    evidence = {"header": "0xc0", "receiptIndex": 0, "receiptProof": ["0xc0"], "logIndex": 0}
    return {
        "another credential's proofs": (institution.proof_answer(1), 1),
        "another commitment": (other, 1),
        "another index": (changed_answer(institution, index=1), 1),
        "an anchor without the entry": (changed_answer(institution, anchors=[{**anchor, "root": "11" * 32}]), 1),
        "false evidence": (changed_answer(institution, anchors=[{**anchor, "evidence": evidence}]), 1),
        "not JSON": (b"<html>", 3),
        "not canonical": (institution.proof_answer(0).replace(b":", b": ", 1), 3),
        "another format": (changed_answer(institution, format="rootseal/proof/2"), 3),
        "an unknown member": (changed_answer(institution, more=1), 3),
        "too large": (b" " * 3_000_000, 3),
    }


@pytest.mark.parametrize("lie", list(false_answers(paper_institution(("Ana A", "Bor B")))))
def test_a_false_answer_changes_nothing_and_is_told_why(
    holder: Holder, node: FakeNode, institution: Institution, lie: str
) -> None:
    answer, code = false_answers(institution)[lie]
    node.say(route(institution), answer)
    run = holder.update("--from", node.url)
    assert run.code == code, run
    assert run.err.startswith("rootseal: ")
    assert "Traceback" not in run.err
    assert holder.unchanged


def test_a_worse_answer_takes_nothing_away(holder: Holder, node: FakeNode, institution: Institution) -> None:
    holder.checked("--from", node.url)
    best = holder.path.read_bytes()
    node.say(route(institution), changed_answer(institution, anchors=[], promise=None))
    assert holder.checked("--from", node.url).code == 1  # neither promise nor anchor: it proves nothing
    node.say(route(institution), changed_answer(institution, anchors=[]))
    assert holder.checked("--from", node.url).code == 0
    assert holder.path.read_bytes() == best


def test_a_redirect_is_not_followed(holder: Holder, node: FakeNode, institution: Institution) -> None:
    with fake_node() as elsewhere:
        elsewhere.say("/stolen", institution.proof_answer(0))
        node.say(route(institution), b"", 302, Location=f"{elsewhere.url}/stolen")
        run = holder.update("--from", node.url)
        assert run.code == 3
        assert "not followed" in run.err
        assert elsewhere.asked == []
    assert holder.unchanged


def test_a_node_that_drips_is_given_up(node: FakeNode, institution: Institution) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            for _ in range(100):
                request.wfile.write(b" ")
                time.sleep(0.05)
        except OSError:
            return

    node.routes[route(institution)] = drip
    started = time.monotonic()
    with pytest.raises(Exception, match="too long"):
        IssuerNode(node.url, timeout=0.3).proof(institution.sealed[0].commitment)
    assert time.monotonic() - started < 3


def test_nobody_answers_is_code_3(holder: Holder) -> None:
    run = holder.update("--from", "http://127.0.0.1:9")
    assert run.code == 3
    assert "could not be reached" in run.err
    assert holder.unchanged


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://a/?q=1", "127.0.0.1"])
def test_an_address_that_is_none_is_usage(holder: Holder, url: str) -> None:
    assert holder.update("--from", url).code == 2
    assert holder.unchanged


def test_no_address_is_usage_with_the_way_out(holder: Holder) -> None:
    run = holder.update()
    assert run.code == 2
    assert "--from URL" in run.err


def test_no_address_in_a_file_is_ever_asked(holder: Holder, node: FakeNode, institution: Institution) -> None:
    with fake_node() as named_in_file:
        document = {**institution.document, "url": named_in_file.url, "log": named_in_file.url}
        holder.hold(replace(institution.file(0), issuer_document=document))
        assert holder.checked("--from", node.url).code == 0
        assert holder.now.issuer_document == institution.document
        assert named_in_file.asked == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", dumps({"format": "rootseal/issuer/1", "id": "urn:somebody-else"}), b" " * 2_000_000],
)
def test_a_false_description_does_not_cost_the_proofs(holder: Holder, node: FakeNode, body: bytes) -> None:
    node.say("/v1/issuer", body)
    run = holder.checked("--from", node.url, "--json")
    assert run.code == 0
    assert holder.now.issuer_document is None
    assert holder.now.proofs.anchors
    assert "was not added" in run.objects[0]["notes"][0]


def test_a_file_that_does_not_prove_itself_is_not_updated(
    holder: Holder, node: FakeNode, institution: Institution
) -> None:
    file = institution.sealed[0]
    holder.before = replace(file, credential={**file.credential, "name": "Forged"}).to_bytes()
    holder.path.write_bytes(holder.before)
    assert holder.update("--from", node.url).code == 1
    assert node.asked == []
    assert holder.unchanged


def test_the_wallet_updates_all_and_one_stranger_does_not_stop_it(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    node: FakeNode,
    institution: Institution,
    publisher: ChainPublisher,
) -> None:
    program, box = Program(capsys), Box.create(tmp_path / "box")
    for file in institution.sealed:
        box.keep(file)
    stranger = paper_institution(("Eva Zver",), holder=b"\x77" * 20)
    box.keep(stranger.sealed[0])
    run = program("wallet", "update", box.directory, "--from", node.url, "--rpc", publisher.url, "--json")
    assert run.code == 3
    outcomes = {result["id"]: result["outcome"] for result in run.objects}
    assert outcomes.pop(stranger.sealed[0].commitment.hex()) == "refused"
    assert set(outcomes.values()) == {"updated"}
    one = institution.sealed[0].commitment.hex()[:8]
    again = program("wallet", "update", box.directory, one, "--from", node.url, "--rpc", publisher.url)
    assert again.code == 0
    assert "nothing new" in again.out
