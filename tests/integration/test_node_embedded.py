"""A node against the embedded chain: issue, seal, anchor, hand out; and the chain killed in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from anchor.evidence import check
from anchor.web3_chain import open_chain
from node.anchoring import as_anchor
from node.services import Services
from rootseal.files import CredentialFile
from tests.support.devchain import ChainProcess, running_chain
from tests.unit.node.nodes import TEMPLATES, make_registered, roster


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path) as process:
        yield process


def opened(directory: Path, chain: ChainProcess) -> Services:
    services = Services.open(directory, chain=open_chain(chain.url))
    services.add_templates(TEMPLATES)
    return services


def test_one_batch_from_roster_to_file(tmp_path: Path, chain: ChainProcess) -> None:
    make_registered(tmp_path / "node", open_chain(chain.url))
    with opened(tmp_path / "node", chain) as services:
        assert len(services.issue(roster(20, date="2026-01-01"), "r.csv").issued) == 20
        assert services.seal() is not None
        outcome = services.anchor(timeout=60)
        assert outcome.reached, outcome.problem
        row = outcome.anchor
        assert row is not None
        assert row.evidence is not None
        assert check(as_anchor(row, services.home, ()), row.evidence).problem is None
        assert services.export(None, tmp_path / "out").anchored == 20
        path = next((tmp_path / "out").glob("*.credential.json"))
        file = CredentialFile.from_bytes(path.read_bytes())
        assert file.proofs.introducing(file.home) is not None
        entry = services.store.entries.sealed(3, 4)[0]
        services.revoke([entry.id])
        assert services.anchor(timeout=60).reached
        assert services.status_map().revoked == (1 << 3,)
        report = services.fsck()
        assert (report.findings, report.unchecked) == ([], [])


def test_the_chain_is_killed_while_an_anchor_is_on_its_way(tmp_path: Path, chain: ChainProcess) -> None:
    make_registered(tmp_path / "node", open_chain(chain.url))
    with opened(tmp_path / "node", chain) as services:
        services.issue(roster(5, date="2026-01-01"), "r.csv")
        services.seal()
        services.anchor("sent", timeout=30)
        chain.kill9()
        late = services.anchor(timeout=1)
        assert not late.reached
        assert late.problem is not None
        # Issuing goes on without a chain, and so does sealing in a process that has seen it.
        services.issue(roster(5, first=5, date="2026-01-01"), "r.csv")
        assert services.seal() is not None
        chain.restart()
        assert services.anchor(timeout=60).reached
        assert services.connection.ledger.head(services.home.issuer).size == 10
        assert services.fsck().findings == []


def test_services_are_shared_by_threads_of_a_server(tmp_path: Path, chain: ChainProcess) -> None:
    from concurrent.futures import ThreadPoolExecutor

    make_registered(tmp_path / "node", open_chain(chain.url))
    with opened(tmp_path / "node", chain) as services:
        services.issue(roster(200, date="2026-01-01"), "r.csv")
        services.seal()
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            proofs = list(pool.map(services.proof, services.entries(0, 200)))
        assert all(proof is not None and proof.proofs is not None for proof in proofs)
        assert time.monotonic() - began < 60
