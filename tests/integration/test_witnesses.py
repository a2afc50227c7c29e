"""A log at home on the embedded chain and, as a witness, on Anvil: final on both, in files, never in the way."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.keys import create_keystore
from anchor.ledger import Ledger, call_data, ledger_abi
from anchor.web3_chain import open_chain
from node.config import read_config, write_config
from node.services import Services
from node.store import Witness
from node.witnessing import Witnessing, WitnessWorker
from rootseal.ethereum import address_text
from rootseal.files import CredentialFile
from tests.support.devchain import ChainProcess, running_chain
from tests.support.program import Program
from tests.unit.node.nodes import PASSPHRASE, TEMPLATES, make_registered, roster

DATE = "2026-01-01"


class Two:
    """A node at home on one chain, and a ledger on another."""

    def __init__(self, directory: Path, home: ChainProcess, other: ChainProcess) -> None:
        self.directory, self.home, self.other = directory, home, other
        make_registered(directory, open_chain(home.url))
        write_config(directory, replace(read_config(directory), chain_urls=(home.url,)))
        create_keystore(directory / "admin-key.json", PASSPHRASE, "pbkdf2", 2)
        chain = open_chain(other.url)
        deployed = chain.send_unlocked(chain.accounts()[0], None, ledger_abi().bytecode, 0, 8_000_000)
        receipt = _receipt(other, deployed)
        self.ledger = address_text(bytes.fromhex(receipt["contractAddress"][2:]))

    def add(self, program: Program, *more: object) -> dict[str, object]:
        """`node ledgers add`, as typed."""
        options = ("--chain-url", self.other.url, "--ledger", self.ledger, "--register", "--timeout", "60", "--json")
        done = program("node", "ledgers", "add", self.directory, *options, *more)
        assert done.code == 0, done.err
        return dict(done.objects[0])

    def open(self) -> Services:
        services = Services.open(self.directory)
        services.add_templates(TEMPLATES)
        return services

    @property
    def there(self) -> Ledger:
        return Ledger(open_chain(self.other.url), bytes.fromhex(self.ledger[2:]))


def _receipt(chain: ChainProcess, transaction: bytes) -> dict[str, str]:
    for _ in range(200):
        found = chain.rpc("eth_getTransactionReceipt", "0x" + transaction.hex())
        if found is not None:
            return dict(found)
        time.sleep(0.05)
    raise AssertionError("not mined")


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    (tmp_path / "home").mkdir()
    (tmp_path / "other").mkdir()
    with (
        running_chain("embedded", tmp_path / "home") as home,
        running_chain("anvil", tmp_path / "other") as other,
    ):
        yield Two(tmp_path / "node", home, other)


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


def batch(services: Services, first: int, count: int = 3) -> int:
    services.issue(roster(count, first=first, date=DATE), "r.csv")
    checkpoint = services.seal()
    assert checkpoint is not None
    return checkpoint.size


def test_the_same_checkpoints_are_final_on_both_and_shown_in_files(two: Two, program: Program, tmp_path: Path) -> None:
    added = two.add(program)
    assert (added["number"], added["issuer"], added["anchored"]) == (1, 1, 0)
    assert two.add(program) == added  # typed again: nothing is registered twice
    assert two.there.issuer_count() == 1
    for first in (0, 3):
        with two.open() as services:
            batch(services, first)
            assert services.anchor(timeout=60).reached
        done = program("node", "ledgers", "anchor", two.directory, "--timeout", "60", "--json")
        assert done.code == 0, done.err
        assert done.objects[0]["ledgers"][0]["anchored"] == first + 3
    head = two.there.head(1)
    assert (head.sequence, head.size) == (2, 6)
    with two.open() as services:
        assert services.export(None, tmp_path / "out").anchored == 6
        report = services.fsck()
        assert (report.findings, report.unchecked) == ([], [])
        assert report.witness_anchors == 2
        found = services.status().witnesses
        assert [(w.number, w.anchored, w.problem) for w in found] == [(1, 6, None)]
        file = services.exporter.credential_file(services.store.entries.sealed(4, 5)[0])
        home, first_id = services.home, services.store.entries.sealed(0, 1)[0].id
    places = [(anchor.home == home, anchor.sequence) for anchor in file.proofs.anchors]
    assert places == [(True, 2), (False, 2)]
    assert all(anchor.evidence is not None for anchor in file.proofs.anchors)
    path = tmp_path / "out" / f"{first_id.removeprefix('urn:uuid:')}.credential.json"
    assert len(CredentialFile.from_bytes(path.read_bytes()).proofs.anchors) == 3
    verified = program(
        "verify", path, "--trust", f"eip155:31338:{address_text(home.ledger)}/1", "--rpc", two.home.url, "--json"
    )
    assert json.loads(verified.out)["overall"] == "verified", verified.out
    listed = program("node", "ledgers", "list", two.directory, "--json")
    assert (listed.code, listed.objects[0]["ledgers"][0]["sequence"]) == (0, 2)


def test_a_witness_that_is_down_holds_nothing_up(two: Two, program: Program) -> None:
    two.add(program)
    two.other.stop()  # Anvil keeps what it has only where it may end in peace
    with two.open() as services:
        batch(services, 0)
        witnessing = Witnessing(services.store, services.connection)
        worker = WitnessWorker(services.store, witnessing, lambda: True, time.time)
        assert worker.round() > 0
        assert services.anchor(timeout=60).reached
        (seen,) = services.status().witnesses
        assert seen.problem is not None
        report = services.fsck()
        assert report.findings == []
        assert len(report.unchecked) == 1
        assert "ledger 1" in report.unchecked[0]
    down = program("node", "ledgers", "anchor", two.directory, "--timeout", "0", "--json")
    assert (down.code, down.objects[0]["ledgers"][0]["anchored"]) == (3, 0)
    assert program("node", "ledgers", "list", two.directory).code == 3
    two.other.restart()
    up = program("node", "ledgers", "anchor", two.directory, "--timeout", "60", "--json")
    assert (up.code, up.objects[0]["ledgers"][0]["anchored"]) == (0, 3), up.err
    with two.open() as services:
        assert services.fsck().unchecked == []


def test_little_money_there_is_told_by_commands_that_ask_without_a_process_that_sends(
    two: Two, program: Program
) -> None:
    two.add(program)
    with two.open() as services:
        key = address_text(services.connection.signer.address)
    well = program("node", "status", two.directory, "--json")
    assert (well.code, well.objects[0]["problems"]) == (0, [])
    assert int(well.objects[0]["ledgers"][0]["balanceWei"]) == int(two.other.rpc("eth_getBalance", key, "latest"), 16)
    two.other.rpc("anvil_setBalance", key, hex(10**9))
    low = program("node", "status", two.directory, "--json")
    (problem,) = low.objects[0]["problems"]
    assert (low.code, problem["code"], "on ledger 1" in problem["sentence"]) == (0, "balance.low", True)
    checks = program("doctor", two.directory, "--json").objects[0]["checks"]
    (there,) = [check for check in checks if check["check"] == "other ledger"]
    assert there["outcome"] == "problem"
    assert there["sentence"] == "ledger 1 on chain 31337: no money for even one anchor at today's price"
    two.other.kill9()
    down = program("node", "status", two.directory, "--json").objects[0]
    assert down["ledgers"][0]["balanceWei"] is None
    assert "did not answer" in down["ledgers"][0]["problem"]


def test_home_down_does_not_hold_up_the_witness(two: Two, program: Program) -> None:
    two.add(program)
    with two.open() as services:
        batch(services, 0)
    two.home.kill9()
    done = program("node", "ledgers", "anchor", two.directory, "1", "--timeout", "60", "--json")
    assert (done.code, done.objects[0]["ledgers"][0]["anchored"]) == (0, 3), done.err
    with two.open() as services:
        # Without an anchor at home a file shows the promise alone.
        assert services.exporter.credential_file(services.store.entries.sealed(0, 1)[0]).proofs.anchors == ()


def test_what_somebody_else_anchored_there_is_not_anchored_over(two: Two, program: Program) -> None:
    two.add(program)
    with two.open() as services:
        batch(services, 0)
        assert services.anchor(timeout=60).reached
        chain, signer = open_chain(two.other.url), services.connection.signer
        two.other.rpc("anvil_impersonateAccount", address_text(signer.address))
        data = "0x" + call_data("anchor", 1, 1, 9, bytes([9]) * 32).hex()
        call = {"from": address_text(signer.address), "to": two.ledger, "data": data, "gas": hex(10**6)}
        two.other.rpc("eth_sendTransaction", call)
        witnessing = Witnessing(services.store, services.connection)
        done = witnessing.round(services.store.witnesses.get(1), time.time(), hurry=True)
        assert done.problem is not None
        assert "the chain is ahead of this store" in done.problem
        assert chain.nonce(signer.address) <= 1
        batch(services, 3)
        assert services.anchor(timeout=60).reached


def test_a_new_key_goes_on_with_what_the_old_one_had_queued(two: Two, program: Program) -> None:
    two.add(program)
    with two.open() as services:
        batch(services, 0)
        services.store.witnesses.outbox(1).add(
            _planned(services, services.store.witnesses.get(1), bytes.fromhex("11" * 20))
        )
    done = program("node", "ledgers", "anchor", two.directory, "--timeout", "60", "--json")
    assert done.code == 0, done.err
    assert (two.there.head(1).sequence, two.there.head(1).size) == (1, 3)


def _planned(services: Services, witness: Witness, key: bytes):  # type: ignore[no-untyped-def]
    from anchor.outbox import Intent

    newest = services.newest_checkpoint()
    assert newest is not None
    return Intent("anchor/1", key, witness.ledger, call_data("anchor", witness.issuer, 1, newest.size, newest.root))


def test_removed_it_is_left_alone_and_files_keep_what_stands_there(two: Two, program: Program) -> None:
    two.add(program)
    with two.open() as services:
        batch(services, 0)
        assert services.anchor(timeout=60).reached
    assert program("node", "ledgers", "anchor", two.directory, "--timeout", "60").code == 0
    assert program("node", "ledgers", "remove", two.directory, "1", "--json").code == 0
    assert program("node", "ledgers", "remove", two.directory, "1").code == 2
    with two.open() as services:
        entry = services.store.entries.sealed(0, 1)[0]
        assert len(services.exporter.credential_file(entry).proofs.anchors) == 2
        batch(services, 3)
    done = program("node", "ledgers", "anchor", two.directory, "--json")
    assert (done.code, done.objects[0]["ledgers"]) == (0, [])
    assert two.there.head(1).size == 3
    assert two.add(program)["number"] == 1


def test_a_chain_with_the_id_of_home_is_refused(two: Two, program: Program, tmp_path: Path) -> None:
    options = ("--chain-url", two.home.url, "--ledger", address_text(read_config(two.directory).home.ledger))
    refused = program("node", "ledgers", "add", two.directory, *options, "--register")
    assert refused.code == 2
    assert "same id as the home ledger's" in refused.err
    nothing = program("node", "ledgers", "add", two.directory, *options)
    assert nothing.code == 2
