"""Who acts: a person with a token, or the command line. Every line of the audit log says it.

Light on purpose: the store and the command line both import this.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import Final

from node.ways_out import way
from rootseal.errors import DeniedError

__all__ = ["AccessDenied", "Principal", "Role", "acting_as", "acting_by", "acting_on_command_line", "actor", "folded"]


# Characters that print nothing and still count as printable (Default_Ignorable_Code_Point, DerivedCoreProperties.txt).
_UNSEEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


class AccessDenied(DeniedError):  # noqa: N818
    """The person may not do this. The sentence names the person's token, what is missing, and the way out."""


class Role(Enum):
    """What a token may do. READ sees credentials and the delivery ledger; the public pages need no token."""

    ISSUE = "issue"
    APPROVE = "approve"
    REVOKE = "revoke"
    READ = "read"


def folded(name: str) -> str:
    """One spelling of a person's or a department's name: NFKC, small letters, single spaces, nothing invisible."""
    shown = _UNSEEN.sub("", unicodedata.normalize("NFKC", name)).casefold()
    return " ".join(unicodedata.normalize("NFKC", shown).split())


@dataclass(frozen=True, slots=True)
class Principal:
    """A person as a valid token shows him. `departments` are folded names; none means all of them."""

    token_id: str
    person: str
    roles: frozenset[Role]
    departments: frozenset[str]

    def may(self, role: Role) -> bool:
        """True iff the token has this role."""
        return role in self.roles

    def covers(self, template_key_department: str | None) -> bool:
        """True iff the token is for templates of this department (folded; None: the template has none)."""
        return not self.departments or template_key_department in self.departments

    def require(self, role: Role) -> None:
        """Raises `AccessDenied` where the token lacks the role."""
        if role not in self.roles:
            has = ", ".join(sorted(found.value for found in self.roles))
            raise AccessDenied(
                f"token {self.token_id} of {self.person} may not {role.value} (it may: {has}); "
                f"{way('token', role=role.value)}"
            )

    def same_person(self, token_id: str | None, person: str | None) -> bool:
        """True iff the token or the person (whatever the capitals) is this one."""
        return token_id == self.token_id or (person is not None and folded(person) == folded(self.person))


_ACTOR: ContextVar[Principal | str | None] = ContextVar("rootseal-node-actor", default=None)
_COMMAND_LINE = "command line"


def actor() -> Principal | None:
    """The person on whose behalf this runs; None for the command line and for what the node does by itself."""
    found = _ACTOR.get()
    return found if isinstance(found, Principal) else None


def acting_by() -> object | None:
    """`detail.by` of a line of the audit log; None where the node acts by itself."""
    found = _ACTOR.get()
    return {"person": found.person, "token": found.token_id} if isinstance(found, Principal) else found


@contextlib.contextmanager
def acting_as(principal: Principal) -> Iterator[None]:
    """What is done inside (in this thread) is done by this person: judged by the token, and written down with it."""
    with _acting(principal):
        yield


@contextlib.contextmanager
def acting_on_command_line() -> Iterator[None]:
    """What is done inside is done by somebody who holds the node's directory, whoever that is."""
    with _acting(_COMMAND_LINE):
        yield


@contextlib.contextmanager
def _acting(who: Principal | str) -> Iterator[None]:
    token = _ACTOR.set(who)
    try:
        yield
    finally:
        _ACTOR.reset(token)
