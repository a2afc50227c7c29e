"""One case: a call of `rootseal.verify` with its answer, and the world that most cases are about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rootseal.checks import Expected
from rootseal.facts import Facts, LedgerFacts
from rootseal.files import CredentialFile
from rootseal.policy import Policy
from rootseal.presentation import Presentation
from tests.support.world import AUDIENCE, NONCE, World

ASKED = Expected(AUDIENCE, NONCE)


@dataclass(frozen=True, slots=True)
class Case:
    """One call of `rootseal.verify`, its overall answer, and a code among the checks of `credential`."""

    data: bytes
    policy: Policy | None
    facts: Facts
    now: int
    code: str
    overall: str
    expected: Expected | None = None
    on: int | None = None
    credential: int = 0


def case_of(
    world: World,
    file: CredentialFile | Presentation | bytes,
    code: str,
    overall: str,
    ledger: LedgerFacts | None = None,
    **changes: Any,
) -> Case:
    """A case in that world; `changes` replace fields."""
    data = file if isinstance(file, bytes) else file.to_bytes()
    made = Case(data, world.policy, world.facts(ledger), world.now, code, overall)
    return replace(made, **changes)


W = World(chain_id=100)
"""Thirteen entries in three anchors, on a chain that is not for tests."""
ENTRY = 4
"""The entry that most cases are about: in the second anchor."""
