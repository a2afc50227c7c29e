"""Words that may leave the house: where and why a file is refused, without anything that stood in it.

Allow-lists only. A reader's message is taken apart, and every word, number or mark that is not listed here
becomes "…": a message that some day quotes a value gives nothing away.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MEMBERS", "WORDS", "capped", "safe_place", "safe_sentence"]

_MEMBER_LIST: Final = """
    format note home chain ledger issuer issuerDocument credential credentials seed subject holder credits creditId
    index promise size root path signedAt anchorBy signature anchors sequence previousSize transaction block number
    hash timestamp evidence header receiptIndex receiptProof logIndex validFrom validUntil count shown position value
    salt hidden audience nonce created expires signatures file
"""
MEMBERS: Final = frozenset(_MEMBER_LIST.split())
"""Names of the members of our formats: they stand in the specification and say nothing about anybody."""

_WORD_LIST: Final = """
    a above after all an and another are array as ascend at base64 be beyond below byte bytes canonical cannot chain
    character characters checksum claim claims claimed column container control credits date date-time decimal deeper
    delimiter depth digits document double duplicate eip155 element elements empty end ends equal exactly expecting
    exponent extra data false few forbidden form format from given gives has have hex hexadecimal hidden hold holder
    holds in index indexes integer invalid is issuer it its JSON key keys larger leap leaves lies line lines lone long
    lower-case may members member missing mixes more most multiple must name names negative nested no nor normal not
    null number object of one or out outside parent part parts path place property enclosed quotes real roots same
    scalar seconds shown show shows size spaces string strictly surrogate tag than that the there time to too true
    twice two under unicode unterminated starting UTC UTF value what where which whole with without written writes
    wrong year years allowed known large position publication Z C T RFC char 0x x EIP credential presentation rootseal
    creditsEarned escape rfc unknown exists subject seed
"""
WORDS: Final = frozenset(_WORD_LIST.split())
"""Words of the readers' own messages."""

_NUMBERS: Final = frozenset(("1970", "8785", "9999"))
_MARKS: Final = frozenset(" .,:;()/+−–-^")
_TOKEN: Final = re.compile(r"[A-Za-z0-9@][A-Za-z0-9_-]*|.", re.DOTALL)
_PLACE: Final = re.compile(r"\[[0-9]{1,3}\]|[A-Za-z@]+|.", re.DOTALL)
_OUT: Final = "…"


def capped(count: int) -> int:
    """At most 999: a number of four figures might be somebody's number."""
    return min(count, 999)


def safe_place(where: str) -> str:
    """The path of a member: our own names and short indexes stay, everything else becomes "…"."""
    parts = [part for part in _PLACE.findall(where) if part != "."]
    shown = [part if part in MEMBERS or (part.startswith("[") and len(part) > 2) else _OUT for part in parts]
    return _joined(".".join(shown).replace(".[", "["))


def safe_sentence(problem: str) -> str:
    """A reader's message with every word that is not on the list taken out."""
    return _joined("".join(token if _allowed(token) else _OUT for token in _TOKEN.findall(problem)))


def _allowed(token: str) -> bool:
    if token in _MARKS or token in _NUMBERS or token.lower() in _LOWERED:
        return True
    return token.isascii() and token.isdigit() and len(token) <= 3


def _joined(text: str) -> str:
    """Several omissions in a row are one."""
    return re.sub(rf"{_OUT}(?:[ .,:;-]*{_OUT})+", _OUT, text)


_LOWERED: Final = frozenset(word.lower() for word in WORDS | MEMBERS)
