"""English sentences that can be said in another language: what the wallet's refusals are made of.

A `Phrase` is its English text, so that commands print it as it is; it also keeps what it was made of, so that the
page can say it in its own language (`wallet.page.speaking`). What other layers said is a `Remark`. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from rootseal.verdict import Check

__all__ = ["Phrase", "Remark"]


class Phrase(str):
    """`sentence` with its placeholders filled by `values`: numbers, names, checks, and further phrases and remarks."""

    __slots__ = ("sentence", "values")
    sentence: str
    values: Mapping[str, object]

    def __new__(cls, sentence: str, **values: object) -> Phrase:
        english = {name: one.reason if isinstance(one, Check) else one for name, one in values.items()}
        made = super().__new__(cls, sentence.format_map(english) if values else sentence)
        made.sentence, made.values = sentence, values
        return made


class Remark(str):
    """The English words of another layer. `instead` is what is said in other languages; empty: the words themselves."""

    __slots__ = ("instead",)
    instead: str

    def __new__(cls, words: str, instead: str | None = None) -> Remark:
        made = super().__new__(cls, words)
        made.instead = instead or ""
        return made
