"""The record of which copy was shown to whom, in the learner's own words: the file shown.json of a box.

    {"format":"rootseal/shown/1","shown":[{"at":1790812800,"copy":"<64 hex>","who":"Example Ltd"}…]}

It is written before anything is handed out, so that a crash loses no entry, and never leaves the wallet but in a
backup. Specified in docs/spec/wallet-copies.md.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rootseal.canonical import Json
from rootseal.commitment import Commitment
from rootseal.errors import ConfigError, InputError
from rootseal.microcredential import clean_text
from rootseal.strict import array, hex_bytes, members, seconds, string
from wallet.box import Box
from wallet.disk import PRIVATE_FILE, read_file, remark, write_atomically
from wallet.phrases import Phrase, Remark

__all__ = [
    "FORGOTTEN",
    "MAX_WHO",
    "NOT_AS_WRITTEN",
    "UNNAMED",
    "Record",
    "Showing",
    "clean_who",
    "is_same",
    "read_record",
    "recording",
    "write_record",
]

MAX_WHO: Final = 1024
"""Characters: as many as the name of a verifier who asks may have."""

UNNAMED: Final = "?"
"""Who saw a copy without being named."""

FORGOTTEN: Final = (
    "Words cannot tell which copy of a credential was shown to whom: all copies look as if nobody had seen them, and "
    "one that somebody saw may be shown to another. A backup of the wallet brings the record back."
)
"""What somebody must know who restored a wallet from its words alone."""

NOT_AS_WRITTEN: Final = Phrase("it is not as a wallet writes it")
"""Why a file of the wallet is called damaged, in short."""

_FORMAT: Final = "rootseal/shown/1"
_MAX: Final = 10_000
_LIMIT: Final = 64 << 20
_SPACES: Final = re.compile(" {2,}")


@dataclass(frozen=True, slots=True)
class Showing:
    """One copy was shown to `who`, for the first time at `at` (UTC seconds)."""

    copy: Commitment
    who: str
    at: int

    def to_json(self) -> dict[str, Json]:
        """One element of `shown`."""
        return {"copy": self.copy.hex(), "who": self.who, "at": self.at}


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that was shown, in the order in which it was."""

    showings: tuple[Showing, ...] = ()

    def of(self, copy: Commitment) -> tuple[Showing, ...]:
        """Who saw that copy."""
        return tuple(one for one in self.showings if one.copy == copy)

    def others(self, copy: Commitment, who: str | None) -> tuple[Showing, ...]:
        """Who saw that copy besides `who`."""
        return tuple(one for one in self.of(copy) if who is None or not is_same(one.who, who))

    def to(self, who: str | None) -> tuple[Showing, ...]:
        """What `who` saw."""
        return tuple(one for one in self.showings if who is not None and is_same(one.who, who))

    def seen_by(self, copy: Commitment, who: str | None) -> bool:
        """True iff `who` saw that copy."""
        return who is not None and any(is_same(one.who, who) for one in self.of(copy))

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody once, in the words of the first time."""
        return tuple({_key(one.who): one.who for one in reversed(self.showings)}.values())[::-1]

    def plus(self, copy: Commitment, who: str, now: int) -> Record:
        """With one showing more; unchanged where `who` saw that copy before."""
        if self.seen_by(copy, who):
            return self
        return Record((*self.showings, Showing(copy, who, now)))


def clean_who(text: str, where: str = "--for") -> str:
    """The learner's own name for whom something is shown to, its white space made single. Raises `InputError`."""
    return clean_text(_SPACES.sub(" ", text), where, "the name of whom it is for", MAX_WHO)


def is_same(one: str, other: str) -> bool:
    """Capitals and spaces make nobody another."""
    return _key(one) == _key(other)


def read_record(box: Box) -> Record:
    """What stands in shown.json; empty where there is none. Raises `ConfigError` where it is damaged."""
    if not os.path.lexists(box.shown):
        return Record()
    data = read_file(box.shown, _LIMIT)
    try:
        m = members(json.loads(data, object_pairs_hook=_once), "shown.json", ("format", "shown"))
        if m["format"] != _FORMAT:
            raise InputError("format", f"must be {_FORMAT}")
        return Record(array(m["shown"], "shown.json.shown", _showing, 0, _MAX))
    except (ValueError, RecursionError) as error:
        problem = (
            "is damaged ({why}), and nothing else says which copy was shown to whom. Bring it back from a backup of "
            "the wallet. Without one, move it to another place: every copy then counts as shown to nobody, so that "
            "one may be shown to a second person"
        )
        why = Remark(str(error), NOT_AS_WRITTEN)
        raise ConfigError("shown.json", Phrase(problem, why=why), str(box.shown)) from None


def write_record(box: Box, record: Record) -> None:
    """Replace shown.json in one step, durably. Raises `InputError` where the disk refuses, or it is full."""
    if len(record.showings) > _MAX:
        said = "holds {most} entries, and no more; move it to another place to begin anew"
        raise InputError("shown.json", Phrase(said, most=f"{_MAX:,}"))
    shape = {"format": _FORMAT, "shown": [showing.to_json() for showing in record.showings]}
    data = json.dumps(shape, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    write_atomically(box.shown, data, PRIVATE_FILE)


@contextlib.contextmanager
def recording(box: Box) -> Iterator[None]:
    """One at a time: two programs must not take one copy for two people. Raises `InputError` for the folder."""
    try:
        folder = os.open(box.directory, os.O_RDONLY)
    except OSError as error:
        raise InputError(str(box.directory), Phrase("cannot be opened: {why}", why=remark(error))) from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _key(who: str) -> str:
    return " ".join(who.split()).casefold()


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a member stands there twice")
    return dict(pairs)


def _showing(value: Json, where: str) -> Showing:
    m = members(value, where, ("at", "copy", "who"))
    who = string(m["who"], f"{where}.who")
    if clean_who(who, f"{where}.who") != who:
        raise InputError(f"{where}.who", "is not as a wallet writes it")
    return Showing(
        Commitment(hex_bytes(m["copy"], f"{where}.copy", 32)),
        who,
        seconds(m["at"], f"{where}.at"),
    )
