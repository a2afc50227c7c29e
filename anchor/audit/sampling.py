"""Which of many files are looked at: drawn by a seed that everybody can know, so that nobody can have chosen.

The files are ordered by SHA-256("rootseal/sample/1" ‖ 0x00 ‖ seed ‖ 0x00 ‖ commitment); the first N are drawn. A
seed that nobody could foresee when the files were handed over (a later block's hash, a lottery's numbers) leaves no
choice to either side, and anybody who has the files can draw again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from anchor.audit.given_files import GivenFile
from rootseal.canonical import Json
from rootseal.errors import InputError

__all__ = ["Sample", "parse_sample"]

_TAG = b"rootseal/sample/1"


@dataclass(frozen=True, slots=True)
class Sample:
    """`count` out of `of` credentials, by `seed`."""

    seed: str
    count: int
    of: int = 0

    def draw(self, files: Sequence[GivenFile]) -> tuple[GivenFile, ...]:
        """The drawn ones, in the order in which they were given."""
        order = sorted(range(len(files)), key=lambda at: _rank(self.seed, files[at].credential.commitment))
        return tuple(files[at] for at in sorted(order[: self.count]))

    def to_json(self) -> Json:
        """The member `sample` of the report."""
        return {"seed": self.seed, "count": self.count, "of": self.of}


def parse_sample(text: str) -> Sample:
    """`SEED:N`. Raises `InputError`."""
    seed, colon, count = text.rpartition(":")
    known = colon and seed and len(seed) <= 200 and seed.isprintable() and count.isascii() and count.isdigit()
    if not known or not 1 <= int(count[:12]) <= 1_000_000:
        raise InputError("--sample", "must be SEED:N, as in 0x5f3c…:50: a public seed, and how many files", text[:80])
    return Sample(seed, int(count))


def _rank(seed: str, commitment: bytes) -> bytes:
    return sha256(_TAG + b"\0" + seed.encode() + b"\0" + commitment).digest()
