"""What is not genuine is never green: altered files, forged places, strangers' ledgers, and any member exchanged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from coincurve import PrivateKey

from anchor.collecting import Sources, check_evidence, collect_facts
from rootseal.canonical import Json, dumps, loads
from rootseal.files import CredentialFile
from rootseal.verification import verify
from tests.support import hiring
from tests.support.hiring import Employer, World, codes
from tests.support.issued import ChainPublisher, Institution

world, employer = hiring.world, hiring.employer


def with_anchor(file: CredentialFile, **changes: object) -> CredentialFile:
    anchor = replace(file.proofs.anchors[0], **changes)  # type: ignore[arg-type]
    return file.with_proofs(replace(file.proofs, anchors=(anchor,)), file.issuer_document)


def test_a_block_hash_does_not_vouch_for_a_changed_publication(employer: Employer, world: World) -> None:
    anchor = world.file().proofs.anchors[0]
    named = f"{world.institution.home.chain}:0x{anchor.block.hash.hex()}"
    for changes in (
        {"sequence": 2},
        {"previous_size": 0, "size": 4},
        {"block": replace(anchor.block, timestamp=anchor.block.timestamp - 86_400)},
        {"block": replace(anchor.block, number=anchor.block.number + 1)},
    ):
        code, verdict = employer.verify(with_anchor(world.file(), **changes), "--offline", "--block-hash", named)
        assert code == 1, changes
        assert codes(verdict)[2:4] != ["inclusion.ok", "anchor.block_hash"]


def one_letter(file: CredentialFile) -> bytes:
    data = file.to_bytes()
    assert data.count(b"Ana Novak") == 1
    return data.replace(b"Ana Novak", b"Eva Novak")


def index_of(world: World, learner: str) -> int:
    return next(at for at in range(3) if learner.encode() in world.file(at).to_bytes())


def test_one_letter_changed(employer: Employer, world: World) -> None:
    file = world.file(index_of(world, "Ana Novak"))
    code, verdict = employer.verify(one_letter(file))
    assert (code, codes(verdict)[2]) == (1, "inclusion.mismatch")
    out = employer.people(one_letter(file)).out
    assert "Eva" not in out


def forgeries(world: World) -> dict[str, CredentialFile]:
    file, home = world.file(0), world.institution.home
    proofs = file.proofs
    return {
        "another index": file.with_proofs(replace(proofs, index=1), file.issuer_document),
        "an index beyond": file.with_proofs(replace(proofs, index=3), file.issuer_document),
        "another size": with_anchor(file, size=4),
        "another ledger": replace(file, home=replace(home, ledger=b"\x09" * 20)),
        "another chain": replace(file, home=replace(home, chain_id=1)),
        "another issuer": replace(file, home=replace(home, issuer=2)),
        "no such sequence": with_anchor(file, sequence=7, evidence=None),
    }


@pytest.mark.parametrize(
    "forgery",
    [
        "another index",
        "an index beyond",
        "another size",
        "another ledger",
        "another chain",
        "another issuer",
        "no such sequence",
    ],
)
def test_an_entry_presented_as_what_it_is_not_is_rejected(employer: Employer, world: World, forgery: str) -> None:
    code, verdict = employer.verify(forgeries(world)[forgery])
    assert (code, verdict["overall"]) == (1, "rejected"), codes(verdict)


def test_the_same_forged_home_everywhere_is_still_not_green(employer: Employer, world: World) -> None:
    file, home = world.file(0), world.institution.home
    for other in (replace(home, issuer=2), replace(home, chain_id=1), replace(home, ledger=b"\x09" * 20)):
        anchors = tuple(replace(anchor, home=other) for anchor in file.proofs.anchors)
        forged = replace(file.with_proofs(replace(file.proofs, anchors=anchors), file.issuer_document), home=other)
        assert employer.verify(forged)[0] == 1


def test_an_anchor_that_the_ledger_lacks_is_absent(employer: Employer, world: World) -> None:
    institution = world.institution
    paper = Institution(institution.home)
    paper.issue("Mallory Forger")
    paper.seal()
    paper.publish()
    anchor = paper.anchors[0]
    block = world.file().proofs.anchors[0].block
    paper.anchors[0] = replace(anchor, block=block)
    code, verdict = employer.verify(paper.file(0))
    assert (code, codes(verdict)[3]) == (1, "anchor.absent")


@pytest.fixture(scope="module")
def stranger(world: World) -> Institution:
    """The same code, the same name, the same chain: another ledger, deployed by a stranger."""
    publisher = ChainPublisher(world.publisher.chain)
    institution = publisher.register("Example University")
    institution.issue("Mallory Forger")
    institution.seal()
    institution.publish()
    return institution


def test_a_strangers_ledger_is_never_green(employer: Employer, world: World, stranger: Institution) -> None:
    assert stranger.home.ledger != world.institution.home.ledger
    for words in ([], ["--rpc", world.url]):
        code, verdict = employer.verify(stranger.file(0), *words)
        assert (code, verdict["overall"]) == (3, "undetermined")
        assert codes(verdict)[4] == "issuer.untrusted"
    out = " ".join(employer.people(stranger.file(0), "--rpc", world.url).out.split())
    assert "Genuine" not in out
    assert "vouches for it" in out


def test_a_stranger_on_the_trusted_ledger_is_never_green(employer: Employer, world: World) -> None:
    other = world.publisher.register("Example University", PrivateKey(b"\x22" * 32))
    other.issue("Mallory Forger")
    other.seal()
    other.publish()
    code, verdict = employer.verify(other.file(0))
    assert (code, codes(verdict)[4]) == (3, "issuer.untrusted")


def test_a_strangers_ledger_cannot_stand_in_by_a_pinned_chain(
    employer: Employer, world: World, stranger: Institution
) -> None:
    """The witness anchor of a stranger changes nothing of checks 4 to 6."""
    file = world.file(0)
    witness = replace(file.proofs.anchors[0], home=stranger.home, evidence=None)
    only = file.with_proofs(replace(file.proofs, anchors=(witness,)), file.issuer_document)
    code, verdict = employer.verify(only)
    assert code == 3
    assert codes(verdict)[3] == "anchor.pending"


def mutations(value: Json) -> Iterator[Json]:
    """Every member of a file once removed or replaced by something else of its kind."""
    if isinstance(value, dict):
        for name, child in value.items():
            yield {key: item for key, item in value.items() if key != name}
            for changed in mutations(child):
                yield {**value, name: changed}
    elif isinstance(value, list) and value:
        yield value[:-1]
        for at, child in enumerate(value):
            for changed in mutations(child):
                yield [*value[:at], changed, *value[at + 1 :]]
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield value[:-1] + ("0" if value[-1:] != "0" else "1")


def test_no_mutation_of_a_file_stays_genuine_or_raises(world: World) -> None:
    """`note` and `transaction` are locators and bound by nothing; whatever else changes is not verified."""
    file, now = world.file(0), int(time.time())
    facts = collect_facts(file.to_bytes(), world.policy, Sources())
    assert verify(file.to_bytes(), world.policy, facts, now=now).overall == "verified"
    original = loads(file.to_bytes())
    seen = 0
    for changed in mutations(original):
        if without_locators(changed) == without_locators(original):
            continue
        data = dumps(changed)
        asked = replace(facts, evidence=check_evidence(data))
        assert verify(data, world.policy, asked, now=now).overall != "verified", changed
        seen += 1
    assert seen > 150


def without_locators(value: Json) -> Json:
    if isinstance(value, dict):
        return {
            name: without_locators(child) if name not in ("note", "transaction") or not isinstance(child, str) else ""
            for name, child in value.items()
        }
    return [without_locators(child) for child in value] if isinstance(value, list) else value
