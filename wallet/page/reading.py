"""What the page says about a credential of the box, in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rootseal.claims import Claim
from rootseal.credential import read_document
from rootseal.ethereum import ZERO_ADDRESS, checksum_address
from rootseal.files import CredentialFile
from rootseal.instants import LAST_INSTANT, format_date, format_instant
from rootseal.policy import Policy, is_test
from wallet.accounts import Account
from wallet.box import Damaged, Held
from wallet.console import harmless
from wallet.disclosing import path_text
from wallet.merging import is_anchored
from wallet.page.refusing import why
from wallet.page.speaking import Speaker
from wallet.standing import Standing

__all__ = ["Card", "DamagedCard", "card", "claim_rows", "fact_rows", "warning_text"]

_LONG = 4_000
_VALUE = 600


@dataclass(frozen=True, slots=True)
class Card:
    """One credential, as the list and its own page head show it."""

    id: str
    short: str
    title: str
    issuer: str
    dates: str
    credits: str | None
    grade: str | None
    published: bool
    state: str
    holder: str
    signable: bool
    copies: str = ""
    test: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class DamagedCard:
    """A file that is no credential any more."""

    name: str
    reason: str


def card(held: Held, accounts: Iterable[Account], speak: Speaker, policy: Policy | None = None) -> Card:
    """Never raises for what a document says."""
    file, facts = held.file, read_document(held.file.credential)
    own = next((account for account in accounts if account.address == file.subject.holder), None)
    return Card(
        held.commitment.hex(),
        held.short_id,
        harmless(facts.title, 120) or speak("(no title)"),
        harmless(facts.issuer_name or facts.issuer_id or speak("unknown"), 120),
        _dates(file, speak),
        None if facts.credits is None else speak("{credits} ECTS credits", credits=facts.credits),
        facts.grade,
        is_anchored(file),
        _state(file, speak),
        _holder(file.subject.holder, own, speak),
        own is not None,
        test=_test(file, speak) if is_test(file.home, policy) else "",
    )


def _test(file: CredentialFile, speak: Speaker) -> str:
    return speak(
        "TEST: made on a test ledger (chain {chain}), on which anybody can issue anything. It is worth nothing.",
        chain=file.home.chain_id,
    )


def warning_text(standing: Standing | None, speak: Speaker) -> str:
    """What is to be known before it is shown; empty where nothing bad was told."""
    if standing is None or not standing.is_bad:
        return ""
    date = format_instant(standing.at)
    if standing.state == "revoked":
        return speak(
            "Revoked: its issuer took it back, as the chain said on {date}. Who checks it is told so. Why, the issuer "
            "says in its mail, or when you ask.",
            date=date,
        )
    return speak(
        "Suspended: its issuer has stopped it for the time being, as the chain said on {date}. Who checks it is told "
        "so. Why, the issuer says in its mail, or when you ask.",
        date=date,
    )


def damaged(entry: Damaged, speak: Speaker) -> DamagedCard:
    """For the list."""
    reason = speak.said(entry.reason) if entry.error is None else why(entry.error, speak)
    return DamagedCard(harmless(Path(entry.path).name, 100), harmless(reason, 500))


def fact_rows(document: object, speak: Speaker) -> list[tuple[str, str]]:
    """(label, value) of everything that is said in a form that people know."""
    return [
        (speak.label(_LABELS.get(name, name), number), harmless(value, _LONG))
        for name, number, value in read_document(document).named()
    ]


def claim_rows(claims: Iterable[Claim]) -> list[tuple[str, str]]:
    """(path, value) of every claim, one by one."""
    return [(harmless(path_text(claim.path), 300), value_text(claim.value)) for claim in claims]


def value_text(value: object) -> str:
    """A claim's value; a long one says how long it is."""
    text = str(value)
    cut = harmless(text, _VALUE)
    return cut if len(text) <= _VALUE else f"{cut} ({len(text)})"


_LABELS = {"awarded_on": "valid_from"}


def _dates(file: CredentialFile, speak: Speaker) -> str:
    start, end = file.dates
    if start and end:
        return speak("valid from {start} until {end}", start=format_date(start), end=format_date(end))
    if start:
        return speak("valid from {start}, without an end", start=format_date(start))
    return speak("valid until {end}", end=format_date(end)) if end else speak("without dates")


def _state(file: CredentialFile, speak: Speaker) -> str:
    if is_anchored(file):
        return speak("Published: it carries its proof.")
    promise = file.proofs.promise
    if promise is None:
        return speak("Without its issuer's proof yet. Update it before you show it.")
    end = format_date(min(promise.anchor_by, LAST_INSTANT))
    return speak("Promised: its issuer publishes it by {date}. Update it before you show it.", date=end)


def _holder(holder: bytes, own: Account | None, speak: Speaker) -> str:
    if holder == ZERO_ADDRESS:
        return speak("Issued to no key: it can be shown, but not be proven to be yours.")
    if own is None:
        return speak(
            "Issued to another address, {address}: this wallet cannot sign for it, a wallet in your browser may.",
            address=checksum_address(holder),
        )
    return speak("Issued to your address {address}.", address=checksum_address(holder))
