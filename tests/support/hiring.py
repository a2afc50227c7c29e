"""Somebody who got files and asks `rootseal verify`, with a policy of his own and no node in sight."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rootseal.files import CredentialFile
from rootseal.policy import Policy
from rootseal.presentation import Presentation
from tests.support.issued import ChainPublisher, Institution
from tests.support.program import Program, Run
from wallet.settings import write_policy


@dataclass
class World:
    """A chain with one issuer (three anchored, one revoked; one only promised) and a verifier's policy."""

    url: str
    publisher: ChainPublisher
    institution: Institution
    policy: Policy

    def file(self, index: int = 0) -> CredentialFile:
        return self.institution.file(index)


@pytest.fixture(scope="module")
def world(publisher: ChainPublisher, institution: Institution) -> World:
    """The institution of these tests, its third credential revoked."""
    publisher.revoke(institution.home, 2)
    return World(publisher.url, publisher, institution, publisher.policy(institution.home, publisher.url))


class Employer:
    """Somebody who got files, with a policy of his own, and no node in sight."""

    def __init__(self, folder: Path, program: Program, world: World) -> None:
        self.folder = folder
        self.program = program
        self.policy = folder / "policy.toml"
        write_policy(self.policy, world.policy)

    def save(self, content: CredentialFile | Presentation | bytes, name: str = "a.json") -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.to_bytes())
        return path

    def verify(self, content: CredentialFile | Presentation | bytes, *words: object) -> tuple[int, dict[str, Any]]:
        """Exit code and verdict."""
        run = self.program("verify", self.save(content), "--policy", self.policy, "--json", *words)
        assert run.err == ""
        (verdict,) = run.objects
        return run.code, verdict

    def people(self, content: CredentialFile | Presentation | bytes, *words: object) -> Run:
        return self.program("verify", self.save(content), "--policy", self.policy, *words)


@pytest.fixture
def employer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], world: World, monkeypatch: pytest.MonkeyPatch
) -> Employer:
    """Whose policy names the world's issuer."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Employer(tmp_path, Program(capsys), world)


def codes(verdict: dict[str, Any]) -> list[str]:
    """The codes of the checks of the first credential."""
    return [check["code"] for check in verdict["credentials"][0]["checks"]]
