"""Structured logs: one JSON object a line on stderr, without personal data.

No message of a foreign exception is written (it may quote a row or a document), no address of a
credential and no client's: only what happened, where in the program, and how long it took.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Mapping
from functools import lru_cache

from rootseal.errors import RootsealError

__all__ = ["log", "log_all", "log_failure", "own_words"]

_LOCK = threading.Lock()
# Made once: `json.dumps` would make one for every line.
_encode = json.JSONEncoder(ensure_ascii=True, default=str).encode


def log(event: str, **fields: object) -> None:
    """Write one line; `fields` are numbers and words of our own making."""
    log_all(event, (fields,))


def log_all(event: str, several: Iterable[Mapping[str, object]]) -> None:
    """Write a line for each, all at once."""
    now = _second(int(time.time()))
    lines = "".join([_encode({"time": now, "event": event, **fields}) + "\n" for fields in several])
    with _LOCK:
        sys.stderr.write(lines)
        sys.stderr.flush()


@lru_cache(maxsize=1)
def _second(now: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))


def log_failure(event: str, error: Exception) -> None:
    """Write what failed and where; the message only where it is one of the chain's or the store's, never of input."""
    where = [
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    message = own_words(error)
    log(event, error=type(error).__name__, where=where, **({} if message is None else {"message": message}))


def own_words(error: Exception) -> str | None:
    """The sentence of an error of the chain, the store or the settings; None of one that may quote input."""
    return str(error) if isinstance(error, RootsealError) and not isinstance(error, ValueError) else None
