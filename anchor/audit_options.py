"""Options of `rootseal audit` that need reading: logs, standards, files, a policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from anchor.audit.conduct import DAY, Standards
from anchor.audit.given_files import GivenFile, read_given
from anchor.audit.promise_files import PromiseFile, read_promises
from anchor.audit.sampling import Sample
from anchor.audit.sources import Source, open_source
from anchor.chain import Chain
from anchor.pins import Pins
from rootseal.canonical import MAX_BYTES
from rootseal.commitment import Home
from rootseal.errors import InputError
from rootseal.ethereum import parse_address
from rootseal.policy import parse_policy

__all__ = ["Trusted", "given_files", "open_logs", "read_standards", "read_trusted"]

_MAX_DAYS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Trusted:
    """What a policy says of the audited ledger: whose accreditation counts, which credits contract, when final."""

    accreditors: tuple[bytes, ...] = ()
    credits: bytes | None = None
    finality: str | None = None


def open_logs(texts: Sequence[str]) -> tuple[tuple[Source, ...], dict[int, int]]:
    """Logs, and the issuer by position for those given as `N=PLACE`. Raises `InputError`."""
    owners: dict[int, int] = {}
    places = []
    for at, text in enumerate(texts):
        number, equals, place = text.partition("=")
        if equals and number.isascii() and number.isdigit() and int(number):
            owners[at] = int(number)
            text = place
        places.append(text)
    return tuple(open_source(place) for place in places), owners


def read_standards(accreditors: Sequence[str], trusted: Trusted, silence: Sequence[str], backdating: int) -> Standards:
    """`silence` are `DAYS` (for all) or `N=DAYS` (for one issuer); `backdating` in days. Raises `InputError`."""
    named = [parse_address(text, "--accreditor") for text in accreditors]
    everyone: int | None = None
    single: dict[int, int] = {}
    for text in silence:
        number, equals, days = text.rpartition("=")
        if equals:
            single[_number(number, "--silence", 1 << 63)] = _number(days, "--silence", _MAX_DAYS) * DAY
        else:
            everyone = _number(days, "--silence", _MAX_DAYS) * DAY
    return Standards(tuple(dict.fromkeys((*named, *trusted.accreditors))), everyone, single, backdating * DAY)


def read_trusted(path: Path | None, chain: Chain, ledger: bytes) -> Trusted:
    """What the policy in a file says of this ledger.

    Raises `InputError`, also where it does not name the ledger, and `WrongChain` where it pins another chain.
    """
    if path is None:
        return Trusted()
    policy = parse_policy(_read("--policy", path).decode("utf-8", "replace"))
    chain_id = chain.chain_id()
    found = policy.ledger(Home(chain_id, ledger, 1))
    if found is None:
        raise InputError("--policy", f"does not name this ledger on eip155:{chain_id}", path.name)
    Pins(chain_id, found.genesis).check_chain(chain)
    credits = None if found.credits is None else found.credits.address
    return Trusted(tuple(address for address, _ in found.accreditors), credits, found.finality)


def given_files(
    promises: Sequence[Path], files: Sequence[Path], sample: Sample | None = None, *, nameless: bool = False
) -> tuple[tuple[PromiseFile, ...], tuple[GivenFile, ...], Sample | None]:
    """Promises of both, the credentials of `files` that `sample` draws, and how they were drawn.

    `nameless`: files are named by the first 16 digits of their SHA-256. Raises `InputError` naming the option.
    """
    kept = [
        found
        for path in promises
        for data in [_read("--promise", path)]
        for found in read_promises(_name(path, data, nameless), data)
    ]
    given: Sequence[GivenFile] = [
        one
        for path in files
        for data in [_read("--file", path)]
        for one in read_given(_name(path, data, nameless), data)
    ]
    if sample is not None:
        sample = replace(sample, of=len(given), count=min(sample.count, max(len(given), 1)))
        given = sample.draw(given)
    for one in given:
        promise = one.credential.proofs.promise
        if promise is not None:
            kept.append(PromiseFile(one.file, one.home, promise))
    return tuple(kept), tuple(given), sample


def _name(path: Path, data: bytes, nameless: bool) -> str:
    return sha256(data).hexdigest()[:16] if nameless else path.name


def _read(option: str, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(option, f"cannot be read: {error.strerror}", str(path)) from error


def _number(text: str, option: str, limit: int) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:20]) <= limit:
        raise InputError(option, "must be a number of days, or ISSUER=DAYS", text)
    return int(text)
