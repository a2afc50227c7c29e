"""Which claims a learner shows: presets and paths, made into one rule for `rootseal.presentation.present`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rootseal.canonical import Json, loads
from rootseal.claims import Claim, Path
from rootseal.errors import InputError
from rootseal.paths import parse_path

__all__ = ["PRESETS", "Disclosure", "choose", "path_text"]

_SUBJECT = "credentialSubject"
_TITLE: tuple[Path, ...] = (("name",), ("issuer",), ("validFrom",), ("validUntil",))
_GRADE: tuple[Path, ...] = ((_SUBJECT, "result"), (_SUBJECT, "achievement", "resultDescription"))
_CREDITS: tuple[Path, ...] = (
    (_SUBJECT, "creditsEarned"),
    (_SUBJECT, "achievement", "creditsAvailable"),
    (_SUBJECT, "achievement", "alignment"),
    (_SUBJECT, "achievement", "criteria"),
)
PRESETS: dict[str, str] = {
    "title": "title, issuer and dates",
    "grade": "title, and the grade with its scale",
    "credits": "title, and credits, level, workload and learning outcomes",
    "learner": "title, and the learner's name",
    "all": "everything",
}
_BELOW: dict[str, tuple[Path, ...]] = {
    "title": _TITLE,
    "grade": _TITLE + _GRADE,
    "credits": _TITLE + _CREDITS,
    "learner": _TITLE,
    "all": ((),),
}
_DOTTED = re.compile(r"[^.\[\]]+|\[[0-9]{1,4}\]")


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The paths of a document below which everything is shown."""

    below: tuple[Path, ...]

    def shows(self, path: Path) -> bool:
        """True iff the claim at `path` is one of them or stands below one."""
        return any(path[: len(top)] == top for top in self.below)


def choose(wishes: Sequence[str], claims: Sequence[Claim]) -> Disclosure:
    """What `--disclose` asks for: names of presets, dotted paths, or paths as JSON arrays.

    Raises `InputError` naming the wish where no claim of this credential is meant by it.
    """
    below: list[Path] = []
    for wish in wishes:
        below += _BELOW[wish] if wish in _BELOW else [_path(wish, claims)]
        below += _names(claims) if wish == "learner" else []
    return Disclosure(tuple(dict.fromkeys(below)))


def path_text(path: Path) -> str:
    """The dotted form for people: `credentialSubject.identifier[0].identityHash`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "(everything)"


def _path(wish: str, claims: Sequence[Claim]) -> Path:
    steps: Json = loads(wish.encode(), "--disclose") if wish.startswith("[") else list(_dotted(wish))
    path = parse_path(steps, "--disclose") if steps else ()
    if not path or not any(claim.path[: len(path)] == path for claim in claims):
        presets = ", ".join(PRESETS)
        raise InputError("--disclose", f"is neither a preset ({presets}) nor a path in this credential", wish)
    return path


def _dotted(wish: str) -> Path:
    parts = _DOTTED.findall(wish)
    path = tuple(int(part[1:-1]) if part.startswith("[") else part for part in parts)
    return path if path_text(path) == wish else ()  # a name with a dot or bracket needs the JSON form


def _names(claims: Sequence[Claim]) -> list[Path]:
    """The identity objects whose type says that they hold the learner's name."""
    return [
        claim.path[:-1]
        for claim in claims
        if claim.value == "name" and claim.path[:2] == (_SUBJECT, "identifier") and claim.path[-1] == "identityType"
    ]
