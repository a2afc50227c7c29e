"""The record of who saw which copy: exact, never half there, refused where it is damaged."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootseal.commitment import Commitment
from rootseal.errors import ConfigError, InputError
from wallet.box import Box
from wallet.shown import MAX_WHO, Record, clean_who, is_same, read_record, write_record

ONE, TWO = Commitment(b"\x01" * 32), Commitment(b"\x02" * 32)
AT = 1_790_820_000


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box.create(tmp_path / "box")


def whole(*entries: object) -> bytes:
    return json.dumps({"format": "rootseal/shown/1", "shown": entries}).encode()


GOOD = {"at": AT, "copy": ONE.hex(), "who": "Example Ltd"}


def test_what_is_written_is_read(box: Box) -> None:
    assert read_record(box) == Record()
    record = Record().plus(ONE, "Example Ltd", AT).plus(TWO, "Žito d.o.o. “Mlin”", AT + 5)
    write_record(box, record)
    assert read_record(box) == record
    assert stat.S_IMODE(box.shown.stat().st_mode) == 0o600
    assert json.loads(box.shown.read_bytes())["shown"][0] == GOOD
    assert [path.name for path in box.directory.iterdir() if path.name.startswith(".")] == []


def test_the_same_person_stands_there_once_with_the_first_day() -> None:
    record = Record().plus(ONE, "Example Ltd", AT)
    assert record.plus(ONE, " example   LTD", AT + 9) == record
    assert record.plus(TWO, "Example Ltd", AT + 9).names == ("Example Ltd",)
    assert (
        record.seen_by(ONE, "EXAMPLE LTD") and not record.seen_by(TWO, "Example Ltd") and not record.seen_by(ONE, None)
    )
    assert [one.who for one in record.plus(ONE, "Other", AT).others(ONE, "example ltd")] == ["Other"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty", b""),
        ("cut", whole(GOOD)[:-9]),
        ("no object", b"[]"),
        ("another version", whole(GOOD).replace(b"/1", b"/2")),
        ("a member more", whole({**GOOD, "note": "x"})),
        ("a member less", whole({"at": AT, "who": "x"})),
        ("a member twice", b'{"format":"rootseal/shown/1","shown":[],"shown":[]}'),
        ("no commitment", whole({**GOOD, "copy": "12"})),
        ("no name", whole({**GOOD, "who": ""})),
        ("a name of control characters", whole({**GOOD, "who": "a\u0000b"})),
        ("a name that no wallet writes", whole({**GOOD, "who": " Example"})),
        ("a lone surrogate", whole({**GOOD, "who": "\ud800"})),
        ("a time before time", whole({**GOOD, "at": -1})),
        ("a time after time", whole({**GOOD, "at": 1 << 60})),
        ("a time of words", whole({**GOOD, "at": "today"})),
        ("deep", b"[" * 100_000),
        ("no text", b"\xff\xfe\x00"),
        ("too many", whole(*[GOOD] * 10_001)),
    ],
)  # fmt: skip
def test_a_damaged_record_is_refused_with_the_way_out(box: Box, name: str, content: bytes) -> None:
    box.shown.write_bytes(content)
    with pytest.raises(ConfigError, match="backup") as caught:
        read_record(box)
    assert "move it" in str(caught.value) and str(box.shown)[:40] in str(caught.value)
    assert box.shown.read_bytes() == content


def test_a_folder_and_a_broken_link_in_its_place_are_refused(box: Box) -> None:
    box.shown.symlink_to(box.directory / "nothing")
    with pytest.raises(InputError, match="cannot be read"):
        read_record(box)
    box.shown.unlink()
    box.shown.mkdir()
    with pytest.raises(InputError, match="not a file"):
        read_record(box)


def test_a_full_record_is_told_and_kept(box: Box) -> None:
    full = Record(tuple(Record().plus(ONE, f"Number {at}", AT).showings[0] for at in range(10_000)))
    write_record(box, full)
    with pytest.raises(InputError, match="10,000"):
        write_record(box, full.plus(TWO, "One more", AT))
    assert read_record(box) == full


@pytest.mark.parametrize(
    "who", ["", "   ", "a\nb", "a\x00b", "\x1b[2J", "a\u202eb", "a\u2028b", "A" * 10_000, "A" * (MAX_WHO + 1), "\ud800"]
)
def test_a_hostile_name_is_refused(who: str) -> None:
    with pytest.raises(InputError, match="--for"):
        clean_who(who)


@given(st.text(max_size=60), st.text(max_size=60))
def test_names_survive_and_are_the_same_or_not(one: str, other: str) -> None:
    try:
        cleaned = clean_who(one)
    except InputError:
        return
    assert clean_who(cleaned) == cleaned and is_same(cleaned, f"  {cleaned} ") and is_same(cleaned, cleaned)
    assert is_same(one, other) == is_same(other, one)


def test_the_example_in_the_specification_is_a_record(box: Box) -> None:
    text = (Path(__file__).parents[3] / "docs" / "spec" / "wallet-copies.md").read_text(encoding="utf-8")
    example = text.partition("<!-- example-shown -->\n```json\n")[2].partition("```")[0]
    box.shown.write_text(example, encoding="utf-8")
    assert read_record(box).names == ("Example Ltd", "Žito d.o.o.")
