"""What the chain last told of a credential's status, and the file status.json of a box that remembers bad news.

    {"format":"rootseal/wallet-status/1","status":[{"at":1790812800,"id":"<64 hex>","state":"revoked"}…]}

Only what is revoked or suspended stands there, so that a learner sees it before showing the credential, and it stays
until a chain says otherwise of a later time. It proves nothing to anybody: a verifier asks the chain itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from rootseal.canonical import Json
from rootseal.checks import status_check
from rootseal.commitment import Commitment
from rootseal.errors import InputError, RootsealError
from rootseal.facts import Facts, LedgerFacts
from rootseal.files import CredentialFile
from rootseal.instants import format_instant
from rootseal.policy import Policy
from rootseal.strict import array, hex_bytes, members, seconds, string
from rootseal.verdict import Check
from wallet.box import Box
from wallet.disk import PRIVATE_FILE, read_file, write_atomically
from wallet.shown import recording

__all__ = ["Standing", "State", "of_chain", "read_standings", "remember", "told_json", "warning", "worst_of"]

State = Literal["good", "revoked", "suspended", "unknown"]
_FORMAT: Final = "rootseal/wallet-status/1"
_LIMIT: Final = 16 << 20
_MAX: Final = 100_000
_STATES: Final[Mapping[str, State]] = {
    "status.ok": "good",
    "status.revoked": "revoked",
    "status.suspended": "suspended",
}
_KEPT: Final[Mapping[str, State]] = {"revoked": "revoked", "suspended": "suspended"}


@dataclass(frozen=True, slots=True)
class Standing:
    """`state` as of the block at `at` (UTC seconds). unknown: the chain did not say; `found` says why."""

    state: State
    at: int
    found: Check | None = None

    @property
    def is_bad(self) -> bool:
        """True iff a verifier refuses the credential for it."""
        return self.state in _KEPT


def of_chain(file: CredentialFile, facts: LedgerFacts, policy: Policy | None, now: int) -> Standing:
    """The check of status that a verifier makes, of the same facts."""
    listed = None if policy is None else policy.ledger(file.home)
    found = status_check(file.open(), Facts({file.home.key: facts}), listed, now)
    at = facts.final.timestamp if facts.status is None else facts.status.block.timestamp
    return Standing(_STATES.get(found.code, "unknown"), at, found)


def warning(standing: Standing | None) -> str:
    """For a person who may want to show it; empty where there is nothing to warn of."""
    if standing is None or not standing.is_bad:
        return ""
    what = "REVOKED by its issuer" if standing.state == "revoked" else "SUSPENDED by its issuer for the time being"
    return (
        f"{what}, as the chain said on {format_instant(standing.at)}: who verifies it is told so. "
        "Why, the issuer says in its mail, or when you ask."
    )


def told_json(standing: Standing | None) -> dict[str, Json]:
    """Members of the JSON answers of `update`, `wallet update` and `wallet list`."""
    if standing is None:
        return {"status": None, "statusAt": None}
    return {"status": standing.state, "statusAt": standing.at}


def worst_of(known: Mapping[Commitment, Standing], copies: Iterable[Commitment]) -> Standing | None:
    """The worst that is known of some copies of one credential, else None."""
    found = [known[one] for one in copies if one in known]
    return min(found, key=lambda one: (one.state != "revoked", -one.at), default=None)


def read_standings(box: Box) -> dict[Commitment, Standing]:
    """What is known to be revoked or suspended. A damaged file tells nothing: the next update finds it out again."""
    if not os.path.lexists(box.status):
        return {}
    try:
        m = members(json.loads(read_file(box.status, _LIMIT)), "status.json", ("format", "status"))
        if m["format"] != _FORMAT:
            return {}
        return dict(array(m["status"], "status.json.status", _entry, 0, _MAX))
    except (RootsealError, ValueError, RecursionError):
        return {}


def remember(box: Box, commitment: Commitment, found: Standing | None) -> Standing | None:
    """What is to be told of the credential now: `found`, or the bad news that is known of a later time.

    Where nobody could be asked (None, or unknown), bad news stays. Raises `InputError` where the disk refuses.
    """
    known = read_standings(box).get(commitment)
    said = found is not None and found.state != "unknown"
    if known is not None and (found is None or not said or found.at < known.at):
        return known
    if found is None or not said or (known is None and not found.is_bad):
        return found
    with recording(box):
        kept = {one: standing for one, standing in read_standings(box).items() if one != commitment}
        _write(box, {**kept, commitment: found} if found.is_bad else kept)
    return found


def _write(box: Box, standings: Mapping[Commitment, Standing]) -> None:
    entries = [
        {"at": standing.at, "id": commitment.hex(), "state": standing.state}
        for commitment, standing in sorted(standings.items())
    ]
    data = json.dumps({"format": _FORMAT, "status": entries}, separators=(",", ":"), sort_keys=True).encode()
    write_atomically(box.status, data, PRIVATE_FILE)


def _entry(value: Json, where: str) -> tuple[Commitment, Standing]:
    m = members(value, where, ("at", "id", "state"))
    state = _KEPT.get(string(m["state"], f"{where}.state"))
    if state is None:
        raise InputError(f"{where}.state", "must be revoked or suspended", m["state"])
    return Commitment(hex_bytes(m["id"], f"{where}.id", 32)), Standing(state, seconds(m["at"], f"{where}.at"))
