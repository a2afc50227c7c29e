"""What can go wrong, grouped by whose fault it is.

"The answer is no" (`VerificationError`) and "the question could not be answered"
(`UndeterminedError`) are different families: they never nest, and they have different
exit codes (DESIGN §7). Every error carries the offending value and makes its own message.
"""

from __future__ import annotations

__all__ = [
    "AnchoringError",
    "ConfigError",
    "ConflictError",
    "DeniedError",
    "InputError",
    "RootsealError",
    "StoreError",
    "UndeterminedError",
    "VerificationError",
    "shorten",
]


def shorten(value: object, limit: int = 80) -> str:
    """`repr(value)` cut to `limit` characters, so that a hostile value cannot flood a message."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out integers of more than 4,300 digits
        text = f"a huge {type(value).__name__}"
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


class RootsealError(Exception):
    """Any failure that Rootseal foresees; everything else is a bug (exit code 70)."""

    exit_code = 2

    def diagnostics(self) -> str:
        """The sentence for a person: what is wrong and the way out."""
        return str(self)


class InputError(RootsealError, ValueError):
    """The bytes given are not what the format allows; never the network's fault.

    `where` names the field (a JSON path, a column, an option), `value` is what stood there,
    `problem` says what is wrong with it and what would be right.
    """

    def __init__(self, where: str, problem: str, value: object = None) -> None:
        self.where = where
        self.problem = problem
        self.value = value
        shown = "" if value is None else f" (found {shorten(value)})"
        super().__init__(f"{where}: {problem}{shown}")


class VerificationError(RootsealError):
    """All that was needed was there, and the answer is no. `code` is a stable code of §7."""

    exit_code = 1

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class UndeterminedError(RootsealError):
    """The question could not be answered; says nothing about the credential."""

    exit_code = 3

    def __init__(self, reason: str, code: str = "undetermined") -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class AnchoringError(RootsealError):
    """A transaction could not be sent or did not do what it should."""

    exit_code = 3


class StoreError(RootsealError):
    """The store on disk is missing, newer than this program, damaged or busy."""


class ConflictError(StoreError):
    """A compare-and-swap lost: somebody else changed the row first."""

    exit_code = 3


class DeniedError(RootsealError):
    """A person who is known may not do this."""

    exit_code = 1


class ConfigError(RootsealError):
    """A setting is missing, unknown or out of range. `key` names it."""

    def __init__(self, key: str, problem: str, value: object = None) -> None:
        self.key = key
        self.problem = problem
        self.value = value
        shown = "" if value is None else f" (found {shorten(value)})"
        super().__init__(f"{key}: {problem}{shown}")
