"""docs/drills.md is typed as it stands, after the disaster that each drill is for, on the embedded chain."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from anchor.keys import create_keystore
from anchor.web3_chain import open_chain
from node.config import read_config
from node.ledger_keys import keystore_address
from rootseal.ethereum import address_text
from rootseal.instants import format_instant
from tests.support.devchain import ChainProcess, running_chain
from tests.support.program import Program, Run
from tests.support.thief import Thief
from tests.unit.node.nodes import TEMPLATES, roster

ROOT = Path(__file__).resolve().parents[2]
DRILLS = dict(
    re.findall(r"<!-- drill: ([a-z-]+) -->\n```sh\n(.*?)```", (ROOT / "docs" / "drills.md").read_text(), re.DOTALL)
)
PASSPHRASE = "correct horse"


@dataclass
class School:
    """A node called `college` in the folder that the commands are typed in."""

    program: Program
    chain: ChainProcess
    folder: Path
    words: dict[str, str] = field(default_factory=dict)

    def type(self, line: str) -> Run:
        """One line of the documentation."""
        filled = re.sub(r"\$([A-Z]+)", lambda match: self.words[match[1]], line)
        return self.program(*shlex.split(filled)[1:])

    def drill(self, name: str) -> Run:
        """Every line of a drill; each succeeds. The last one's answer."""
        for line in DRILLS[name].splitlines():
            if "node succeed" in line:
                # The number stands in what `node init` printed.
                self.words["SUCCESSOR"] = str(read_config(self.folder / "college-2").issuer)
            run = self.type(line)
            assert run.code == 0, f"{line}\n{run.out}\n{run.err}"
        return run

    def ok(self, *words: object) -> Run:
        run = self.program(*words)
        assert run.code == 0, f"{words}\n{run.out}\n{run.err}"
        return run

    def issue(self, count: int, *, first: int = 0) -> list[str]:
        """Issue, seal and anchor; the new ids."""
        (self.folder / "list.csv").write_bytes(roster(count, first=first))
        issued = self.ok("node", "issue", "college", "list.csv", "--json").objects[0]["issued"]
        self.ok("node", "seal", "college")
        return [row["id"] for row in issued]

    def export(self, entry_id: str) -> Path:
        self.ok("node", "export", "college", entry_id, "-o", "out")
        return self.folder / "out" / f"{entry_id.removeprefix('urn:uuid:')}.credential.json"

    def verdict(self, file: Path) -> tuple[str, set[str]]:
        """The overall verdict under the school's own policy, and the codes of all checks."""
        run = self.program("verify", file, "--policy", "college/policy.toml", "--json")
        found = run.objects[0]
        return found["overall"], {check["code"] for check in found["credentials"][0]["checks"]}


@pytest.fixture(scope="module")
def dev_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain"), state=False) as chain:
        yield chain


def quick_keys(directory: Path) -> None:
    """Keys that open quickly; `node init` keeps keys that are there."""
    directory.mkdir()
    (directory / "passphrase.txt").write_text(PASSPHRASE + "\n")
    for name in ("key.json", "admin-key.json"):
        create_keystore(directory / name, PASSPHRASE, "pbkdf2", 2)


@pytest.fixture
def school(
    capsys: pytest.CaptureFixture[str], dev_chain: ChainProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> School:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    quick_keys(tmp_path / "college")
    school = School(Program(capsys), dev_chain, tmp_path)
    school.ok("node", "init", "college", "--chain-url", dev_chain.url, "--deploy", "--name", "Coast College",
              "--country", "IE")  # fmt: skip
    (tmp_path / "templates.json").write_text(json.dumps([item.to_json() for item in TEMPLATES.values()]))
    school.ok("node", "templates", "add", "college", "templates.json")
    home = read_config(tmp_path / "college").home
    school.words |= {
        "RPC": dev_chain.url,
        "LEDGER": address_text(home.ledger),
        "ISSUER": f"{home.chain}:{address_text(home.ledger)}/{home.issuer}",
        "PREDECESSOR": str(home.issuer),
        "STOLEN": address_text(keystore_address(tmp_path / "college" / "key.json")),
    }
    return school


def test_every_drill_of_the_documentation_is_typed_here() -> None:
    assert set(DRILLS) == {"hot-key-lost", "person-leaves", "stolen-used-for-status", "stolen-anchored-over"}


def test_hot_key_lost_what_it_had_queued_is_done_by_the_new_one(school: School) -> None:
    first = school.issue(2)
    school.ok("node", "anchor", "college")
    school.ok("node", "suspend", "college", first[1])
    later = school.issue(2, first=2)
    (school.folder / "college" / "key.json").unlink()
    school.drill("hot-key-lost")
    assert read_config(school.folder / "college").key_file == "key-2.json"
    assert school.verdict(school.export(first[0]))[0] == "verified"
    assert school.verdict(school.export(later[0]))[0] == "verified"
    assert "status.suspended" in school.verdict(school.export(first[1]))[1]
    assert school.ok("node", "fsck", "college", "--json").objects[0]["clean"]


def test_person_leaves_and_the_old_admin_can_do_nothing(school: School) -> None:
    (school.folder / "new-admin.txt").write_text("another passphrase\n")
    school.words["NEW"] = "0x" + "00" * 20
    lines = DRILLS["person-leaves"].splitlines()
    assert lines[0].startswith("rootseal issuer new-key")
    assert school.type(lines[0]).code == 0
    school.words["NEW"] = address_text(keystore_address(school.folder / "new-admin.json"))
    for line in lines[1:]:
        run = school.type(line)
        assert run.code == 0, f"{line}\n{run.out}\n{run.err}"
    assert "became admin in the place of" in " ".join(run.out.split())
    refused = school.program("node", "keys", "add", "college")
    assert (refused.code, "is not the admin" in refused.err) == (2, True)
    ids = school.issue(1)
    school.ok("node", "anchor", "college")
    assert school.verdict(school.export(ids[0]))[0] == "verified"


def test_stolen_key_that_only_revoked(school: School) -> None:
    ids = school.issue(2)
    school.ok("node", "anchor", "college")
    file = school.export(ids[0])
    thief = Thief.of(school.folder / "college", PASSPHRASE)
    thief.revoke(json.loads(file.read_bytes())["index"])
    assert school.verdict(file)[0] == "rejected"
    school.words |= {"SINCE": format_instant(_now(school)), "REVOKED": ids[0]}
    early = school.program("node", "annul", "college", ids[0], "--yes")
    assert (early.code, "retired as compromised" in early.err) == (3, True)
    school.drill("stolen-used-for-status")
    assert school.verdict(file)[0] == "verified"
    more = school.issue(1, first=5)
    school.ok("node", "anchor", "college")
    assert school.verdict(school.export(more[0]))[0] == "verified"


def test_stolen_key_that_anchored_a_fake_which_stays_a_fake_under_later_good_anchors(school: School) -> None:
    ids = school.issue(2)
    school.ok("node", "anchor", "college")
    good = school.export(ids[0])
    thief = Thief.of(school.folder / "college", PASSPHRASE)
    fake = school.folder / "fake.credential.json"
    school.words["SINCE"] = format_instant(thief.anchor_false())
    thief.revoke(json.loads(good.read_bytes())["index"])
    fake.write_bytes(thief.false_file())
    assert school.verdict(fake)[0] == "verified", "before anybody knows, the fake is as good as its key"
    school.words["REVOKED"] = ids[0]
    later = create_keystore(school.folder / "later.json", PASSPHRASE, "pbkdf2", 2)
    school.ok("node", "keys", "add", "college", "--address", address_text(later.address))
    _give_money(school, later.address)
    thief.commitments.append(bytes(31) + b"\7")
    thief.anchor(signer=later)
    fake.write_bytes(thief.false_file())
    assert len(json.loads(fake.read_bytes())["anchors"]) == 2
    assert school.program("node", "anchor", "college").code == 2, "the chain is ahead of the store"
    told = school.drill("stolen-anchored-over")
    assert "succeeded issuer" in " ".join(told.out.split())
    overall, codes = school.verdict(fake)
    assert (overall, "issuer.compromised" in codes) == ("rejected", True)
    assert school.verdict(good)[0] == "verified"
    (school.folder / "list.csv").write_bytes(roster(1, first=7))
    school.ok("node", "issue", "college", "list.csv")
    ended = school.program("node", "seal", "college")
    assert (ended.code, "succeeded by issuer" in ended.err) == (3, True)


def _now(school: School) -> int:
    block = open_chain(school.chain.url).block("latest")
    assert block is not None
    return block.timestamp


def _give_money(school: School, address: bytes) -> None:
    from anchor.deploying import fund

    fund(open_chain(school.chain.url), address, 10**18)
