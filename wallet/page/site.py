"""What the page is about: one box, whom its owner trusts, and what was made in this run to be downloaded."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final, Literal

from rootseal.errors import InputError
from rootseal.policy import Policy
from wallet.box import Box
from wallet.phrases import Phrase

__all__ = ["Made", "Pending", "Shelf", "Site"]

_PLACES: Final = 8


@dataclass(frozen=True, slots=True)
class Made:
    """A file to be downloaded; `remark` is a sentence about it, or empty, `notes` are what else is to be known."""

    kind: Literal["presentation", "backup"]
    name: str
    data: bytes
    remark: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """A wallet whose words are being written on paper. `places` are the two that are asked back."""

    words: tuple[str, ...]
    passphrase: str
    places: tuple[int, int]


class Shelf:
    """Files and unfinished wallets of this run, in memory alone; the oldest give way."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._items: OrderedDict[str, Made | Pending] = OrderedDict()

    def put(self, item: Made | Pending) -> str:
        """Its name, which cannot be guessed."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._items[name] = item
            while len(self._items) > _PLACES:
                self._items.popitem(last=False)
        return name

    def made(self, name: str) -> Made | None:
        """A file, or None where it is not there any more."""
        found = self._items.get(name)
        return found if isinstance(found, Made) else None

    def pending(self, name: str) -> Pending | None:
        """An unfinished wallet, or None."""
        found = self._items.get(name)
        return found if isinstance(found, Pending) else None

    def drop(self, name: str) -> None:
        """Forget it."""
        with self._lock:
            self._items.pop(name, None)


@dataclass(frozen=True)
class Site:
    """The folder `directory`, the policy in use, and the chain node that is asked instead of the policy's."""

    directory: Path
    policy: Policy | None = None
    rpc: str | None = None
    shelf: Shelf = field(default_factory=Shelf)

    @property
    def is_new(self) -> bool:
        """True iff there is no wallet yet in the folder."""
        box = Box(self.directory)
        if box.keystore.exists() or box.keystore.is_symlink():
            return False
        return not any((self.directory / "credentials").glob("*"))

    def require_usable(self) -> None:
        """Raises `InputError` where the folder is neither a wallet nor one that can become one."""
        if not self.is_new or not self.directory.exists():
            return
        begun = {"credentials", "seed.json", "accounts.json"}  # a crash while one was made
        if not self.directory.is_dir() or {path.name for path in self.directory.iterdir()} - begun:
            raise InputError(str(self.directory), Phrase("is neither a wallet nor an empty folder"))

    @property
    def box(self) -> Box:
        """The wallet. Raises `InputError` where there is none."""
        return Box.open(self.directory)
