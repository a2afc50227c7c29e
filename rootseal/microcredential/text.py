"""Text that people typed: what may enter a credential, and what may reach a screen.

CONSENSUS-CRITICAL: text is bound by a hash once issued, so it is normalised (Unicode NFC)
and refused here, at the edge, and never silently changed afterwards.
"""

from __future__ import annotations

import unicodedata

from rootseal.errors import InputError

__all__ = ["clean_text", "display_text"]

# Zero-width joiner and non-joiner: letters of Persian and several Indic names need them.
_JOINERS = "\u200c\u200d"
_REFUSED_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def clean_text(value: object, where: str, what: str, limit: int) -> str:
    """`value` as NFC text without surrounding white space, at most `limit` characters.

    `what` names the element in plain words. Refuses other types, empty text, control and
    line-break characters, invisible formatting (bidi overrides, soft hyphens, byte-order
    marks), lone surrogates and noncharacters. Raises `InputError`.
    """
    if not isinstance(value, str):
        raise InputError(where, f"{what} must be text", value)
    if len(value) > 16 * limit + 64:
        raise _too_long(value, where, what, limit)
    text = unicodedata.normalize("NFC", value).strip()
    if not text.isprintable():
        _refuse_unsafe(text, where, what)
    if not text:
        raise InputError(where, f"{what} is missing")
    if len(text) > limit:
        raise _too_long(text, where, what, limit)
    return text


def display_text(value: object, limit: int = 2000) -> str | None:
    """What may be shown of `value`, from a document that anybody may have written.

    Control, bidi and other invisible characters are taken out, and the rest is cut to
    `limit` characters. None where `value` is not text or nothing is left. Never raises.
    """
    if not isinstance(value, str):
        return None
    text = value[: 2 * limit]
    if not text.isprintable():
        text = "".join(c for c in text if c in _JOINERS or not _is_unsafe(c))
    text = text.strip()
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return text or None


def _too_long(text: str, where: str, what: str, limit: int) -> InputError:
    problem = f"{what} has {len(text)} characters; at most {limit} are possible"
    return InputError(where, problem, text)


def _refuse_unsafe(text: str, where: str, what: str) -> None:
    for position, character in enumerate(text, 1):
        if character not in _JOINERS and _is_unsafe(character):
            name = unicodedata.name(character, "a control character")
            found = f"U+{ord(character):04X}, {name}"
            raise InputError(where, f"{what} has an invisible or unusable character ({found}) at {position}", text)


def _is_unsafe(character: str) -> bool:
    """Not `str.isprintable`: that one also refuses letters newer than Python's own tables."""
    number = ord(character)
    noncharacter = number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF
    return noncharacter or unicodedata.category(character) in _REFUSED_CATEGORIES
