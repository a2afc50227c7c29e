"""24 recovery words (BIP-39, English list): made, read back, and turned into the seed of all keys.

Nothing here is kept: what the wallet keeps is the seed, locked (`wallet.accounts`). The words are on paper only.
"""

from __future__ import annotations

import secrets
from typing import Final

from mnemonic import Mnemonic

from rootseal.errors import InputError
from wallet.phrases import Phrase

__all__ = ["COUNT", "new_words", "read_words", "seed_of", "two_places"]

COUNT: Final = 24
_ENTROPY: Final = 32
_LIST: Final = Mnemonic("english")
_KNOWN: Final = frozenset(_LIST.wordlist)


def new_words() -> tuple[str, ...]:
    """256 random bits in words, the last of which carries a checksum."""
    return tuple(_LIST.to_mnemonic(secrets.token_bytes(_ENTROPY)).split())


def read_words(text: str) -> tuple[str, ...]:
    """The words as somebody typed them: any spaces and capitals.

    Raises `InputError` saying which place is wrong; never with the words themselves, which are the key.
    """
    words = tuple(text.lower().split())
    if len(words) != COUNT:
        said = "there must be {count} of them, and these are {found}"
        raise InputError("words", Phrase(said, count=COUNT, found=len(words)))
    strange = [str(place) for place, word in enumerate(words, 1) if word not in _KNOWN]
    if strange:
        said = "number {places} is not in the list of words: look for a slip"
        raise InputError("words", Phrase(said, places=", ".join(strange)))
    if not _LIST.check(" ".join(words)):
        said = "do not belong together: two may be swapped, or one be another word of the list"
        raise InputError("words", Phrase(said))
    return words


def seed_of(words: tuple[str, ...]) -> bytes:
    """The 64 bytes that all keys come from (BIP-39, without the optional passphrase)."""
    return bytes(Mnemonic.to_seed(" ".join(words)))


def two_places() -> tuple[int, int]:
    """Two different places, 1 to 24 and ascending, to ask back."""
    first, second = secrets.randbelow(COUNT) + 1, secrets.randbelow(COUNT - 1) + 1
    second += second >= first
    return min(first, second), max(first, second)
