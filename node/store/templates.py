"""Micro-credential templates, versioned: an entry names the version that it was made from."""

from __future__ import annotations

import json
from collections.abc import Iterable

from node.store.database import Database
from node.store.keeping import Acts
from rootseal.errors import StoreError
from rootseal.microcredential import MicroCredential

__all__ = ["Templates"]


class Templates:
    """The table `templates`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, templates: Iterable[MicroCredential], now: int) -> dict[str, int]:
        """Store what is new or changed, all or nothing, with one line of the audit log for what that was.

        Key → version that is now the newest.
        """
        versions: dict[str, int] = {}
        changed: dict[str, int] = {}
        with self._database.writing() as utils:
            for template in templates:
                content = json.dumps(template.to_json(), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
                version, stored = self._newest(template.key)
                if stored != content:
                    changed[template.key] = version = version + 1
                    row = {"key": template.key, "version": version, "content": content, "added_at": now}
                    utils.table("templates").insert(row)
                versions[template.key] = version
            if changed:
                subject = next(iter(changed)) if len(changed) == 1 else f"{len(changed)} micro-credentials"
                Acts(self._database).add(now, "template-add", subject, {"versions": changed})
        return versions

    def count(self) -> int:
        """How many versions there are in all; only ever more."""
        found = self._database.row("SELECT count(*) FROM templates")
        return 0 if found is None else int(found[0])

    def at(self, number: int) -> MicroCredential:
        """By its row number."""
        found = self._database.row("SELECT key, content FROM templates WHERE id = ?", (number,))
        if found is None:
            raise StoreError(f"template {number} is missing; run `rootseal node fsck`")
        return MicroCredential.from_json(json.loads(found[1]), found[0])

    def mended(self, number: int, since: int) -> int | None:
        """The newest version of the same micro-credential, where it is newer and was stored at or after `since`."""
        found = self._database.row(
            "SELECT id FROM templates WHERE key = (SELECT key FROM templates WHERE id = ?1) AND id > ?1"
            " AND added_at >= ?2 ORDER BY version DESC LIMIT 1",
            (number, since),
        )
        return None if found is None else int(found[0])

    def newest(self) -> dict[str, MicroCredential]:
        """The newest version of each, by key."""
        return {key: template for key, (_, template) in self.numbered().items()}

    def numbered(self) -> dict[str, tuple[int, MicroCredential]]:
        """Key → (row number, template), newest versions."""
        rows = self._database.rows("SELECT id, key, content FROM templates ORDER BY version")
        return {key: (number, MicroCredential.from_json(json.loads(content), key)) for number, key, content in rows}

    def _newest(self, key: str) -> tuple[int, str | None]:
        found = self._database.row(
            "SELECT version, content FROM templates WHERE key = ? ORDER BY version DESC LIMIT 1", (key,)
        )
        return (0, None) if found is None else (found[0], found[1])
