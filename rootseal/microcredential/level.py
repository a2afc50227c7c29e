"""The level of a learning experience: European (EQF 1 to 8), national, or both."""

from __future__ import annotations

from dataclasses import dataclass

from rootseal.canonical import Json
from rootseal.errors import InputError
from rootseal.microcredential.text import clean_text

__all__ = ["Level"]

_KEYS = frozenset(("framework", "level", "national"))
NATIONAL_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Level:
    """`eqf` is 1 to 8 or None, `national` the national level in words or None; never both None."""

    eqf: int | None
    national: str | None

    @classmethod
    def from_json(cls, value: object, where: str) -> Level | None:
        """`{"framework":"EQF","level":7,"national":…}`, or `{"framework":"national",…}`.

        Null means "not applicable". Raises `InputError`.
        """
        if value is None:
            return None
        if not isinstance(value, dict) or set(value) != _KEYS:
            raise InputError(where, "level has exactly framework, level and national", value)
        national = value["national"]
        if national is not None:
            national = clean_text(national, f"{where}.national", "national level", NATIONAL_LIMIT)
        return cls(_eqf(value, where, national), national)

    def to_json(self) -> dict[str, Json]:
        """The inverse of `from_json`."""
        framework = "national" if self.eqf is None else "EQF"
        return {"framework": framework, "level": self.eqf, "national": self.national}

    def words(self) -> str:
        """For people: `EQF level 7; Irish NFQ level 9`."""
        european = None if self.eqf is None else f"EQF level {self.eqf}"
        return "; ".join(part for part in (european, self.national) if part)


def _eqf(value: dict[str, object], where: str, national: str | None) -> int | None:
    framework, level = value["framework"], value["level"]
    if framework == "national":
        if level is not None or national is None:
            raise InputError(where, "a national level has level null and national in words", value)
        return None
    if framework != "EQF":
        raise InputError(f"{where}.framework", "framework is neither EQF nor national", framework)
    if not isinstance(level, int) or isinstance(level, bool) or not 1 <= level <= 8:
        raise InputError(f"{where}.level", "EQF level is a whole number from 1 to 8", level)
    return level
