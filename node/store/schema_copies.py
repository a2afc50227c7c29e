"""Step 6 of the schema: copies of a credential: two who compare them cannot link them by place or hash."""

from __future__ import annotations

from typing import Final

__all__ = ["COPIES"]

COPIES: Final[tuple[str, ...]] = (
    # NULL: it is a first copy. The award belongs to that one; the others follow it in everything.
    "ALTER TABLE entries ADD COLUMN copy_of TEXT REFERENCES entries (id)",
    "ALTER TABLE entries ADD COLUMN copy INTEGER NOT NULL DEFAULT 1 CHECK ((copy = 1) = (copy_of IS NULL))",
    "CREATE UNIQUE INDEX copies ON entries (copy_of, copy) WHERE copy_of IS NOT NULL",
    "DROP INDEX live_awards",
    """CREATE UNIQUE INDEX live_awards ON entries (learner, micro_credential, awarded_on)
        WHERE live = 1 AND copy_of IS NULL""",
)
"""All statements of the step."""
