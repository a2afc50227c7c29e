"""Tokens: what a person shows to the HTTP routes and the console, and to approve. Roles and departments.

A token reads `rst_<id>_<secret>`; the secret is 32 random bytes in base64url and is shown once. Only its
SHA-256 is kept: 256 random bits cannot be guessed, so that a slow hash would protect nothing.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from node.principal import AccessDenied, Principal, Role, acting_as, actor, folded
from node.store import Entry, Store
from node.store.accepts import TakenIn
from node.store.access import TokenRow
from rootseal.errors import ConfigError, InputError
from rootseal.instants import format_date

__all__ = [
    "Access",
    "AccessDenied",
    "NewToken",
    "Principal",
    "Role",
    "TokenRow",
    "acting_as",
    "actor",
    "check_entries",
    "department_name",
    "other_department",
    "read_token_file",
    "require_person",
]

_TOKEN: Final = re.compile(r"rst_([0-9a-f]{10})_([A-Za-z0-9_-]{43})", re.ASCII)
_MAX_NAME: Final = 100
_MAX_TOKENS: Final = 1000


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made. `text` is the secret; it is nowhere else, and `repr` leaves it out."""

    id: str
    text: str

    def __repr__(self) -> str:
        return f"NewToken({self.id!r})"


class Access:
    """The tokens of one node. `clock` gives UTC seconds. Threads may share it."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    def authenticate(self, text: str) -> Principal | None:
        """The person whose token this is; None where it is no token, or it is revoked or expired.

        The day of use is kept. Compared in constant time; which of the reasons it was is not told.
        """
        match = _TOKEN.fullmatch(text)
        row = None if match is None else self._store.tokens.get(match[1])
        expected = bytes(32) if row is None else row.secret_hash
        same = hmac.compare_digest(expected, sha256(text.encode()).digest() if match else bytes(32))
        if row is None or not same or not row.valid(self._now):
            return None
        today = format_date(self._now)
        if row.used_on != today:
            self._store.tokens.used(row.id, today)
        return _principal(row)

    def principal(self, token_id: str) -> Principal | None:
        """The person by the token's id alone (a session that began with the token); None once revoked or expired."""
        row = self._store.tokens.get(token_id)
        return _principal(row) if row is not None and row.valid(self._now) else None

    def add(
        self, person: str, roles: Iterable[Role], departments: Iterable[str] = (), expires_at: int | None = None
    ) -> NewToken:
        """Make a token; `expires_at` (UTC seconds) is the first moment at which it is worth nothing.

        Raises `InputError` for an empty or unprintable name, no role, or a date that has passed.
        """
        name = " ".join(_name(person, "--person").split())
        chosen = tuple(sorted({role.value for role in roles}))
        places = tuple(sorted({department_name(department) for department in departments}))
        if not chosen:
            raise InputError("--role", "give at least one of issue, approve, revoke, read")
        if expires_at is not None and expires_at <= self._now:
            raise InputError("--expires", "has passed already; give a later day", format_date(expires_at - 1))
        token_id = secrets.token_hex(5)
        secret = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        text = f"rst_{token_id}_{secret}"
        with self._store.writing():
            if sum(row.valid(self._now) for row in self._store.tokens.all()) >= _MAX_TOKENS:
                raise InputError("token", f"there are {_MAX_TOKENS} already; revoke those that nobody uses")
            digest = sha256(text.encode()).digest()
            self._store.tokens.add(TokenRow(token_id, name, chosen, places, digest, self._now, expires_at))
            detail = {"person": name, "roles": list(chosen), "departments": list(places), "expires": expires_at}
            self._store.acts.add(self._now, "token-add", token_id, detail)
        return NewToken(token_id, text)

    def list(self) -> tuple[TokenRow, ...]:
        """Every token there ever was, oldest first; never a secret."""
        return self._store.tokens.all()

    def revoke(self, token_id: str) -> TokenRow:
        """Worth nothing from now on, in running sessions too; doing it again changes nothing.

        `token_id` may be the whole token, as somebody may have found it. Raises `InputError` for an unknown one.
        """
        match = _TOKEN.fullmatch(token_id)
        wanted = token_id if match is None else match[1]
        with self._store.writing():
            row = self._store.tokens.get(wanted)
            if row is None:
                raise InputError("ID", "is no token here; 'rootseal node token list' shows them", wanted[:20])
            if self._store.tokens.revoke(wanted, self._now):
                self._store.acts.add(self._now, "token-revoke", wanted, {"person": row.person})
            return self._store.tokens.get(wanted) or row

    def set_department(self, template_key: str, department: str | None) -> str | None:
        """Say which department awards a micro-credential; None: none in particular. The name as it is compared.

        Raises `InputError` for an unknown key.
        """
        known = self._store.templates.newest()
        if template_key not in known:
            names = ", ".join(sorted(known)) or "none"
            raise InputError("KEY", f"is no micro-credential here; known are: {names}", template_key)
        name = None if department is None else department_name(department)
        with self._store.writing():
            if self._store.departments.of(template_key) != name:
                self._store.departments.put(template_key, name)
                self._store.acts.add(self._now, "template-department", template_key, {"department": name})
        return name

    def may_see(self, principal: Principal, entry: Entry | TakenIn) -> bool:
        """True iff the token is for the department of this credential."""
        return principal.covers(self._store.departments.of(entry.micro_credential))

    @property
    def _now(self) -> int:
        return int(self._clock())


def department_name(text: str) -> str:
    """A department as it is compared: without regard to capitals and spaces. Raises `InputError`."""
    return folded(_name(text, "--department"))


def read_token_file(access: Access, path: Path) -> Principal:
    """The person whose token stands in the first line of `path`.

    Raises `ConfigError` where the file cannot be read, `AccessDenied` where the token is worth nothing.
    """
    try:
        with path.open(encoding="utf-8") as file:
            first = file.readline(1024).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("--token-file", "cannot be read; its first line must be a token", str(path)) from error
    principal = access.authenticate(first)
    if principal is None:
        problem = (
            "holds no token that is valid here: unknown, expired or revoked; 'rootseal node token list' shows them"
        )
        raise AccessDenied(f"--token-file {path}: {problem}")
    return principal


def check_entries(store: Store, role: Role, entry_ids: Iterable[str]) -> None:
    """Raises `AccessDenied` where the acting person lacks the role, or one entry is another department's.

    Nothing is refused where nobody acts by token: the command line holds the whole node.
    """
    principal = actor()
    if principal is None:
        return
    principal.require(role)
    if not principal.departments:
        return
    departments = store.departments.all()
    for entry in store.entries.get_all(entry_ids):
        if not principal.covers(departments.get(entry.micro_credential)):
            own = ", ".join(sorted(principal.departments))
            raise AccessDenied(f"{entry.id} is not of your department: token {principal.token_id} is for {own}")


def require_person() -> None:
    """Raises `AccessDenied` where nobody acts by token: with a second approver it must be known who issued."""
    if actor() is None:
        problem = "second_approver is on: name who issues, so that another person can approve"
        raise AccessDenied(f"{problem}; give --token-file F with a token that may issue ('rootseal node token add')")


def other_department(store: Store) -> Callable[[str], str | None]:
    """Asks of a template's key why the acting person may not issue it; None where he may."""
    principal = actor()
    if principal is None or not principal.departments:
        return lambda key: None
    departments, own = store.departments.all(), ", ".join(sorted(principal.departments))
    problem = f"is not of your department: your token issues for {own} only"
    return lambda key: None if principal.covers(departments.get(key)) else f"{key} {problem}"


def _principal(row: TokenRow) -> Principal:
    return Principal(row.id, row.person, frozenset(map(Role, row.roles)), frozenset(row.departments))


def _name(text: str, where: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > _MAX_NAME:
        raise InputError(where, f"must be a name of 1 to {_MAX_NAME} printable characters", text)
    return text
