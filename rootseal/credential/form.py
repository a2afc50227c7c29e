"""What the documents of one template have in common is encoded once; each of them adds a few texts.

CONSENSUS-CRITICAL: the bytes are those of `encode_document`, which knows nothing of this; a property test holds
them together, and whoever checks a store takes that way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import reduce
from operator import getitem
from typing import Any

from rootseal.canonical import Json
from rootseal.claims import Path, encode_claims, encode_string

__all__ = ["DocumentEncoder"]

_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
# No text of a document holds a NUL (`clean_text`), so that a mark stands for nothing else.
_MARK = "\0"
_MARKED = re.compile(r'"\\u0000([0-9]+)"')


class DocumentEncoder:
    """Encodes documents that say the same at `constant_paths` and below, and elsewhere differ in texts only."""

    def __init__(self, constant_paths: Sequence[Path]) -> None:
        self._constant = frozenset(constant_paths)
        self._forms: dict[tuple[str, ...], _Form] = {}

    def encode(self, document: dict[str, Any]) -> tuple[bytes, list[bytes]]:
        """The document as JSON, value for value, and JCS([path, value]) of every claim in walk order.

        The caller answers for what is constant. Raises `InputError` for a lone surrogate.
        """
        # Which optional members there are: with another set of them, another form.
        shape = (*document, *document["credentialSubject"])
        form = self._forms.get(shape)
        if form is None:
            form = self._forms[shape] = _Form(document, self._constant)
        return form.encode(document)


class _Form:
    """A document with places where texts go."""

    __slots__ = ("_claims", "_order", "_paths", "_pieces", "_places")

    def __init__(self, document: dict[str, Any], constant: frozenset[Path]) -> None:
        claims, encodings = encode_claims(document)
        varying = [(at, claim) for at, claim in enumerate(claims) if not _below(claim.path, constant)]
        self._claims = encodings
        self._paths = [claim.path for _, claim in varying]
        # Each claim that varies: its number in the walk, and its bytes up to the value.
        self._places = [(at, encodings[at][: -len(_text(claim.value)) - 1]) for at, claim in varying]
        marked = json.loads(_write(document))
        for number, path in enumerate(self._paths):
            _at(marked, path[:-1])[path[-1]] = f"{_MARK}{number}"
        pieces = _MARKED.split(_write(marked))
        self._pieces = [piece.encode() for piece in pieces]
        self._order = [int(number) for number in pieces[1::2]]
        if self.encode(document) != (_write(document).encode(), encodings):
            raise ValueError("a document cannot be put together from its parts")

    def encode(self, document: dict[str, Any]) -> tuple[bytes, list[bytes]]:
        texts = [_text(_at(document, path)) for path in self._paths]
        claims = self._claims.copy()
        for (at, head), text in zip(self._places, texts, strict=True):
            claims[at] = head + text + b"]"
        pieces = self._pieces.copy()
        pieces[1::2] = [texts[number] for number in self._order]
        return b"".join(pieces), claims


def _below(path: Path, constant: frozenset[Path]) -> bool:
    return any(path[:depth] in constant for depth in range(len(path) + 1))


def _at(document: Any, path: Path) -> Any:
    return reduce(getitem, path, document)


def _text(value: Json) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"what varies between documents of a template is text, not {value!r}")
    return encode_string(value)
