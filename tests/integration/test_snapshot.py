"""A snapshot decides offline what a chain would have, under a block hash that the verifier knows and no other."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from anchor.collecting import Sources, collect_facts
from anchor.devchain import EngineName
from anchor.ledger_state import read_state
from anchor.reader import LedgerRequest, collect
from anchor.snapshot import snapshot_facts
from anchor.snapshot_file import Snapshot, read_snapshot
from anchor.storage_proof import NodePool, ProvenStorage
from anchor.web3_chain import Web3Chain
from rootseal.errors import InputError
from rootseal.facts import LedgerFacts
from rootseal.files import CredentialFile
from rootseal.policy import LedgerPolicy, Policy
from rootseal.verification import verify
from tests.support.devchain import require_anvil, running_chain
from tests.support.issued import ChainPublisher, Institution
from tests.support.program import Program
from wallet.settings import write_policy
from wallet.snapshot_cli import snapshot

LONG_SCOPE = "EQF levels 5 to 7, micro-credentials of at most 15 ECTS in computing and information science"


@dataclass
class World:
    """An issuer with two anchors, one entry revoked and one suspended, keys retired, documents changed, accredited."""

    url: str
    chain: Web3Chain
    publisher: ChainPublisher
    institution: Institution
    policy: Policy
    snapshot: bytes
    named: str

    @property
    def read(self) -> Snapshot:
        return read_snapshot(self.snapshot)

    @property
    def trusted(self) -> frozenset[tuple[int, bytes]]:
        return frozenset({(self.institution.home.chain_id, bytes.fromhex(self.named.rpartition("0x")[2]))})


def built(url: str, folder: Path) -> World:
    chain = Web3Chain(url)
    publisher = ChainPublisher(chain)
    publisher.register("Somebody else")
    institution = publisher.register()
    home = institution.home
    for scope in ("short", LONG_SCOPE, ""):
        publisher.send("accredit", home.issuer, institution.document_hash, scope, 0)
    for batch in (("Ana Novak", "Bor Kos"), ("Cene Zupan", "Dana Rus")):
        for learner in batch:
            institution.issue(learner)
        institution.seal()
        institution.publish()
    publisher.revoke(home, 2)
    publisher.send("suspend", home.issuer, [0], [1 << 3], 0)
    publisher.send("setDocument", home.issuer, bytes(32))
    policy = publisher.policy(home, url)
    accredited = replace(policy.ledgers[0], issuers=(), accreditors=((publisher.account, "Quality Agency"),))
    policy = Policy((replace(accredited, max_status_age=10**9),))
    write_policy(folder / "policy.toml", policy)
    out = folder / "s.json"
    place = f"{home.chain}:0x{home.ledger.hex()}"
    words = ["--rpc", url, "--ledger", place, "--issuer", str(home.issuer), "-o", str(out), "--json"]
    for _ in range(3):  # Anvil's final block stays two behind
        publisher.send("setUri", home.issuer, "")
    run = CliRunner().invoke(snapshot, [*words, "--policy", str(folder / "policy.toml")])
    assert run.exit_code == 0, run.output
    made = json.loads(run.stdout)
    assert (made["anchors"], made["size"], made["accreditors"]) == (2, 4, 1)
    return World(url, chain, publisher, institution, policy, out.read_bytes(), made["blockHash"])


@pytest.fixture(scope="module", params=["embedded", "anvil"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    engine: EngineName = request.param
    if engine == "anvil":
        require_anvil("snapshots by Anvil's proofs")
    folder = tmp_path_factory.mktemp(engine)
    with running_chain(engine, folder, state=False) as chain:
        yield built(chain.url, folder)


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The embedded world; its chain is gone."""
    folder = tmp_path_factory.mktemp("offline")
    with running_chain("embedded", folder, state=False) as chain:
        return built(chain.url, folder)


def judged(world: World, file: CredentialFile, snapshot: bytes, named: bool = True, **changes: Any) -> Any:
    data = file.to_bytes()
    policy = changes.pop("policy", world.policy)
    sources = Sources(None, world.trusted if named else frozenset(), True, (snapshot,))
    now = changes.pop("now", world.institution.anchors[-1].block.timestamp + 60)
    return verify(data, policy, collect_facts(data, policy, sources), now=now, **changes)


def codes(verdict: Any) -> list[str]:
    return [c.code for c in verdict.credentials[0].checks]


def test_a_snapshot_proves_what_the_chain_says(world: World) -> None:
    proven = snapshot_facts(world.read, world.trusted)
    assert isinstance(proven, LedgerFacts)
    roots = tuple(anchor.root for anchor in world.institution.anchors)
    told = collect(world.chain, world.policy.ledgers[0], LedgerRequest(world.institution.home.issuer, roots))
    assert (proven.keys, proven.documents, proven.head_size) == (told.keys, told.documents, told.head_size)
    assert set(proven.accreditations) == set(told.accreditations)
    assert LONG_SCOPE in {a.scope for a in proven.accreditations}
    assert proven.status is not None and told.status is not None
    assert (proven.status.revoked, proven.status.suspended) == (told.status.revoked, told.status.suspended)
    for root, fact in told.anchors.items():
        found = proven.anchors[root]
        assert fact is not None and found is not None
        block = replace(fact.block, hash=b"")
        assert found == replace(fact, block=block), "all but the hash of the block, which no storage knows"


def test_verified_and_rejected_offline(world: World) -> None:
    for index, code, overall in (
        (0, "status.ok", "verified"), (1, "status.ok", "verified"),
        (2, "status.revoked", "rejected"), (3, "status.suspended", "rejected"),
    ):  # fmt: skip
        verdict = judged(world, world.institution.file(index), world.snapshot)
        assert (codes(verdict)[5], verdict.overall) == (code, overall)
        assert codes(verdict)[3:5] == ["anchor.ok", "issuer.accredited"]
        assert verdict.as_of is not None


def test_another_block_hash_or_none_is_not_known_and_never_passes(offline: World) -> None:
    file = offline.institution.file(0)
    unnamed = judged(offline, file, offline.snapshot, named=False)
    assert (unnamed.overall, codes(unnamed)[5]) == ("undetermined", "status.unreachable")
    chain_id, block_hash = next(iter(offline.trusted))
    for wrong in ((chain_id, bytes(32)), (chain_id + 1, block_hash)):
        assert isinstance(snapshot_facts(offline.read, frozenset({wrong})), str)


def test_without_proofs_it_shows_nothing(offline: World) -> None:
    read = offline.read
    for nodes in ((), read.nodes[1:], (*read.nodes, b"\xc0"), read.nodes[::-1], (*read.nodes, read.nodes[-1])):
        bare = replace(read, nodes=nodes)
        assert isinstance(snapshot_facts(bare, offline.trusted), str)
        verdict = judged(offline, offline.institution.file(2), bare.to_bytes())
        assert (verdict.overall, codes(verdict)[5]) == ("undetermined", "status.unreachable"), "revoked, yet not shown"


def test_what_it_says_must_be_what_it_shows(offline: World) -> None:
    state = offline.read.state
    accreditor, given = state.accreditations[0]
    lies = {
        "not revoked": replace(state, revoked=(0,)),
        "not suspended": replace(state, suspended=(0,)),
        "another head": replace(state, head=replace(state.head, size=5)),
        "a key less": replace(state, keys=state.keys[:-1]),
        "a key never retired": replace(state, keys=(replace(state.keys[0], added_at=1), *state.keys[1:])),
        "a document kept": replace(state, documents=state.documents[:-1]),
        "an accreditation longer": replace(
            state, accreditations=((accreditor, (replace(given[0], ended_at=0), *given[1:])),)
        ),
        "an accreditation hidden": replace(state, accreditations=((accreditor, given[:-1]),)),
        "an accreditor twice": replace(state, accreditations=state.accreditations * 2),
        "an anchor twice": replace(state, anchors=(*state.anchors, state.anchors[0])),
        "an anchor earlier": replace(
            state, anchors=((state.anchors[0][0], replace(state.anchors[0][1], time=1)), *state.anchors[1:])
        ),
        "an anchor that never was": replace(state, anchors=((bytes(32), state.anchors[0][1]), *state.anchors[1:])),
    }
    for name, lie in lies.items():
        assert lie != state, name
        assert isinstance(snapshot_facts(replace(offline.read, state=lie), offline.trusted), str), name


def test_an_anchor_left_out_is_unknown_and_not_absent(offline: World) -> None:
    """Fewer anchors need fewer nodes: what is left is proven, what is missing was not asked about."""
    less = replace(offline.read, state=replace(offline.read.state, anchors=offline.read.state.anchors[1:]))
    assert isinstance(snapshot_facts(less, offline.trusted), str), "the nodes of the anchor left out are to spare"
    read, named = offline.read, offline.trusted
    roots = [root for root, _ in read.state.anchors[1:]]
    pool = NodePool(read.nodes)
    state = read_state(
        ProvenStorage.of(pool, read.header, read.home.ledger), read.home.issuer, roots, [offline.publisher.account]
    )
    narrow = replace(read, state=state, nodes=tuple(sorted(pool[key] for key in list(pool.used))))
    assert isinstance(snapshot_facts(narrow, named), LedgerFacts)
    verdict = judged(offline, offline.institution.file(0), narrow.to_bytes())
    assert (verdict.overall, codes(verdict)[3]) == ("undetermined", "anchor.unreachable")


def test_any_changed_byte_makes_it_worthless(offline: World) -> None:
    choose, data = random.Random(5), bytearray(offline.snapshot)
    file = offline.institution.file(0)
    for _ in range(150):
        at = choose.randrange(len(data))
        changed = bytearray(data)
        changed[at] = choose.choice([byte for byte in b'0123456789abcdef"{[,x' if byte != data[at]])
        with contextlib.suppress(InputError):
            assert judged(offline, file, bytes(changed)).overall == "undetermined", at


def test_of_another_issuer_code_or_beyond_its_head(offline: World) -> None:
    home = offline.institution.home
    other = replace(offline.read, home=replace(home, issuer=1))
    assert isinstance(snapshot_facts(other, offline.trusted), str)
    assert isinstance(snapshot_facts(replace(offline.read, home=replace(home, ledger=bytes(20))), offline.trusted), str)
    assert isinstance(snapshot_facts(offline.read, offline.trusted, code=bytes(32)), str)
    ledger: LedgerPolicy = replace(offline.policy.ledgers[0], code=bytes(32))
    verdict = judged(offline, offline.institution.file(0), offline.snapshot, policy=Policy((ledger,)))
    assert verdict.overall == "undetermined"
    offline.institution.issue("Later Learner")
    offline.institution.seal()
    late = offline.institution.file(4)
    assert codes(judged(offline, late, offline.snapshot))[5] == "status.unanchored"


def test_freshness_limits_apply(offline: World) -> None:
    ledger = replace(offline.policy.ledgers[0], max_status_age=100)
    last = offline.institution.anchors[-1].block.timestamp
    late = judged(offline, offline.institution.file(0), offline.snapshot, policy=Policy((ledger,)), now=last + 10_000)
    assert (late.overall, codes(late)[5]) == ("undetermined", "status.stale")


def test_the_command_needs_no_chain(
    offline: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    program = Program(capsys)
    (tmp_path / "s.json").write_bytes(offline.snapshot)
    (tmp_path / "d.json").write_bytes(offline.institution.file(0).to_bytes())
    write_policy(tmp_path / "policy.toml", offline.policy)
    words = ["verify", tmp_path / "d.json", "--policy", tmp_path / "policy.toml", "--status", tmp_path / "s.json"]
    run = program(*words, "--block-hash", offline.named, "--json")
    assert (run.code, run.objects[0]["overall"]) == (0, "verified")
    assert program(*words, "--json").code == 3, "no block hash, no proof"
    (tmp_path / "s.json").write_bytes(offline.snapshot[:-1])
    assert program(*words, "--block-hash", offline.named).code == 2
    german = program(*words[:4], "--offline", "--language", "de")
    assert (german.code, "Konnte nicht entschieden werden" in german.out) == (3, True)
