"""The doctor's checks of what the node has promised and what it would lose: promises, backup, published log."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from anchor.failing import why
from node.backup_record import last_backup
from node.config import NodeConfig
from node.doctor_result import Result, ok, problem, unknown
from node.log_key import LogKey, verify_ed25519
from node.set_aside import SET_ASIDE_WAY, set_aside_sentence
from node.store import Store
from rootseal.errors import InputError, RootsealError, VerificationError
from rootseal.instants import format_instant
from rootseal.plurals import counted
from rootseal.tlog import LogCheckpoint, NoteKey, open_note, origin

__all__ = ["Fetch", "duty_checks", "fetch"]

Fetch = Callable[[str], bytes]
"""The body at an address. Raises OSError (urllib's errors are such) where there is none."""

_DAY: Final = 86_400
_MAX_NOTE: Final = 64 * 1024
_TIMEOUT: Final = 10.0


def duty_checks(directory: Path, config: NodeConfig, store: Store, now: int, fetch: Fetch) -> Iterator[Result]:
    """Awards that are set aside, promises near or past, backup age, and whether the public log is the newest."""
    yield _awards(store)
    yield _promises(config, store, now)
    yield _backup(config, store, now)
    yield _published(directory, config, store, fetch)


def fetch(url: str) -> bytes:
    """GET, bounded in size and time."""
    request = urllib.request.Request(url, headers={"User-Agent": "rootseal"})
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
        data: bytes = response.read(_MAX_NOTE + 1)
    return data


def _awards(store: Store) -> Result:
    rows = store.set_aside.all()
    if rows:
        return problem("awards", set_aside_sentence(rows), SET_ASIDE_WAY)
    return ok("awards", "none that was acknowledged is set aside")


def _promises(config: NodeConfig, store: Store, now: int) -> Result:
    waiting = store.log.unanchored()
    if not waiting:
        promised = store.log.newest_checkpoint() is not None
        return ok("promises", "every promise is kept" if promised else "nothing is sealed yet, so nothing is promised")
    first = waiting[0]
    date = format_instant(first.anchor_by)
    way = "run `rootseal node anchor DIR`; it says what hinders it"
    if first.anchor_by <= now:
        return problem("promises", f"OVERDUE: {counted(first.size, 'entry')} promised on chain by {date}", way)
    if first.anchor_by - now <= config.promise_seconds // 4:
        return problem("promises", f"{counted(first.size, 'entry')} promised on chain by {date}, which is near", way)
    return ok("promises", f"the next is due by {date}")


def _backup(config: NodeConfig, store: Store, now: int) -> Result:
    """A backup older than a promise is dangerous: restored, it would not know what was promised."""
    made, newest = last_backup(store), store.log.newest_checkpoint()
    way = "run `rootseal node backup DIR FILE` after each batch, to another disk"
    if newest is None:
        return ok("backup", "nothing is sealed yet, so nothing can be lost")
    if config.test:
        known = "none was made" if made is None else f"the last is of {format_instant(made)}"
        return ok("backup", f"{known}, which is fine for a test ledger only")
    if made is None:
        return problem("backup", "none was ever made of this node", way)
    if newest.signed_at > made and now - made > _DAY:
        return problem("backup", f"the last is of {format_instant(made)}, and credentials were sealed since", way)
    return ok("backup", f"the last is of {format_instant(made)}")


def _published(directory: Path, config: NodeConfig, store: Store, fetch: Fetch) -> Result:
    """What readers of the log are given, compared with what was signed last."""
    name, newest = "published log", store.log.newest_checkpoint()
    if config.public_url is None:
        return ok(name, "public_url is not set, so there is no public address to compare")
    if newest is None:
        return ok(name, "nothing is sealed yet, so there is no log to publish")
    url = f"{config.public_url}/log/checkpoint"
    try:
        key = NoteKey(origin(config.home), LogKey.load(directory / config.log_key_file).public)
        shown = LogCheckpoint.from_text(open_note(fetch(url), key, verify_ed25519))
    except (InputError, VerificationError) as error:
        return problem(name, f"{url} is not this log: {error}", "check the web server's configuration and the log key")
    except (OSError, ValueError, http.client.HTTPException, RootsealError) as error:
        way = "check that `rootseal node run` runs and that the web server passes /log/ to it"
        if isinstance(error, urllib.error.HTTPError):
            return problem(name, f"{url} answers with status {error.code}", way)
        return unknown(name, f"{url} cannot be read from here: {why(error)}", way)
    if (shown.size, shown.root) == (newest.size, newest.root):
        return ok(name, f"{url} shows the whole log: {counted(newest.size, 'entry')}")
    if shown.size < newest.size:
        way = "restart `rootseal node run`, or `rootseal node export-log` again; look for a cache that keeps it long"
        return problem(name, f"{url} shows {counted(shown.size, 'entry')} of the {newest.size} that are sealed", way)
    way = "stop the node: this is an old copy, or a second node runs; restore the newest backup"
    return problem(name, f"{url} shows a log of {counted(shown.size, 'entry')} that this database does not have", way)
