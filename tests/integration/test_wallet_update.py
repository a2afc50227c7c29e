"""From promise to anchor: the issuer's node is asked, never believed; only what the chain confirms is written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from anchor.receipt_proof import decode_rlp, encode_rlp
from rootseal.anchoring import Anchor, Promise, Proofs
from rootseal.canonical import Json, dumps, loads
from rootseal.ethereum import keccak256
from rootseal.files import CredentialFile
from rootseal.merkle import Tree, leaf_hash
from rootseal.policy import Policy
from tests.support.fake_node import FakeNode, fake_node
from tests.support.issued import ChainPublisher, Institution, paper_institution
from tests.support.program import Program, Run
from wallet.box import Box
from wallet.issuer_http import IssuerNode
from wallet.settings import write_policy

_TIMESTAMP = 11  # in a block header


@pytest.fixture(scope="module")
def institution(publisher: ChainPublisher) -> Institution:
    institution = publisher.register()
    for learner in ("Ana Novak", "Bor Kos", "Cene Zupan"):
        institution.issue(learner)
    institution.seal()
    institution.publish()
    return institution


@pytest.fixture(autouse=True)
def no_policy_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def node(institution: Institution) -> Iterator[FakeNode]:
    with fake_node() as running:
        for index, file in enumerate(institution.sealed):
            running.say(f"/v1/proofs/{file.commitment.hex()}", institution.proof_answer(index))
        running.say("/v1/issuer", dumps(institution.document))
        yield running


class Holder:
    """A promise on disk, and `rootseal update`."""

    def __init__(self, path: Path, program: Program, file: CredentialFile, rpc: str, policy: Policy) -> None:
        self.path = path
        self.program = program
        self.rpc = rpc
        self.policy = path.parent / "policy.toml"
        write_policy(self.policy, policy)
        path.touch(0o640)
        path.chmod(0o640)
        self.hold(file)

    def hold(self, file: CredentialFile) -> None:
        """From now on the file is this one."""
        self.before = file.to_bytes()
        self.path.write_bytes(self.before)

    def update(self, *words: object) -> Run:
        return self.program("update", self.path, *words)

    def checked(self, *words: object) -> Run:
        """Update, and ask the chain."""
        return self.update(*words, "--rpc", self.rpc)

    @property
    def verdict(self) -> list[str]:
        """The codes of the checks, as an employer finds them."""
        run = self.program("verify", self.path, "--policy", self.policy, "--json")
        return [check["code"] for check in run.objects[0]["credentials"][0]["checks"]]

    @property
    def now(self) -> CredentialFile:
        return CredentialFile.from_bytes(self.path.read_bytes())

    @property
    def unchanged(self) -> bool:
        return self.path.read_bytes() == self.before


@pytest.fixture
def holder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], institution: Institution, publisher: ChainPublisher
) -> Holder:
    path = tmp_path / "held" / "a.credential.json"
    path.parent.mkdir()
    policy = publisher.policy(institution.home, publisher.url)
    return Holder(path, Program(capsys), institution.sealed[0], publisher.url, policy)


def route(institution: Institution) -> str:
    return f"/v1/proofs/{institution.sealed[0].commitment.hex()}"


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


def changed_answer(institution: Institution, **members: object) -> bytes:
    answer = loads(institution.proof_answer(0))
    assert isinstance(answer, dict)
    return dumps({**answer, **members})  # type: ignore[dict-item]


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


def later(institution: Institution, anchor: Anchor) -> Anchor:
    """The genuine publication with another time in the block header, and hence another block hash."""
    assert anchor.evidence is not None
    fields = decode_rlp(anchor.evidence.header)
    timestamp = anchor.block.timestamp + 86_400
    fields[_TIMESTAMP] = timestamp.to_bytes(8).lstrip(b"\0")
    header = encode_rlp(fields)
    block = replace(anchor.block, timestamp=timestamp, hash=keccak256(header))
    return replace(anchor, block=block, evidence=replace(anchor.evidence, header=header))


def earlier(institution: Institution, anchor: Anchor) -> Anchor:
    """Without evidence, at a time of the liar's choice."""
    return replace(anchor, evidence=None, block=replace(anchor.block, timestamp=anchor.block.timestamp - 86_400))


def renumbered(institution: Institution, anchor: Anchor) -> Anchor:
    """Without evidence, as another anchor of the log."""
    return replace(anchor, evidence=None, sequence=anchor.sequence + 6)


def unborn(institution: Institution, anchor: Anchor) -> Anchor:
    """In a block that the chain will not have for ages."""
    return replace(anchor, evidence=None, block=replace(anchor.block, number=10**9))


def another_log(institution: Institution, anchor: Anchor) -> Anchor:
    """A publication that never was, of a log that the liar made around the entry."""
    tree = Tree([leaf_hash(institution.sealed[0].commitment), leaf_hash(bytes(32))])
    return replace(anchor, evidence=None, size=2, root=tree.root(), path=tree.inclusion_path(0, 2))


def another_log_to_come(institution: Institution, anchor: Anchor) -> Anchor:
    """The same, in a block that the chain will not have for ages."""
    return unborn(institution, another_log(institution, anchor))


LIES = [later, earlier, renumbered, unborn, another_log, another_log_to_come]
every_lie = pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)


def damaged(institution: Institution, lie) -> CredentialFile:  # type: ignore[no-untyped-def]
    """The genuine file, but for its anchor."""
    file = institution.file(0)
    (anchor,) = file.proofs.anchors
    return file.with_proofs(replace(file.proofs, anchors=(lie(institution, anchor),)), file.issuer_document)


def telling(institution: Institution, proofs: Proofs) -> bytes:
    commitment = institution.sealed[0].commitment.hex()
    return dumps({"format": "rootseal/proof/1", "commitment": commitment, **proofs.to_json()})


@every_lie
def test_a_false_publication_is_not_written(holder: Holder, node: FakeNode, institution: Institution, lie) -> None:  # type: ignore[no-untyped-def]
    node.say(route(institution), telling(institution, damaged(institution, lie).proofs))
    without = holder.update("--from", node.url)
    assert without.code == 3
    assert "says it is published in anchor" in without.err
    assert "name a chain (--rpc, or a policy with one)" in without.err
    assert holder.unchanged
    false = holder.checked("--from", node.url)
    if lie is another_log_to_come:  # not refuted yet, and left out: the chain shows what the promise came to
        assert false.code == 0
        assert holder.now == institution.file(0)
        return
    assert false.code == 1
    assert holder.unchanged
    node.say(route(institution), institution.proof_answer(0))
    assert holder.checked("--from", node.url).code == 0
    assert holder.now == institution.file(0)


@every_lie
def test_a_lie_does_not_disturb_a_file_that_the_chain_confirms(  # type: ignore[no-untyped-def]
    holder: Holder, node: FakeNode, institution: Institution, lie
) -> None:
    holder.hold(institution.file(0))
    node.say(route(institution), telling(institution, damaged(institution, lie).proofs))
    run = holder.checked("--from", node.url)
    assert holder.unchanged
    assert run.code == (1 if lie is another_log else 0)
    said = " ".join((run.out + run.err).split())
    assert any(words in said for words in ("otherwise than the chain does", "chain does not have"))
    assert holder.update("--from", node.url).code == 3
    assert holder.unchanged


@every_lie
def test_a_damaged_file_is_repaired_with_node_and_chain(  # type: ignore[no-untyped-def]
    holder: Holder, node: FakeNode, institution: Institution, lie
) -> None:
    holder.hold(damaged(institution, lie))
    assert "anchor.ok" not in holder.verdict
    blind = holder.update("--from", node.url)
    assert blind.code == 3
    assert "name a chain" in blind.err
    assert holder.unchanged
    run = holder.checked("--from", node.url, "--json")
    assert run.code == 0, run
    assert "replaced by what the chain confirms" in " ".join(run.objects[0]["notes"])
    assert holder.now == institution.file(0)
    assert holder.verdict[3:5] == ["anchor.ok", "issuer.pinned"]
    assert holder.checked("--from", node.url, "--json").objects[0]["outcome"] == "unchanged"


@every_lie
def test_a_damaged_file_is_repaired_with_the_chain_alone(holder: Holder, institution: Institution, lie) -> None:  # type: ignore[no-untyped-def]
    holder.hold(damaged(institution, lie))
    assert holder.checked().code == 0
    assert holder.now == institution.file(0)


def test_the_liar_cannot_keep_a_damaged_file_damaged(holder: Holder, node: FakeNode, institution: Institution) -> None:
    file = damaged(institution, later)
    holder.hold(file)
    node.say(route(institution), telling(institution, file.proofs))
    assert holder.update("--from", node.url).code == 3  # it repeats itself, and nobody compared it
    assert holder.checked("--from", node.url).code == 0
    assert holder.now == institution.file(0)


def test_an_invented_publication_with_nothing_to_take_its_place_is_said(
    holder: Holder, institution: Institution
) -> None:
    file = damaged(institution, another_log)
    holder.hold(file.with_proofs(replace(file.proofs, promise=None), None))
    run = holder.checked()
    assert run.code == 1
    assert "--from URL" in run.err
    assert holder.unchanged


def test_missing_evidence_is_added_and_nothing_else_changes(
    holder: Holder, node: FakeNode, institution: Institution
) -> None:
    file = institution.file(0)
    bare = tuple(replace(anchor, evidence=None) for anchor in file.proofs.anchors)
    holder.hold(file.with_proofs(replace(file.proofs, anchors=bare), file.issuer_document))
    assert holder.checked("--from", node.url).code == 0
    assert holder.now == file


def test_another_place_in_the_log_gives_way_to_the_one_on_the_chain(
    holder: Holder, node: FakeNode, institution: Institution
) -> None:
    file = institution.file(0)
    (anchor,) = file.proofs.anchors
    tree = Tree([leaf_hash(bytes(32))] * 7 + [leaf_hash(file.commitment)])
    false = replace(anchor, evidence=None, previous_size=0, size=8, root=tree.root(), path=tree.inclusion_path(7, 8))
    holder.hold(file.with_proofs(Proofs(7, None, (false,)), None))
    assert holder.update("--from", node.url).code == 3
    assert holder.unchanged
    assert holder.checked("--from", node.url).code == 0
    assert holder.now == file


def forged(institution: Institution) -> Promise:
    promise = institution.sealed[0].proofs.promise
    assert promise is not None
    return replace(promise, anchor_by=promise.anchor_by + 1)


def test_a_promise_that_is_not_the_issuers_is_neither_written_nor_kept(
    holder: Holder, node: FakeNode, institution: Institution
) -> None:
    file = institution.file(0)
    holder.hold(file.with_proofs(replace(file.proofs, promise=None), file.issuer_document))
    node.say(route(institution), telling(institution, replace(file.proofs, promise=forged(institution))))
    assert holder.update("--from", node.url).code == 3
    assert holder.checked("--from", node.url).code == 1
    assert holder.unchanged
    holder.hold(file.with_proofs(replace(file.proofs, promise=forged(institution)), file.issuer_document))
    assert holder.verdict[3] == "anchor.promise"
    node.say(route(institution), institution.proof_answer(0))
    assert holder.checked("--from", node.url).code == 0
    assert holder.now == file


def renamed(institution: Institution) -> dict[str, Json]:
    return {**institution.document, "name": "A better university"}


def test_a_description_that_was_not_registered_is_not_written(
    holder: Holder, node: FakeNode, institution: Institution
) -> None:
    node.say("/v1/issuer", dumps(renamed(institution)))
    run = holder.checked("--from", node.url, "--json")
    assert run.code == 0
    assert "was not added" in run.objects[0]["notes"][0]
    assert holder.now.issuer_document is None


def test_a_false_description_in_a_file_is_replaced(holder: Holder, node: FakeNode, institution: Institution) -> None:
    holder.hold(replace(institution.file(0), issuer_document=renamed(institution)))
    assert holder.verdict[4] == "issuer.document"
    alone = holder.checked("--json")
    assert "--from URL" in alone.objects[0]["notes"][0]
    assert holder.unchanged
    run = holder.checked("--from", node.url, "--json")
    assert run.code == 0
    assert run.objects[0]["issuerDocumentHash"] == institution.document_hash.hex()
    assert "is not the one that was registered" in run.objects[0]["notes"][0]
    assert holder.now == institution.file(0)


def test_the_chain_of_the_policy_is_asked(
    holder: Holder, node: FakeNode, institution: Institution, tmp_path: Path, publisher: ChainPublisher
) -> None:
    named = holder.update("--from", node.url, "--policy", holder.policy, "--json")
    assert (named.code, named.objects[0]["compared"]) == (0, True)
    holder.hold(institution.sealed[0])
    write_policy(tmp_path / "config" / "rootseal" / "policy.toml", publisher.policy(institution.home, publisher.url))
    assert holder.update("--from", node.url).code == 0
    assert holder.now == institution.file(0)
    holder.hold(institution.sealed[0])
    assert holder.update().code == 0


@pytest.mark.parametrize("rpcs", [(), ("http://127.0.0.1:9",)])
def test_without_a_chain_that_answers_nothing_is_written(
    holder: Holder, node: FakeNode, institution: Institution, publisher: ChainPublisher, rpcs: tuple[str, ...]
) -> None:
    write_policy(holder.policy, publisher.policy(institution.home, *rpcs))
    run = holder.update("--from", node.url, "--policy", holder.policy)
    assert run.code == 3
    assert "says it is published in anchor 1" in run.err
    assert holder.unchanged


def test_nothing_new_without_a_chain_is_not_called_proven(
    holder: Holder, node: FakeNode, institution: Institution
) -> None:
    holder.hold(institution.file(0))
    run = holder.update("--from", node.url, "--json")
    assert run.code == 3
    assert (run.objects[0]["outcome"], run.objects[0]["compared"]) == ("unchanged", False)
    assert "no chain was asked" in holder.update("--from", node.url).out
    assert holder.unchanged


def test_a_wallet_that_received_a_lie_is_told_the_way_out_and_gets_well(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    node: FakeNode,
    institution: Institution,
    publisher: ChainPublisher,
) -> None:
    program, box = Program(capsys), Box.create(tmp_path / "box")
    path = tmp_path / "genuine"
    path.write_bytes(institution.file(0).to_bytes())
    box.keep(replace(damaged(institution, earlier), issuer_document=renamed(institution)))
    refused = program("wallet", "receive", box.directory, path, "--json")
    assert refused.code == 1
    assert "rootseal wallet update" in refused.objects[0]["reason"]
    assert "--rpc" in refused.objects[0]["reason"]
    assert program("wallet", "update", box.directory, "--from", node.url, "--json").code == 3
    assert program("wallet", "update", box.directory, "--from", node.url, "--rpc", publisher.url).code == 0
    assert box.credentials()[0].file == institution.file(0)
    path.write_bytes(replace(institution.file(0), issuer_document=renamed(institution)).to_bytes())
    other = program("wallet", "receive", box.directory, path, "--json")
    assert (other.code, other.objects[0]["outcome"]) == (0, "already here")
    assert "describes the issuer otherwise" in other.objects[0]["reason"]
