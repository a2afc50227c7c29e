"""Whatever an issuer's node or a file says of a publication: only what the chain confirms is written, and stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from anchor.receipt_proof import decode_rlp, encode_rlp
from rootseal.anchoring import Anchor, Promise, Proofs
from rootseal.canonical import Json, dumps
from rootseal.ethereum import keccak256
from rootseal.files import CredentialFile
from rootseal.merkle import Tree, leaf_hash
from tests.support.fake_node import FakeNode
from tests.support.issued import ChainPublisher, Institution
from tests.support.program import Program
from tests.support.updating import Holder, route, telling
from wallet.box import Box
from wallet.settings import write_policy

_TIMESTAMP = 11  # in a block header


pytestmark = pytest.mark.usefixtures("no_policy_of_ones_own")


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
