"""Why a file or a connection failed, in words for people: no numbers of the operating system, no names of classes."""

from __future__ import annotations

import errno
import http.client
import json
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Final

__all__ = ["known_why", "why"]

_DEEPEST: Final = 12
_NUMBER: Final = re.compile(r"^\[(?:Errno|SSL:) ?[^\]]*\] *")
_WORDS: Final = {
    errno.ECONNREFUSED: "nothing listens there (connection refused)",
    errno.ECONNRESET: "the connection was cut off",
    errno.ECONNABORTED: "the connection was cut off",
    errno.EPIPE: "the connection was cut off",
    errno.ETIMEDOUT: "there was no answer in time",
    errno.EHOSTUNREACH: "there is no way to it from here",
    errno.ENETUNREACH: "there is no way to it from here",
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "a part of its path is no folder",
    errno.EISDIR: "it is a folder",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOSPC: "the disk is full",
    errno.EROFS: "the disk can only be read",
}


def why(error: BaseException) -> str:
    """The reason in words; where none is known the error's own first 200 characters, without its number."""
    found = known_why(error)
    return found or _NUMBER.sub("", str(error))[:200] or "for no reason that was given"


def known_why(error: BaseException) -> str | None:
    """The reason in words, None where this is no failure that people meet. Never quotes an address or a path."""
    for one in _within(error):
        found = _words(one)
        if found is not None:
            return found
    return None


def _words(error: BaseException) -> str | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "no secure connection could be made (TLS)"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, TimeoutError):
        return _WORDS[errno.ETIMEDOUT]
    if isinstance(error, http.client.HTTPException):
        return "the answer broke off, or is none of HTTP"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return "it is not JSON"
    if isinstance(error, OSError) and error.errno is not None:
        return _WORDS.get(error.errno) or (error.strerror or "").lower() or None
    return None


def _within(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that its libraries wrapped: as reason, argument, cause or context."""
    waiting, seen = [error], 0
    while waiting and seen < _DEEPEST:
        one = waiting.pop(0)
        seen += 1
        yield one
        inner = (getattr(one, "reason", None), *one.args, one.__cause__, one.__context__)
        waiting += [found for found in inner if isinstance(found, BaseException)]
