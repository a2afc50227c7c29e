"""Packaged samples: five micro-credentials and a roster of 24 rows, four of which are wrong."""

from __future__ import annotations

import json
from importlib.resources import files

from rootseal.microcredential import MicroCredential, templates_from_json

__all__ = ["ROSTER_NAME", "roster", "templates"]

ROSTER_NAME = "roster-demo.csv"


def templates() -> dict[str, MicroCredential]:
    """The sample micro-credentials by key."""
    source = files(__name__).joinpath("microcredentials.json").read_text(encoding="utf-8")
    return templates_from_json(json.loads(source), "microcredentials.json")


def roster() -> bytes:
    """The sample roster, CSV as an institution would export it."""
    return files(__name__).joinpath(ROSTER_NAME).read_bytes()
