"""The learner's box on disk: a keystore and one file a credential, named by its commitment.

    DIR/keystore.json                              the holder's key, Web3 Secret Storage v3
    DIR/credentials/<commitment>.credential.json   complete credentials, each for ever usable by itself
    DIR/seed.json, DIR/accounts.json               only with recovery words: see wallet.accounts
    DIR/shown.json                                 which copy was shown to whom: see wallet.shown
    DIR/status.json                                what a chain said is revoked or suspended: see wallet.standing

There is no index and no database: the folder can be copied, and a file lost or damaged costs only itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rootseal.commitment import Commitment
from rootseal.errors import InputError, RootsealError
from rootseal.files import CredentialFile
from wallet.disk import PRIVATE_FILE, make_private_folder, read_file, write_atomically
from wallet.merging import merge
from wallet.phrases import Phrase

__all__ = ["SHORT_ID", "Box", "Damaged", "Held", "Kept", "not_one"]

SHORT_ID = 12
_SUFFIX = ".credential.json"
_PREFIX = re.compile(r"[0-9a-f]{4,64}", re.ASCII)

Kept = Literal["received", "improved", "already here"]


@dataclass(frozen=True, slots=True)
class Held:
    """One credential of the box. `commitment` names its file."""

    path: Path
    file: CredentialFile
    commitment: Commitment

    @property
    def short_id(self) -> str:
        """The first digits of the commitment: what a person types."""
        return self.commitment.hex()[:SHORT_ID]

    def is_meant(self, wish: str) -> bool:
        """True iff its id begins with `wish`, or its document has that `id`."""
        beginning = _PREFIX.fullmatch(wish) is not None and self.commitment.hex().startswith(wish)
        return beginning or self.is_named(wish)

    def is_named(self, wish: str) -> bool:
        """True iff `wish` is its whole id, or the `id` of its document: what names this one alone."""
        return wish != "" and (
            wish == self.commitment.hex() or self.file.credential.get("id") in (wish, f"urn:uuid:{wish}")
        )

    def save(self, file: CredentialFile) -> None:
        """Replace the file by `file`, which must be the same credential, in one step."""
        write_atomically(self.path, file.to_bytes(), PRIVATE_FILE)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file in the box that is no credential any more, and why. `error` is what its reader said, if it did."""

    path: Path
    reason: str
    error: RootsealError | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """The folder `directory`."""

    directory: Path

    @classmethod
    def create(cls, directory: Path) -> Box:
        """A private box without a key yet. Raises as `require_free`, and where the disk refuses."""
        box = cls(directory)
        box.require_free()
        # The key comes last (`create_key`): after a crash before it, the same command finishes the work.
        make_private_folder(directory)
        make_private_folder(box._folder)
        return box

    def require_free(self) -> None:
        """Raises `InputError` where there is a wallet already, or something else, or no folder can be made."""
        directory = self.directory
        if self.keystore.exists() or self.keystore.is_symlink():
            raise InputError(str(directory), Phrase("holds a wallet already; nothing was changed"))
        if directory.is_dir() and not set(directory.iterdir()) <= {self._folder, self.seed, self.accounts}:
            raise InputError(str(directory), Phrase("is not empty; choose a new folder for the wallet"))
        near = next(path for path in (directory, *directory.absolute().parents) if os.path.lexists(path))
        if not near.is_dir() or not os.access(near, os.W_OK | os.X_OK):
            said = "cannot be made: {folder} is no folder that you may write to"
            raise InputError(str(directory), Phrase(said, folder=near))

    @classmethod
    def open(cls, directory: Path) -> Box:
        """The box that `rootseal wallet init` made. Raises `InputError` where there is none."""
        box = cls(directory)
        if not box._folder.is_dir():
            said = "is no wallet; make one with: rootseal wallet init {folder}"
            raise InputError(str(directory), Phrase(said, folder=directory))
        return box

    @property
    def keystore(self) -> Path:
        """Where the key is."""
        return self.directory / "keystore.json"

    @property
    def seed(self) -> Path:
        """Where the seed of a wallet with recovery words is, locked."""
        return self.directory / "seed.json"

    @property
    def accounts(self) -> Path:
        """Where it stands which address was given to whom."""
        return self.directory / "accounts.json"

    @property
    def shown(self) -> Path:
        """Where it stands which copy was shown to whom."""
        return self.directory / "shown.json"

    @property
    def status(self) -> Path:
        """Where it stands what a chain said is revoked or suspended."""
        return self.directory / "status.json"

    @property
    def _folder(self) -> Path:
        return self.directory / "credentials"

    def entries(self) -> Iterator[Held | Damaged]:
        """Every credential by name of its file; what cannot be read does not stop the rest."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            yield _entry(path)

    def credentials(self) -> tuple[Held, ...]:
        """The readable ones."""
        return tuple(entry for entry in self.entries() if isinstance(entry, Held))

    def find(self, wish: str) -> Held:
        """The credential whose id begins with `wish`, or whose document has that `id`. Raises `InputError`."""
        found = [held for held in self.credentials() if held.is_meant(wish)]
        if len(found) == 1:
            return found[0]
        raise not_one(wish, several=bool(found))

    def keep(self, file: CredentialFile) -> tuple[Held, Kept]:
        """Put in a file that proves itself; of one that is here already keep the better proofs.

        Raises `VerificationError` where it contradicts what is here; nothing changes then.
        """
        commitment = file.commitment
        path = self._folder / f"{commitment.hex()}{_SUFFIX}"
        present = _entry(path) if path.exists() else None
        if not isinstance(present, Held):  # new, or damaged: the whole file heals it
            held = Held(path, file, commitment)
            held.save(file)
            return held, "received"
        merged = merge(present.file, file)
        if merged == present.file:
            return present, "already here"
        present.save(merged)
        return Held(path, merged, commitment), "improved"


def not_one(wish: str, *, several: bool) -> InputError:
    """The refusal of an id that names several credentials, or none."""
    if several:
        return InputError(
            "ID", Phrase("names several credentials, give more digits; `rootseal wallet list` shows the ids"), wish
        )
    return InputError("ID", Phrase("names no credential in this wallet; `rootseal wallet list` shows the ids"), wish)


def _entry(path: Path) -> Held | Damaged:
    try:
        file = CredentialFile.from_bytes(read_file(path))
        commitment = file.commitment
    except RootsealError as error:
        return Damaged(path, error.diagnostics(), error)
    if f"{commitment.hex()}{_SUFFIX}" != path.name:
        return Damaged(path, Phrase("the file was altered: its name and its content do not belong together"))
    return Held(path, file, commitment)
