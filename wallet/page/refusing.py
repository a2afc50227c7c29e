"""Why something was refused, in the page's language: what the wallet says, and what lies below it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rootseal.errors import ConfigError, InputError, RootsealError, UndeterminedError, VerificationError, shorten
from wallet.page.speaking import Speaker
from wallet.phrases import Phrase
from wallet.proving import CheckFailedError

__all__ = ["why"]

_PLACES: Final[Mapping[str, str]] = {
    "--audience": "Who asks",
    "--copies": "How many copies",
    "--from": "The address of the institution's node",
    "--nonce": "Their word",
    "--rpc": "The address of the chain's node",
    "--subject": "Your address",
    "DIR": "The wallet",
    "ID": "The credential",
    "LINK": "The link",
    "backup": "The file",
    "copy": "The copy",
    "credentials": "The credentials",
    "file": "The file",
    "files": "The files",
    "folder": "This folder",
    "issuer": "The institution's name",
    "keystore": "The wallet's key",
    "passphrase": "The passphrase",
    "question": "The question",
    "signature": "The signature",
    "wallet": "The wallet",
    "who it is for": "The name of whom it is for",
    "words": "The words",
}
"""What a field of the page is called, by the name that the wallet's modules know it by. A path is called as it is."""

_NAME: Final = "is missing, is too long, or has characters that cannot be seen"
_KEY: Final = "is damaged or cannot be read; restore the wallet from a backup or from its words"
_FILE: Final = (
    "does not fit: this is another file than a credential's, or it was damaged or altered on the way. Get it again "
    "from whoever gave it to you"
)
_BELOW: Final[Mapping[str, str]] = {"issuer": _NAME, "who it is for": _NAME, "keystore": _KEY}
"""What the sentences of other layers come to, by the field; of a file's members, which are many, `_FILE`."""

_ENGLISH: Final = "The reason is known in English alone: {reason}"


def why(error: RootsealError, speak: Speaker) -> str:
    """The reason of a refusal. Of a verifier's check it is the verifier's own; never empty."""
    if isinstance(error, CheckFailedError):
        return error.check.reason_in(speak.language)
    if isinstance(error, (InputError, ConfigError)):
        return _placed(error, speak)
    reason = error.reason if isinstance(error, (VerificationError, UndeterminedError)) else str(*error.args[:1])
    said = speak.known(next(iter(error.args), reason))
    if said is not None:
        return said
    english = error.diagnostics()
    return english if speak.language == "en" else speak(_ENGLISH, reason=english)


def _placed(error: InputError | ConfigError, speak: Speaker) -> str:
    """The field, what is wrong with it, and what stood there."""
    where, value = (error.where, error.value) if isinstance(error, InputError) else (error.key, None)
    said = speak.known(error.problem)
    if said is None:
        said = error.problem if speak.language == "en" else speak(_BELOW.get(where, _FILE))
    elif not isinstance(error.problem, Phrase):
        value = None
    place = speak(_PLACES[where]) if where in _PLACES else where
    if value is None:
        return speak("{place}: {problem}", place=place, problem=said)
    return speak("{place}: {problem} (found {value})", place=place, problem=said, value=shorten(value))
