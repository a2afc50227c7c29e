"""`token add|list|revoke`: who may use the HTTP routes and the console, and approve."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anchor.files import write_atomically
from node.cli.governing import moment
from node.cli.keys import EitherOrder
from node.cli.terminal import answer, directory_argument, harmless, json_option, opened
from rootseal.errors import InputError, StoreError
from rootseal.instants import format_date, format_instant

if TYPE_CHECKING:
    from node.access import TokenRow

__all__ = ["token"]

_ROLES = ["issue", "approve", "revoke", "read"]


@click.group(cls=EitherOrder)
def token() -> None:
    """Give people tokens, list and revoke them.

    A token is for one person, says what that person may do, and is what the HTTP routes, the console and
    'approve' ask for. Whoever can read DIR and its passphrase needs none: tokens do not protect from them.

    \b
    Examples:
      rootseal node token add mynode --person "Ada Byron" --role issue --role read
      rootseal node token list mynode
      rootseal node token revoke mynode 0a1b2c3d4e
    """


@token.command()
@directory_argument
@click.option("--person", required=True, help="Whose it is: the name that the audit log keeps for ever.")
@click.option("--role", "roles", type=click.Choice(_ROLES), multiple=True, required=True, help="May be given again.")
@click.option("--department", "departments", multiple=True, help="Only for its templates; may be given again.")
@click.option("--expires", metavar="DATE", help="Worth nothing from then on: 2027-10-01, or 2027-10-01T12:00:00Z.")
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file (mode 0600).")
@json_option
def add(
    directory: Path,
    person: str,
    roles: tuple[str, ...],
    departments: tuple[str, ...],
    expires: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Make a token. It is shown once, and only its hash is kept.

    Roles: issue (and withdraw), approve (what others issued), revoke (suspend, reinstate), read. With
    --department it is good for the templates of those departments only ('templates department').

    \b
    Examples:
      rootseal node token add mynode --person "Ada Byron" --role issue --role read -o ada.token
      rootseal node token add mynode --person "Lin Wei" --role approve --department library --expires 2027-10-01

    Exit codes: 0 made; 2 bad name, role, date or file.
    """
    from node.access import Access, Role

    expires_at = None if expires is None else moment(expires, "--expires")
    if out is not None and out.exists():
        raise InputError("--out", "exists already and is not overwritten", str(out))
    with opened(directory) as services:
        access = Access(services.store, time.time)
        made = access.add(person, map(Role, roles), departments, expires_at)
        row = next(row for row in access.list() if row.id == made.id)
        if out is not None:
            try:
                write_atomically(out.absolute(), f"{made.text}\n".encode())
            except OSError as error:
                access.revoke(made.id)
                raise StoreError(f"{out}: cannot be written: {error.strerror}; the token was revoked") from error
    value = {**_row_json(row, int(time.time())), "token": made.text if out is None else None, "file": out and str(out)}
    where = f"It is in {out}." if out else f"{made.text}\nNobody can show it again: hand it over now, not by mail."
    answer(as_json, "token-add", value, [_line(row, int(time.time())), *where.split("\n")])


@token.command("list")
@directory_argument
@json_option
def list_tokens(directory: Path, as_json: bool) -> None:
    """List every token that was ever made, by id; the tokens themselves are not kept.

    \b
    Example:
      rootseal node token list mynode

    Exit codes: 0 listed.
    """
    from node.access import Access

    with opened(directory) as services:
        rows, now = Access(services.store, time.time).list(), services.now
    lines = [_line(row, now) for row in rows]
    value = {"tokens": [_row_json(row, now) for row in rows]}
    answer(as_json, "token-list", value, lines or ["There are none: 'rootseal node token add'."])


@token.command()
@directory_argument
@click.argument("token_id", metavar="ID")
@json_option
def revoke(directory: Path, token_id: str, as_json: bool) -> None:
    """Make a token worth nothing, at once and for ever, in running sessions too.

    \b
    Example:
      rootseal node token revoke mynode 0a1b2c3d4e

    Exit codes: 0 revoked, or it was before; 2 no such token.
    """
    from node.access import Access

    with opened(directory) as services:
        row, now = Access(services.store, time.time).revoke(token_id), services.now
    answer(as_json, "token-revoke", _row_json(row, now), [_line(row, now)])


def _row_json(row: TokenRow, now: int) -> dict[str, Any]:
    return {
        "id": row.id,
        "person": row.person,
        "roles": list(row.roles),
        "departments": list(row.departments),
        "addedAt": row.added_at,
        "expiresAt": row.expires_at,
        "revokedAt": row.revoked_at,
        "usedOn": row.used_on,
        "valid": row.valid(now),
    }


def _line(row: TokenRow, now: int) -> str:
    parts = [f"{row.id}  {harmless(row.person)}: {', '.join(row.roles)}"]
    parts.append(f"for {harmless(', '.join(row.departments))}" if row.departments else "for all departments")
    parts.append(f"made {format_date(row.added_at)}")
    parts.append(f"last used {row.used_on}" if row.used_on else "never used")
    if row.revoked_at is not None:
        parts.append(f"REVOKED {format_instant(row.revoked_at)}")
    elif row.expires_at is not None:
        parts.append(f"{'EXPIRED' if row.expires_at <= now else 'expires'} {format_instant(row.expires_at)}")
    return ", ".join(parts)
