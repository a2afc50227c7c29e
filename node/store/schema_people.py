"""Step 5 of the schema: people, delivery, the HTTP interface, witnesses and credits.

One step because it is released at once; a part for each of those that use it.
"""

from __future__ import annotations

from typing import Final

__all__ = ["PEOPLE_AND_DELIVERY"]

# Who may do what: tokens, and the approval that sealing may wait for.
_ACCESS: Final[tuple[str, ...]] = ()

# What was handed to whom: mail, claim links.
_DELIVERY: Final[tuple[str, ...]] = ()

# What programs need: requests told apart from their repetitions, and what is announced to them.
_PROGRAMS: Final[tuple[str, ...]] = ()

# Other ledgers that this log is anchored on.
_WITNESSES: Final[tuple[str, ...]] = ()

# Credits that the institution claims for learners, and why a credential was revoked.
_CREDITS: Final[tuple[str, ...]] = ()

PEOPLE_AND_DELIVERY: Final = (*_ACCESS, *_DELIVERY, *_PROGRAMS, *_WITNESSES, *_CREDITS)
"""All statements of the step."""
