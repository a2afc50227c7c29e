"""Is the effect of a call on chain already? The `settled` of every intent that the node sends, to ledger or credits.

Read from the call data alone, so that a stored intent needs nothing else after a restart. Where
the effect is there, whoever brought it, nothing is sent: this is what keeps a store restored from a
backup, or a lost receipt, from anchoring or registering twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from anchor.chain import Chain
from anchor.credits import credits_settled
from anchor.ledger import REVOKED, SUSPENDED, Ledger, ledger_abi
from anchor.outbox import Intent

__all__ = ["settled"]

# Registrations are searched from the newest back. An older twin of the same admin and name is not found.
_REGISTRATIONS: Final = 256


def settled(chain: Chain, intent: Intent) -> bool:
    """True iff ledger or credits contract at latest shows the effect of `intent`; False for other calls."""
    call = ledger_abi().decode_call(intent.data)
    if call is None:
        return credits_settled(chain, intent.to, intent.data)
    if call[0] not in _CHECKS:
        return False
    name, arguments = call
    return bool(_CHECKS[name](Ledger(chain, intent.to), intent.key, *arguments))


def _anchor(ledger: Ledger, key: bytes, issuer: int, sequence: int, size: int, root: bytes) -> bool:
    found = ledger.anchor_of(issuer, root)
    return found is not None and (found.sequence, found.size) == (sequence, size)


def _register(ledger: Ledger, key: bytes, name: str, uri: str, document: bytes) -> bool:
    newest = ledger.issuer_count()
    for number in range(newest, max(newest - _REGISTRATIONS, 0), -1):
        found = ledger.issuer(number)
        if found is None or (found.admin, found.name, found.uri) != (key, name, uri):
            continue
        history = ledger.documents(number)
        return (history[0].document_hash if history else bytes(32)) == document or not any(document)
    return False


def _set_document(ledger: Ledger, key: bytes, issuer: int, document: bytes) -> bool:
    history = ledger.documents(issuer)
    return bool(history) and history[-1].document_hash == document


def _set_uri(ledger: Ledger, key: bytes, issuer: int, uri: str) -> bool:
    found = ledger.issuer(issuer)
    return found is not None and found.uri == uri


def _transfer_admin(ledger: Ledger, key: bytes, issuer: int, new_admin: bytes) -> bool:
    found = ledger.issuer(issuer)
    return found is not None and new_admin in (found.pending_admin, found.admin)


def _accept_admin(ledger: Ledger, key: bytes, issuer: int) -> bool:
    found = ledger.issuer(issuer)
    return found is not None and found.admin == key


def _add_key(ledger: Ledger, key: bytes, issuer: int, added: bytes, roles: int) -> bool:
    found = ledger.key_of(issuer, added)
    return found is not None and found.roles == roles


def _retire_key(ledger: Ledger, key: bytes, issuer: int, retired: bytes, compromised_since: int) -> bool:
    found = ledger.key_of(issuer, retired)
    if found is None or not found.retired_at:
        return False
    return not compromised_since or 0 < found.compromised_since <= compromised_since


def _succeed(ledger: Ledger, key: bytes, issuer: int, successor: int) -> bool:
    found = ledger.issuer(issuer)
    return found is not None and successor in (found.proposed_successor, found.successor)


def _accept_succession(ledger: Ledger, key: bytes, issuer: int) -> bool:
    found = ledger.issuer(issuer)
    return found is not None and found.successor != 0


def _accredit(ledger: Ledger, key: bytes, issuer: int, document: bytes, scope: str, valid_until: int) -> bool:
    return any(
        (given.document_hash, given.scope, given.valid_until, given.ended_at) == (document, scope, valid_until, 0)
        for given in ledger.accreditations(issuer, key)
    )


def _withdraw(ledger: Ledger, key: bytes, issuer: int, document: bytes) -> bool:
    given = [entry for entry in ledger.accreditations(issuer, key) if entry.document_hash == document]
    return bool(given) and given[-1].ended_at != 0


def _bits(purpose: int, wanted: bool) -> Callable[..., bool]:
    def check(
        ledger: Ledger, key: bytes, issuer: int, words: tuple[int, ...], masks: tuple[int, ...], reason: int = 0
    ) -> bool:
        # A word beyond the head means nothing was anchored there: the call would revert, and is not settled.
        size = ledger.head(issuer).size
        current = ledger.status_words(issuer, purpose, size)
        pairs = zip(words, masks, strict=False)
        return all(word < len(current) and current[word] & mask == (mask if wanted else 0) for word, mask in pairs)

    return check


_CHECKS: Final[dict[str, Callable[..., Any]]] = {
    "anchor": _anchor,
    "register": _register,
    "setDocument": _set_document,
    "setUri": _set_uri,
    "transferAdmin": _transfer_admin,
    "acceptAdmin": _accept_admin,
    "addKey": _add_key,
    "retireKey": _retire_key,
    "succeed": _succeed,
    "acceptSuccession": _accept_succession,
    "accredit": _accredit,
    "withdraw": _withdraw,
    "revoke": _bits(REVOKED, True),
    "suspend": _bits(SUSPENDED, True),
    "reinstate": _bits(SUSPENDED, False),
    "annul": _bits(REVOKED, False),
}
