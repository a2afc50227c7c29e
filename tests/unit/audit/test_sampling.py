"""Drawing files by a public seed: the same for everybody, and nothing that anybody could have chosen."""

from __future__ import annotations

from hashlib import sha256

import pytest

from anchor.audit.given_files import GivenFile
from anchor.audit.sampling import Sample, parse_sample
from rootseal.anchoring import Proofs
from rootseal.commitment import Commitment, Home
from rootseal.errors import InputError
from rootseal.opened import OpenedCredential

HOME = Home(31337, bytes(20), 1)


def given(number: int, name: str = "x") -> GivenFile:
    commitment = Commitment(sha256(b"%d" % number).digest())
    return GivenFile(name, OpenedCredential(HOME, None, (), False, 0, 0, 0, None, commitment, Proofs(number, None, ())))


def drawn(seed: str, count: int, files: list[GivenFile]) -> set[int]:
    return {one.index for one in Sample(seed, count).draw(files)}


def test_draw_depends_on_seed_and_commitments_alone() -> None:
    files = [given(number) for number in range(100)]
    first = drawn("0xabc", 10, files)
    assert len(first) == 10
    assert drawn("0xabc", 10, [given(number, f"name {number}") for number in reversed(range(100))]) == first
    assert drawn("0xabd", 10, files) != first
    assert drawn("0xabc", 5, files) < first
    assert drawn("0xabc", 1000, files) == set(range(100))


def test_draw_is_the_documented_one() -> None:
    files = [given(number) for number in range(20)]
    ranks = sorted(
        range(20), key=lambda n: sha256(b"rootseal/sample/1\0lottery 7\0" + sha256(b"%d" % n).digest()).digest()
    )
    assert drawn("lottery 7", 3, files) == set(ranks[:3])


def test_seed_may_hold_colons() -> None:
    assert parse_sample("eip155:1:0xabc:12") == Sample("eip155:1:0xabc", 12)


@pytest.mark.parametrize(
    "text", ["", "12", ":12", "seed:", "seed:0", "seed:-1", "seed:x", "seed:²", "a\nb:3", "s:1000001"]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--sample"):
        parse_sample(text)
