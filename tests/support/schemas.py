"""The JSON schemas of docs/spec, and the tables of its commands.md that say which output has which."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

SPEC = Path(__file__).parents[2] / "docs" / "spec"
SCHEMAS = {path.name: json.loads(path.read_bytes()) for path in (SPEC / "schemas").glob("*.schema.json")}
BASE = "https://rootseal.invalid/schemas/"
REGISTRY: Registry[Any] = Registry().with_resources(
    (BASE + name, Resource.from_contents(value)) for name, value in SCHEMAS.items()
)


class Listed(NamedTuple):
    """A row of a table of commands.md."""

    formats: tuple[str, ...]
    schemas: tuple[str, ...]
    last: str


def listed(section: str) -> dict[str, Listed]:
    """First cell → the rest, of the table under a heading."""
    text = (SPEC / "commands.md").read_text(encoding="utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    rows: dict[str, Listed] = {}
    for line in text.splitlines():
        found = re.fullmatch(r"\| `([^`]+)` \|([^|]+)\|([^|]*)\|([^|]+)\|", line)
        if found is not None:
            name, form, schema, last = found.groups()
            assert name not in rows, name
            formats = tuple(re.findall(r"`rootseal/([a-z-]+)/1`", form))
            rows[name] = Listed(formats, tuple(re.findall(r"\(schemas/([a-z-]+)\.schema\.json\)", schema)), last)
    return rows


COMMANDS, ROUTES = listed("Commands"), listed("Routes")


def validate(value: Any, name: str) -> None:
    """Against docs/spec/schemas/<name>.schema.json."""
    schema = SCHEMAS[f"{name}.schema.json"]
    resource = {"$id": f"{BASE}{name}.schema.json", **schema}
    Draft202012Validator(resource, registry=REGISTRY).validate(value)
