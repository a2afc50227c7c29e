"""Where a published log lies: a directory, an archive, or below a web address. Bounded in size and time.

Statement of trust: none. Every byte is checked by `published`. Only places that the user named are
asked, and redirects are not followed, because they could lead anywhere.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import requests

from anchor.audit.archives import open_archive
from anchor.failing import known_why
from rootseal.errors import InputError, UndeterminedError

__all__ = ["DirectorySource", "HttpSource", "Source", "open_source"]

_ATTEMPTS: Final = 3
_PAUSE: Final = 0.5
_GONE: Final = (404, 410)


class Source(Protocol):
    """Named resources of one published log. `label` names it in reports, without user names or passwords."""

    label: str

    def get(self, path: str, limit: int) -> bytes | None:
        """The bytes at a relative path, None where there is nothing.

        Raises `UndeterminedError` where that cannot be told, or where there are more than `limit` bytes.
        """

    def close(self) -> None:
        """Let go of files and connections."""


def open_source(text: str) -> Source:
    """A web address (http or https), else an archive or a directory. Raises `InputError` where it is none."""
    if "://" not in text:
        path = Path(text)
        return open_archive(path) if path.is_file() else DirectorySource(path)
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InputError("--log", "must be a directory, an archive or an address, as https://node.example/log", text)
    return HttpSource(text)


@dataclass(slots=True)
class DirectorySource:
    """A directory that `node export-log` wrote, or a copy of it. Raises `InputError` where there is none."""

    folder: Path
    label: str = ""

    def __post_init__(self) -> None:
        if not self.folder.is_dir():
            raise InputError("--log", "is not a directory", str(self.folder))
        # `<name>` alone: where on the auditor's disk it lay is nobody's business.
        self.label = self.folder.resolve().name
        if self.label == "log":
            self.folder = self.folder.resolve().parent

    def get(self, path: str, limit: int) -> bytes | None:
        """See `Source.get`."""
        try:
            with (self.folder / path).open("rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise UndeterminedError(f"{path} cannot be read: {error.strerror}", "log.unreadable") from error
        return _within(data, limit, path)

    def close(self) -> None:
        """Nothing is held open."""


@dataclass(slots=True)
class HttpSource:
    """Resources below an address, over one kept connection. `timeout`: seconds for a whole answer."""

    url: str
    timeout: float = 20.0
    label: str = ""
    _session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        self.label = f"{parts.scheme}://{host}{parts.path}"
        base = self.url.rstrip("/")
        self.url = base.removesuffix("/log") + "/"
        # Proxies of the environment do not reach this machine's own services.
        self._session.trust_env = parts.hostname not in ("127.0.0.1", "localhost", "::1")
        self._session.headers["User-Agent"] = "rootseal-audit"

    def get(self, path: str, limit: int) -> bytes | None:
        """See `Source.get`. Tries three times, for one hiccup must not cost an audit of an hour."""
        for attempt in range(_ATTEMPTS):
            try:
                return self._once(path, limit)
            except requests.RequestException as error:
                if attempt + 1 == _ATTEMPTS:
                    reason = known_why(error) or type(error).__name__
                    raise UndeterminedError(f"{path} could not be fetched: {reason}", "log.unreachable") from error
                time.sleep(_PAUSE * (attempt + 1))
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End the connection."""
        self._session.close()

    def _once(self, path: str, limit: int) -> bytes | None:
        deadline = time.monotonic() + self.timeout
        with self._session.get(self.url + path, timeout=self.timeout, allow_redirects=False, stream=True) as answer:
            if answer.status_code in _GONE:
                return None
            if answer.status_code >= 500:
                raise requests.HTTPError(f"HTTP {answer.status_code}")
            if answer.status_code != 200:
                raise UndeterminedError(f"{path} was answered with HTTP {answer.status_code}", "log.unreachable")
            data = bytearray()
            for piece in answer.iter_content(1 << 16):
                data += piece
                if time.monotonic() > deadline:
                    raise requests.Timeout("too slow")
                if len(data) > limit:
                    break
        return _within(bytes(data), limit, path)


def _within(data: bytes, limit: int, path: str) -> bytes:
    if len(data) > limit:
        raise UndeterminedError(f"{path} is larger than {limit} bytes", "log.large")
    return data
