"""A node `college` with credits in use, a learner's wallet, and other institutions on the same ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from anchor.credits import Credits
from anchor.keys import create_keystore
from anchor.web3_chain import open_chain
from node.config import read_config
from tests.support.devchain import ChainProcess, running_chain
from tests.support.program import Program, Run
from tests.support.school import PASSPHRASE, quick_keys
from tests.unit.node.nodes import HEADER, TEMPLATES


@pytest.fixture(scope="module", params=["embedded", "anvil"])
def dev_chain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    """Each engine, for a module of tests."""
    with running_chain(request.param, tmp_path_factory.mktemp("chain"), state=False) as chain:
        yield chain


@dataclass
class School:
    """A node `college` with credits in use, a wallet, and the program."""

    program: Program
    chain: ChainProcess
    folder: Path

    def run(self, words: str, *rest: object, code: int = 0) -> dict[str, Any]:
        """One command with --json; its object."""
        run = self.raw(words, *rest, "--json")
        assert run.code == code, f"{words} {rest}\n{run.out}\n{run.err}"
        found: dict[str, Any] = run.objects[-1] if run.objects else {}
        return found

    def raw(self, words: str, *rest: object) -> Run:
        return self.program(*words.split(), *rest)

    @property
    def node(self) -> Path:
        return self.folder / "college"

    @property
    def policy(self) -> Path:
        return self.node / "policy.toml"

    @property
    def secret(self) -> tuple[str, Path]:
        return "--passphrase-file", self.folder / "passphrase.txt"

    def wallet(self, name: str = "wallet") -> tuple[Path, str]:
        """A new wallet with a key that opens quickly; its folder and address."""
        folder = self.folder / name
        (folder / "credentials").mkdir(parents=True)
        return folder, "0x" + create_keystore(folder / "keystore.json", PASSPHRASE, "pbkdf2", 2).address.hex()

    def issue(self, holders: list[str], first: int = 0, template: str = "ledgers") -> list[str]:
        """One credential a holder, on chain; the ids."""
        rows = [
            f"{n:08},Ana {n},Kovač,l{n}@example.edu,{template},2026-10-01,,{h}\n" for n, h in enumerate(holders, first)
        ]
        (self.folder / "list.csv").write_text(HEADER + "".join(rows))
        found = self.run("node issue", self.node, self.folder / "list.csv")
        self.publish()
        return [str(row["id"]) for row in found["issued"]]

    def publish(self) -> None:
        self.run("node seal", self.node)
        self.run("node anchor", self.node)

    def hand_out(self, entry_id: str, wallet: Path) -> str:
        """Export one credential and receive it; its id in the wallet."""
        out = self.folder / f"out-{wallet.name}"
        self.run("node export", self.node, entry_id, "-o", out)
        name = f"{entry_id.removeprefix('urn:uuid:')}.credential.json"
        return str(self.run("wallet receive", wallet, out / name)["id"])

    def claim(self, wallet: Path, commitment: str, name: str = "a") -> Path:
        file = self.folder / f"{name}.claim.json"
        self.run("wallet claim", wallet, commitment, "-o", file, "--policy", self.policy, *self.secret)
        return file

    def credits(self) -> Credits:
        address = read_config(self.node).credits_contract
        assert address is not None
        return Credits(open_chain(self.chain.url), address)

    def sums(self, wallet: Path, code: int = 0) -> dict[str, int]:
        found = self.run("wallet credits", wallet, "--policy", self.policy, code=code)
        total = found["total"]
        assert isinstance(total, dict)
        return {name: amount for name, amount in total.items() if amount}


@pytest.fixture
def school(
    capsys: pytest.CaptureFixture[str], dev_chain: ChainProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> School:
    """The node, registered and with its credits contract on chain."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "passphrase.txt").write_text(PASSPHRASE + "\n")
    made = School(Program(capsys), dev_chain, tmp_path)
    quick_keys(made.node)
    made.run("node init", made.node, "--chain-url", dev_chain.url, "--deploy", "--name", "Coast College")
    made.run("node credits deploy", made.node)
    (tmp_path / "templates.json").write_text(json.dumps([item.to_json() for item in TEMPLATES.values()]))
    made.run("node templates add", made.node, tmp_path / "templates.json")
    return made


def second_school(school: School, name: str = "abroad") -> tuple[Path, int]:
    """Another institution on the same ledger, with the same credits contract; its folder and number."""
    node, config = school.folder / name, read_config(school.node)
    quick_keys(node)
    ledger = f"0x{config.home.ledger.hex()}"
    made = school.run("node init", node, "--chain-url", school.chain.url, "--ledger", ledger, "--name", name)
    assert config.credits_contract is not None
    school.run("node credits deploy", node, "--contract", f"0x{config.credits_contract.hex()}")
    return node, int(str(made["issuer"]))
