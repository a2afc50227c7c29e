"""What `node init` was told and what it has begun: `init.json`, written before each act that it describes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from anchor.failing import why
from anchor.files import write_atomically
from rootseal.canonical import Json
from rootseal.errors import ConfigError, StoreError
from rootseal.ethereum import address_text
from rootseal.strict import ethereum_hex, members, nullable, string

__all__ = ["Choices", "Journal"]

_NAME = "init.json"
_FORMAT = "rootseal/init/1"


@dataclass(frozen=True, slots=True)
class Choices:
    """Deploy a ledger or use the one given; the admin's address where he keeps his key himself."""

    deploy: bool
    ledger: bytes | None
    admin: bytes | None
    passphrase_file: Path | None


@dataclass(frozen=True, slots=True)
class Journal:
    """The choices, and the deployment that was signed: (transaction hash, raw bytes)."""

    directory: Path
    choices: Choices
    deployment: tuple[bytes, bytes] | None = None

    @classmethod
    def read(cls, directory: Path) -> Journal:
        """Raises `ConfigError` where there is none, `StoreError` where it is damaged."""
        path = directory / _NAME
        try:
            m = members(json.loads(path.read_text(encoding="utf-8")), _NAME, ("format", "choices", "deployment"))
        except FileNotFoundError:
            raise ConfigError(_NAME, "is missing: this node was not made by node init", str(directory)) from None
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} cannot be read: {why(error)}") from error
        choices = members(m["choices"], "init.json.choices", ("deploy", "ledger", "admin", "passphraseFile"))
        return cls(
            directory,
            Choices(
                choices["deploy"] is True,
                nullable(choices["ledger"], "init.json.ledger", lambda v, w: ethereum_hex(v, w, 20)),
                nullable(choices["admin"], "init.json.admin", lambda v, w: ethereum_hex(v, w, 20)),
                nullable(choices["passphraseFile"], "init.json.passphraseFile", lambda v, w: Path(string(v, w))),
            ),
            nullable(m["deployment"], "init.json.deployment", _deployment),
        )

    def write(self) -> None:
        """Durable when it returns. Raises `StoreError`."""
        chosen = self.choices
        value: dict[str, Json] = {
            "format": _FORMAT,
            "choices": {
                "deploy": chosen.deploy,
                "ledger": None if chosen.ledger is None else address_text(chosen.ledger),
                "admin": None if chosen.admin is None else address_text(chosen.admin),
                "passphraseFile": None if chosen.passphrase_file is None else str(chosen.passphrase_file),
            },
            "deployment": None
            if self.deployment is None
            else {"transaction": "0x" + self.deployment[0].hex(), "raw": "0x" + self.deployment[1].hex()},
        }
        try:
            write_atomically(self.directory / _NAME, (json.dumps(value, indent=1) + "\n").encode())
        except OSError as error:
            raise StoreError(f"{self.directory / _NAME} cannot be written: {error.strerror}") from error

    def deploying(self, deployment: tuple[bytes, bytes] | None) -> Journal:
        """The same with another signed deployment, written."""
        journal = replace(self, deployment=deployment)
        journal.write()
        return journal


def _deployment(value: Json, where: str) -> tuple[bytes, bytes]:
    m = members(value, where, ("transaction", "raw"))
    return ethereum_hex(m["transaction"], f"{where}.transaction", 32), ethereum_hex(m["raw"], f"{where}.raw")
