"""Every finding that an audit can make: its stable code, how grave it is, and its plain sentence.

A code is `area.word`. Sentences are read by people of ministries and agencies: what was seen, and what
it means; no accusation where a mistake explains it as well. Severities:

critical  what the ledger or the log says cannot be relied on
serious   a rule or a promise was broken, or something that must be public is not
notice    lawful, but an auditor should know; alone it leaves the verdict clean
"""

from __future__ import annotations

from typing import Final, Literal

__all__ = ["CATALOGUE", "LIMITS", "OF_THE_RECORD", "SEVERITIES", "Severity"]

Severity = Literal["critical", "serious", "notice"]

SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "serious", "notice")

# Only a ledger with another program, or a provider that tells untruths, can break these.
_RULES: Final[dict[str, tuple[Severity, str]]] = {
    "issuer.number": ("critical", "Issuer {issuer} was registered where number {expected} was next."),
    "issuer.unknown": ("critical", "Something was recorded for issuer {issuer}, which was never registered."),
    "issuer.text": ("critical", "Issuer {issuer} has a name or address of a length that the ledger does not allow."),
    "admin.transfer": (
        "critical",
        "Control of issuer {issuer} passed to somebody who had not been invited to take it.",
    ),
    "document.unchanged": ("critical", "The description of issuer {issuer} was replaced by the very same one."),
    "key.order": ("critical", "A key of issuer {issuer} was added out of order: number {found} instead of {expected}."),
    "key.repeated": ("critical", "The same key was added twice for issuer {issuer}."),
    "key.roles": ("critical", "A key of issuer {issuer} was added with roles that do not exist."),
    "key.retirement": ("critical", "A key of issuer {issuer} was retired against the rules: {problem}."),
    "succession.invalid": ("critical", "The succession of issuer {issuer} broke the rules: {problem}."),
    "accreditation.invalid": ("critical", "An accreditation of issuer {issuer} broke the rules: {problem}."),
    "anchor.sequence": (
        "critical",
        "The numbered publications of issuer {issuer} have a gap or a repetition: number {found} came where "
        "{expected} was next.",
    ),
    "anchor.size": ("critical", "Publication {sequence} of issuer {issuer} does not make its log longer."),
    "anchor.previous": (
        "critical",
        "Publication {sequence} of issuer {issuer} says that the log had {found} entries before; it had {expected}.",
    ),
    "anchor.root": ("critical", "Publication {sequence} of issuer {issuer} has an empty fingerprint."),
    "anchor.repeated": (
        "critical",
        "Publication {sequence} of issuer {issuer} repeats the fingerprint of an earlier one.",
    ),
    "anchor.key": (
        "critical",
        "Publication {sequence} of issuer {issuer} was made with a key that was not entitled to it: {problem}.",
    ),
    "anchor.ended": ("critical", "Issuer {issuer} published again (number {sequence}) after another had succeeded it."),
    "status.key": (
        "critical",
        "A status of issuer {issuer} was changed with a key that was not entitled to it: {problem}.",
    ),
    "status.beyond": ("critical", "Issuer {issuer} changed the status of an entry that was not published yet."),
    "status.unchanged": ("critical", "A status change of issuer {issuer} was recorded that changes nothing."),
    "status.reason": ("critical", "A status change of issuer {issuer} has a reason that may not stand there."),
    "status.mixed": ("critical", "One status change of issuer {issuer} both sets and clears."),
    "status.unrevoked": (
        "critical",
        "Revocations of issuer {issuer} were taken back although no status key had been declared stolen, or by "
        "somebody who may not do so.",
    ),
    "history.order": ("critical", "The record runs backwards in time at block {block}."),
    "credits.claim": (
        "critical",
        "Credits were claimed for entry {index} of issuer {issuer} although {problem}.",
    ),
    "credits.redeem": ("critical", "Credits were recognised by institution {receiver} although {problem}."),
    "credits.token": ("critical", "Credits were handled against the rules: {problem}."),
}

_LEDGER: Final[dict[str, tuple[Severity, str]]] = {
    "ledger.code": (
        "critical",
        "The program at the ledger's address is not the published one, so none of its rules can be taken for granted.",
    ),
    "provider.incomplete": (
        "critical",
        "The chain provider kept events back: it showed fewer than the ledger itself counts ({missing}). Ask "
        "another provider.",
    ),
    "provider.disagree": (
        "critical",
        "The two chain providers disagree: {problem}. One of them is wrong; ask a third before relying on either.",
    ),
    "state.issuer": (
        "critical",
        "What the ledger says about issuer {issuer} differs from what its record adds up to: {field}.",
    ),
    "state.head": ("critical", "The ledger's last publication of issuer {issuer} differs from the recorded one."),
    "state.anchor": (
        "critical",
        "The ledger's answer about publication {sequence} of issuer {issuer} differs from the record.",
    ),
    "state.keys": ("critical", "The ledger's list of keys of issuer {issuer} differs from the record."),
    "state.documents": ("critical", "The ledger's list of descriptions of issuer {issuer} differs from the record."),
    "state.accreditations": (
        "critical",
        "The ledger's list of accreditations of issuer {issuer} differs from the record.",
    ),
    "state.status": (
        "critical",
        "The revocations or suspensions that the ledger shows for issuer {issuer} differ from the recorded changes "
        "({words} words).",
    ),
    "anchor.compromised": (
        "serious",
        "Publication {sequence} of issuer {issuer} was made with a key that its owner declared stolen for that time.",
    ),
    "status.compromised": (
        "serious",
        "Statuses of issuer {issuer} were changed with a key that its owner declared stolen for that time "
        "({changes} changes).",
    ),
    "status.annulled": (
        "notice",
        "Issuer {issuer} took back {bits} revocations after declaring a status key stolen, as the rules allow.",
    ),
    "accreditation.lapsed": (
        "serious",
        "Issuer {issuer} published {count} times, first in publication {sequence}, while its accreditation by "
        "{accreditor} was over or withdrawn.",
    ),
    "accreditation.document": (
        "serious",
        "Issuer {issuer} published {count} times, first in publication {sequence}, under a description of itself "
        "other than the one that {accreditor} accredited.",
    ),
    "issuer.silent": (
        "serious",
        "Issuer {issuer} published nothing for {days} days from {since} on; it is to be heard of every {limit} days.",
    ),
    "credits.code": (
        "critical",
        "The program at the address of the credits is not the published one, so none of its rules can be taken for "
        "granted.",
    ),
    "credits.ledger": ("critical", "The credits at this address are counted by another ledger than the audited one."),
    "credits.total": (
        "critical",
        "The credits that are counted for one holder from issuer {issuer} ({told}) are not what the valid claims add "
        "up to ({expected}).",
    ),
    "credits.state": (
        "critical",
        "What the credits contract says of a token of issuer {issuer} differs from its record.",
    ),
}

_LOG: Final[dict[str, tuple[Severity, str]]] = {
    "log.root": (
        "critical",
        "The log that issuer {issuer} publishes is not the one it anchored: from publication {sequence} on its "
        "entries do not give the anchored fingerprint. Entries were changed, reordered, added or left out.",
    ),
    "log.inconsistent": (
        "critical",
        "Publications {sequence} and {later} of issuer {issuer} contradict each other: the log was rewritten between "
        "them, for entries that give the later fingerprint do not give the earlier one.",
    ),
    "log.equivocation": (
        "critical",
        "Issuer {issuer} signed two different states of its log at the same length of {size} entries: one is "
        "published at {place}, another at {other}.",
    ),
    "log.unpublished": (
        "serious",
        "Issuer {issuer} publishes no log at {place}, although it anchored {size} entries.",
    ),
    "log.short": ("critical", "Issuer {issuer} publishes only {found} of the {expected} entries that it anchored."),
    "log.missing": (
        "serious",
        "Issuer {issuer} does not publish its entries from {index} on, although its log says that there are {size}.",
    ),
    "log.malformed": ("serious", "A part of the published log of issuer {issuer} cannot be read: {problem}."),
    "log.checkpoint": (
        "critical",
        "The summary that heads the published log of issuer {issuer} does not fit the entries below it.",
    ),
    "log.signature": (
        "serious",
        "The summary that heads the published log of issuer {issuer} is not signed with the key that the issuer "
        "registered.",
    ),
    "log.document": (
        "serious",
        "The description that issuer {issuer} publishes beside its log is not one that it registered, so its key "
        "cannot be trusted.",
    ),
    "log.tiles": (
        "serious",
        "The intermediate fingerprints that issuer {issuer} publishes ({path}) are missing or do not fit its entries.",
    ),
    "log.duplicate": (
        "serious",
        "The same credential stands more than once in the log of issuer {issuer}, first at places {first} and "
        "{second} ({count} repetitions).",
    ),
    "credits.entry": (
        "critical",
        "Credits were claimed for entry {index} of issuer {issuer}, which is another entry in the published log "
        "({count} such claims).",
    ),
    "file.missing": (
        "serious",
        "The credential in {file} is not in the log of issuer {issuer} at place {index}, where it says it is: it was "
        "left out, exchanged, or never issued. A promise in it would tell which.",
    ),
    "file.backdated": (
        "serious",
        "The credential in {file} is dated {dated}, {days} days before issuer {issuer} published it on {published}; "
        "up to {limit} days are accepted.",
    ),
    "promise.signature": (
        "serious",
        "The promise in {file} was not signed by a publication key of issuer {issuer}: it is not the issuer's, or "
        "was altered.",
    ),
    "promise.key": ("serious", "The promise in {file} was signed with a key that issuer {issuer} had retired before."),
    "promise.compromised": (
        "notice",
        "The promise in {file} was signed with a key that issuer {issuer} declared stolen, and nothing published "
        "before bears it out: it proves nothing.",
    ),
    "promise.unkept": (
        "serious",
        "Issuer {issuer} promised in {file} to publish {size} entries by {date}, and did not: {problem}.",
    ),
    "promise.equivocation": (
        "critical",
        "Issuer {issuer} signed two different states of its log at the same length of {size} entries: the one in "
        "{file}, and {other}.",
    ),
}

# What comes out when the record is played again on a fresh chain.
_REPLAY: Final[dict[str, tuple[Severity, str]]] = {
    "replay.refused": (
        "critical",
        "Played again on a fresh chain, the published program refuses something that the record holds as done "
        "(block {block}): the record, or what the provider tells of it, cannot be right.",
    ),
    "replay.events": (
        "critical",
        "Played again on a fresh chain, the same call leaves other events than the recorded ones (block {block}): "
        "the record, or what the provider tells of it, cannot be right.",
    ),
    "replay.state": (
        "critical",
        "Played again on a fresh chain, the record leads to another state of {whose} than it adds up to ({what}).",
    ),
}

OF_THE_RECORD: Final = frozenset(_RULES)
"""Codes that say the record itself is not what the contract can have emitted."""

CATALOGUE: Final[dict[str, tuple[Severity, str]]] = {**_RULES, **_LEDGER, **_LOG, **_REPLAY}

LIMITS: Final[tuple[str, ...]] = (
    "That the issuers are who they say they are, or deserve accreditation: the ledger registers anyone.",
    "That a credential's content is true, or that a course was taught. Only fingerprints were seen, no personal data.",
    "That credentials are not dated back, but for the files that were given: a block time shows that an entry existed "
    "by then, never since when.",
    "That the accreditors that were named deserve trust, and that an issuer which they never accredited should be.",
    "That everything an issuer handed out is in its log: who holds a promise or a file can check that one.",
    "That the chain provider showed the true chain and every event. Publications, keys and descriptions are counted by "
    "the ledger, and its answers about everything were compared with the record; but status changes that cancel each "
    "other out, and accreditors or holders of credits of whom nothing at all was shown, would not be missed. Give a "
    "second provider, and the two are compared.",
    "Anything after the last block named above.",
)
"""What a clean report does not prove, one sentence each."""
