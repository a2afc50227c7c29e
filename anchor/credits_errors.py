"""The credits contract's custom errors in plain sentences: what it refuses, and the way out.

`anchor.ledger_errors` fills in the values; `ValueTooLarge` is there, for both contracts have it.
"""

from __future__ import annotations

from typing import Final

__all__ = ["CREDITS_SENTENCES"]

CREDITS_SENTENCES: Final = {
    "NoLedger": "there is no ledger at {ledger}: check the address and the chain",
    "NotTransferable": "credits stay with the learner who earned them and cannot be passed on",
    "NotApprovable": "nobody can be allowed to move credits, {operator} neither: they stay with their learner",
    "NoSuchToken": "these credits were never claimed, or their holder gave them up: claim them first",
    "ZeroHolder": "the credential was issued to no key: issue it again to the learner's address",
    "ZeroCredits": "the credential carries no credits, so there is nothing to claim",
    "ZeroCreditId": "the credential has no creditId, so it carries no credits that could be claimed",
    "ConsentExpired": "the learner's consent was good until {deadline} (it is {time} now): ask for a new one",
    "ConsentInvalid": (
        "the signature is not that of {holder} over this very text: the learner must sign again, with the key that"
        " the credential was issued to, for this chain and this contract"
    ),
    "AlreadyClaimed": "these credits were claimed before, as token {tokenId}: there is nothing left to do",
    "PathTooLong": "the proof has {length} hashes, more than the {max} of any log: update the credential's file",
    "RootNotAnchored": (
        "issuer {issuer} never anchored the root {root} on this chain: update the credential's file, or wait until"
        " its anchor is on chain"
    ),
    "IndexBeyondSize": "the log had {size} entries then, so that it has no entry {index}: update the credential's file",
    "NotIntroducingAnchor": (
        "entry {index} was introduced by an earlier anchor (this one begins at {previousSize}), and only that one"
        " counts: make the claim again from the credential's own file"
    ),
    "NotIncluded": (
        "the claim is not what entry {index} of {size} says: holder, credits or another value differ from what was"
        " issued, or the proof is another log's; make the claim again from the credential's own file"
    ),
    "AnchorKeyCompromised": (
        "key {keyIndex} of issuer {issuer} was compromised when it published this entry: the issuer must issue it again"
    ),
    "EntryRevoked": "entry {index} of issuer {issuer} is revoked, and its credits no longer count: ask the issuer why",
    "EntrySuspended": "entry {index} of issuer {issuer} is suspended: its credits count again when it is reinstated",
    "EarlierEntryNotRevoked": (
        "the same credits were claimed as token {earlier}, whose credential is not revoked: wait until the revocation"
        " of the old credential is on chain"
    ),
    "AlreadyRedeemed": "institution {receiver} recognised these credits already, and that can happen only once",
    "TokenVoided": "the same credits were claimed again from a later credential: use that one",
    "NotHolder": "{sender} does not hold these credits: only their holder may give them up",
    "NotStatusKey": (
        "{sender} is no active status key of institution {receiver}: send it with the node of the institution that"
        " the learner named"
    ),
    "Sha256Failed": "the chain does not compute SHA-256 as every Ethereum chain does: credits cannot be used on it",
}
"""Name of the error → sentence with its arguments in braces."""
