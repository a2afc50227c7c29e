"""A school's node called `college`, for the drills of docs/drills.md: typed as they stand, on a development chain."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from anchor.keys import create_keystore
from node.config import read_config
from node.ledger_keys import keystore_address
from rootseal.ethereum import address_text
from tests.support.devchain import ChainProcess
from tests.support.program import Program, Run
from tests.unit.node.nodes import TEMPLATES, roster

__all__ = ["DRILLS", "PASSPHRASE", "School", "open_school", "quick_keys"]

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
            if "node succeed" in line or "$NEWISSUER" in line:
                # The number stands in what `node init` printed.
                successor = read_config(self.folder / "college-2").home
                self.words["SUCCESSOR"] = str(successor.issuer)
                self.words["NEWISSUER"] = f"{successor.chain}:{address_text(successor.ledger)}/{successor.issuer}"
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

    def new_admin(self, name: str) -> str:
        """A key on another machine, `NAME-admin.json` with its passphrase beside; its address."""
        (self.folder / f"{name}-admin.txt").write_text("another passphrase\n")
        signer = create_keystore(self.folder / f"{name}-admin.json", "another passphrase", "pbkdf2", 2)
        return address_text(signer.address)

    def verdict(self, file: Path, node: str = "college") -> tuple[str, set[str]]:
        """The overall verdict under the school's own policy, and the codes of all checks."""
        run = self.program("verify", file, "--policy", f"{node}/policy.toml", "--json")
        found = run.objects[0]
        return found["overall"], {check["code"] for check in found["credentials"][0]["checks"]}


def quick_keys(directory: Path) -> None:
    """Keys that open quickly; `node init` keeps keys that are there."""
    directory.mkdir()
    (directory / "passphrase.txt").write_text(PASSPHRASE + "\n")
    for name in ("key.json", "admin-key.json"):
        create_keystore(directory / name, PASSPHRASE, "pbkdf2", 2)


def open_school(program: Program, chain: ChainProcess, folder: Path) -> School:
    """Registered, with two micro-credentials; `folder` must be the one that commands are typed in."""
    quick_keys(folder / "college")
    school = School(program, chain, folder)
    school.ok("node", "init", "college", "--chain-url", chain.url, "--deploy", "--name", "Coast College",
              "--country", "IE")  # fmt: skip
    (folder / "templates.json").write_text(json.dumps([item.to_json() for item in TEMPLATES.values()]))
    school.ok("node", "templates", "add", "college", "templates.json")
    home = read_config(folder / "college").home
    school.words |= {
        "RPC": chain.url,
        "LEDGER": address_text(home.ledger),
        "ISSUER": f"{home.chain}:{address_text(home.ledger)}/{home.issuer}",
        "PREDECESSOR": str(home.issuer),
        "STOLEN": address_text(keystore_address(folder / "college" / "key.json")),
    }
    return school
