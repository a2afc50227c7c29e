"""Changed settings in the audit log: `node.toml` is edited with an editor, and what it says decides who may do what.

The store remembers a digest of each setting as the node last worked with it. Names of settings are written down, never
values: they may hold access codes.
"""

from __future__ import annotations

import json
from dataclasses import fields
from hashlib import sha256
from typing import Final

from node.config import NodeConfig
from node.store import Store

__all__ = ["changed_settings", "note_settings"]

_FACT: Final = "settings-seen"
_EDITED: Final = "settings"


def note_settings(store: Store, config: NodeConfig, now: int, act: str = _EDITED, subject: str = "node.toml") -> bool:
    """One line of the audit log where settings differ from those last seen, and remember these; whether it wrote one.

    The first time of all there is nothing to compare with: they are remembered. `now` in UTC seconds.
    """
    with store.writing():
        changed = changed_settings(store, config)
        if changed or store.facts.get(_FACT) is None:
            store.facts.put(_FACT, json.dumps(_digests(config)).encode())
        if changed:
            store.acts.add(now, act, subject, {"settings": list(changed)})
    return bool(changed)


def changed_settings(store: Store, config: NodeConfig) -> tuple[str, ...]:
    """Names of the settings that differ from those last seen, in the order of the file; none before they were seen."""
    stored = store.facts.get(_FACT)
    if stored is None:
        return ()
    before, after = json.loads(stored), _digests(config)
    # A setting that a newer version brings was at its default before.
    return tuple(name for name, digest in after.items() if before.get(name, digest) != digest)


def _digests(config: NodeConfig) -> dict[str, str]:
    return {one.name: sha256(repr(getattr(config, one.name)).encode()).hexdigest() for one in fields(config)}
