"""Is a statement about a credential's status the issuer's own word? Asked of the ledger's keys."""

from __future__ import annotations

from typing import Literal

from anchor.collecting import Sources, ledger_facts
from rootseal.ethereum import checksum_address
from rootseal.policy import Policy
from rootseal.reason import Reason

__all__ = ["Outcome", "judge"]

Outcome = Literal["confirmed", "refuted", "unknown"]
_STATUS_ROLE = 2


def judge(reason: Reason, policy: Policy | None, rpc: str | None) -> tuple[Outcome, str]:
    """Whether a key of the issuer that may write status signed it, and a sentence. Never raises for a chain."""
    key = reason.key
    if key is None:
        return "refuted", "The signature is none: this is not the issuer's word."
    facts = ledger_facts(reason.home, (), (), policy, Sources(rpc))
    if isinstance(facts, str):
        return "unknown", f"Who signed it could not be checked: {facts}"
    known = next((one for one in facts.keys if one.address == key), None)
    who = checksum_address(key)
    if known is None or not known.roles & _STATUS_ROLE:
        return "refuted", f"{who}, which signed it, is no status key of issuer {reason.home.issuer}."
    if known.compromised_since:
        # Who signs says when: a thief would say that it was before the theft.
        return "unknown", f"{who}, which signed it, was stolen at some time: ask the issuer for a new statement."
    if known.retired_at and reason.signed_at >= known.retired_at:
        return "refuted", f"{who} was retired before it signed this."
    return "confirmed", f"Signed by issuer {reason.home.issuer} ({who})."
