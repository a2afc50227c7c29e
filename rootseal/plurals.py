"""Numbers with the word for what they count, for sentences that people read."""

from __future__ import annotations

__all__ = ["agreeing", "counted"]


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 entry`, `2 entries`, `0 rows`; `many` is for words whose plural is another than -s or -ies."""
    return f"{number} {one if number == 1 else many or _plural(one)}"


def agreeing(number: int, one: str, many: str) -> str:
    """`is` or `are`, whichever goes with the number."""
    return one if number == 1 else many


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return f"{word[:-1]}ies"
    return f"{word}s"
