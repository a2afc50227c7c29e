"""The commands of the admin as they are typed, on the embedded chain: what the drills do not type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.ledger import Ledger
from anchor.web3_chain import open_chain
from node.config import read_config, write_config
from rootseal.ethereum import checksum_address
from tests.integration.test_drills import quick_keys
from tests.support.devchain import ChainProcess, running_chain
from tests.support.program import Program
from tests.unit.node.nodes import TEMPLATES, roster

OTHER = "0x" + "0" * 38 + "aa"


@pytest.fixture(scope="module")
def dev_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain"), state=False) as chain:
        yield chain


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


@pytest.fixture
def college(program: Program, dev_chain: ChainProcess, tmp_path: Path) -> Path:
    node = tmp_path / "college"
    quick_keys(node)
    begun = program("node", "init", node, "--chain-url", dev_chain.url, "--deploy", "--name", "College")
    assert begun.code == 0, begun.err
    return node


def ledger(node: Path, chain: ChainProcess) -> Ledger:
    return Ledger(open_chain(chain.url), read_config(node).home.ledger)


def test_publish_shows_then_puts_in_force_and_says_so_again(
    program: Program, college: Path, dev_chain: ChainProcess
) -> None:
    assert "nothing to do" in program("node", "publish", college).out
    write_config(college, replace(read_config(college), url="https://college.example"))
    tried = program("node", "publish", college, "--dry-run", "--json").objects[0]
    assert (tried["done"], tried["document"]["url"]) == (False, "https://college.example")
    assert tried["cost"]["gas"] > 20_000
    admin = ledger(college, dev_chain).issuer(1)
    assert admin is not None
    unsigned = program("node", "publish", college, "--admin", checksum_address(admin.admin), "--json")
    assert (unsigned.code, unsigned.objects[0]["done"]) == (3, False)
    call = unsigned.objects[0]["calls"][0]
    assert call["data"].endswith(tried["hash"])
    assert len(ledger(college, dev_chain).documents(1)) == 1
    done = program("node", "publish", college, "--json")
    assert (done.code, done.objects[0]["hash"]) == (0, tried["hash"])
    assert ledger(college, dev_chain).documents(1)[-1].document_hash.hex() == tried["hash"]
    again = program("node", "publish", college, "--admin", checksum_address(admin.admin), "--json")
    assert (again.code, again.objects[0]["done"]) == (0, True), "what was signed elsewhere is found on chain"


def test_without_the_admins_key_the_call_is_printed(program: Program, college: Path) -> None:
    (college / "admin-key.json").rename(college.parent / "safe.json")
    run = program("node", "keys", "add", college, "--roles", "status", "--address", OTHER)
    assert (run.code, "data  0x" in run.out, "run the same command again" in run.out) == (3, True, True)
    given = program("node", "keys", "add", college, "--roles", "status", "--address", OTHER, "--key",
                    college.parent / "safe.json")  # fmt: skip
    assert given.code == 0, given.err
    listed = program("node", "keys", college, "list", "--json").objects[0]["keys"]
    assert [(key["anchors"], key["writesStatus"], key["own"]) for key in listed] == [
        (True, True, True),
        (False, True, False),
    ]


def test_what_cannot_be_undone_is_asked_first(program: Program, college: Path) -> None:
    tried = program("node", "keys", "retire", college, "0", "--dry-run", "--json")
    assert (tried.code, tried.objects[0]["done"]) == (0, False)
    refused = program("node", "keys", "retire", college, "0")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert program("node", "keys", "retire", college, "0", "--compromised-since", "soon", "--yes").code == 2
    assert program("node", "keys", "retire", college, "7", "--yes").code == 2
    assert program("node", "keys", "list", college, "--json").objects[0]["keys"][0]["retiredAt"] is None
    assert program("node", "admin", "accept", college).code == 0, "the admin is the admin already"


def test_one_issuer_vouches_for_another_on_its_ledger(
    program: Program, college: Path, dev_chain: ChainProcess, tmp_path: Path
) -> None:
    document = program("node", "publish", college, "--json").objects[0]["document"]
    file = tmp_path / "issuer.json"
    file.write_text(json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False))
    words = ["node", "accredit", college, 1, "--document", file, "--scope", "Everything", "--until", "2100-01-01"]
    tried = program(*words, "--dry-run", "--json").objects[0]
    assert (tried["done"], tried["until"]) == (False, 4_102_444_800)
    assert program(*words).code == 2
    assert program(*words, "--yes").code == 0
    admin = ledger(college, dev_chain).issuer(1)
    assert admin is not None
    given = ledger(college, dev_chain).accreditations(1, admin.admin)
    assert [(entry.scope, entry.ended_at) for entry in given] == [("Everything", 0)]
    file.write_text("{}")
    assert program(*words, "--yes").code == 1
    assert program("node", "accredit", college, 1, "--withdraw", "--yes").code == 0
    assert program("node", "accredit", college, 1, "--withdraw", "--yes").code == 2


def test_a_list_of_revocations_is_reported_row_by_row(program: Program, college: Path, tmp_path: Path) -> None:
    (tmp_path / "templates.json").write_text(json.dumps([item.to_json() for item in TEMPLATES.values()]))
    (tmp_path / "list.csv").write_bytes(roster(3))
    assert program("node", "templates", "add", college, tmp_path / "templates.json").code == 0
    rows = program("node", "issue", college, tmp_path / "list.csv", "--json").objects[0]["issued"]
    assert program("node", "seal", college).code == 0
    assert program("node", "anchor", college).code == 0
    bad = tmp_path / "bad.csv"
    bad.write_text("id\n" + rows[0]["id"] + "\nnobody\n" + rows[1]["id"] + "\n")
    tried = program("node", "revoke", college, "--file", bad, "--dry-run", "--json")
    assert (tried.code, tried.objects[0]["counts"]["queued"], tried.objects[0]["intents"]) == (1, 2, [])
    done = program("node", "revoke", college, "--file", bad, "--json")
    assert (done.code, len(done.objects[0]["intents"])) == (1, 1)
    said = program("node", "revoke", college, "--file", bad)
    assert (said.code, "2 asked for before" in said.out, "line 3: " in said.out) == (1, True, True)
    assert program("node", "revoke", college).code == 2
    assert program("node", "revoke", college, rows[0]["id"], "--file", bad).code == 2
    assert program("node", "suspend", college, rows[2]["id"], "--dry-run").code == 2
