"""A promise on disk, `rootseal update`, and what an issuer's node answers about it."""

from __future__ import annotations

from pathlib import Path

from rootseal.anchoring import Proofs
from rootseal.canonical import dumps, loads
from rootseal.files import CredentialFile
from rootseal.policy import Policy
from tests.support.issued import Institution
from tests.support.program import Program, Run
from wallet.settings import write_policy


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


def route(institution: Institution) -> str:
    return f"/v1/proofs/{institution.sealed[0].commitment.hex()}"


def changed_answer(institution: Institution, **members: object) -> bytes:
    answer = loads(institution.proof_answer(0))
    assert isinstance(answer, dict)
    return dumps({**answer, **members})  # type: ignore[dict-item]


def telling(institution: Institution, proofs: Proofs) -> bytes:
    """What a node answers that tells these proofs."""
    commitment = institution.sealed[0].commitment.hex()
    return dumps({"format": "rootseal/proof/1", "commitment": commitment, **proofs.to_json()})
