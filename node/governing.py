"""Acts of the admin on the ledger: sent with the admin's key, or handed out unsigned where that key is elsewhere.

The admin's key governs the issuer and is not the node's own. Whoever keeps it elsewhere (a wallet, a
multisig) gets the exact calls to sign, and the same command finds later on chain that they were made.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.calling import Caller, Cost, LedgerCall, await_final, is_done, rehearse
from anchor.deploying import fund, is_development_chain
from anchor.failing import why
from anchor.ledger import IssuerRecord, Ledger
from anchor.sender import SendPolicy
from node.config import read_config
from node.connection import Connection
from node.init_chain import UnsignedCall, Waiting
from node.init_keys import ADMIN_KEY
from node.store import STORE_NAME, Store
from rootseal.errors import ConfigError
from rootseal.ethereum import checksum_address

if TYPE_CHECKING:
    from anchor.keys import Signer
    from anchor.outbox import Intent, Outbox

__all__ = ["AdminKey", "Governor", "UnsignedCall", "Waiting", "read_passphrase"]

_DEV_MONEY = 10**18


@dataclass(frozen=True, slots=True)
class AdminKey:
    """Where the admin's key is: a keystore, or with an address whose owner signs elsewhere.

    All None: `admin-key.json` in the node's directory if it is there, else the admin that the ledger names.
    """

    file: Path | None = None
    passphrase_file: Path | None = None
    address: bytes | None = None


class Governor:
    """One node's issuer, governed. Used as a context manager: it holds the store open.

    Where the key is elsewhere, `Waiting` is raised with the unsigned calls.
    """

    def __init__(
        self,
        directory: Path,
        key: AdminKey,
        report: Callable[[str], None],
        *,
        timeout: float = 1800.0,
        sleep: Callable[[float], None] = time.sleep,
        connection: Connection | None = None,
    ) -> None:
        self.directory = directory.absolute()
        self.config = read_config(directory) if connection is None else connection.config
        self.connection = connection or Connection(self.directory, self.config)
        self.store = Store.open(self.directory / STORE_NAME)
        self.outbox: Outbox = _RecordingOutbox(self.store)
        self.report = report
        self._key = key
        self._timeout = timeout
        self._sleep = sleep
        self._signer: Signer | None = None

    def __enter__(self) -> Governor:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    @property
    def issuer(self) -> int:
        """The node's number on the ledger."""
        return self.config.home.issuer

    @property
    def ledger(self) -> Ledger:
        """The home ledger."""
        return self.connection.ledger

    def record(self, issuer: int | None = None) -> IssuerRecord:
        """What the ledger says of an issuer (the node's own). Raises `ConfigError` where there is none."""
        number = self.issuer if issuer is None else issuer
        found = self.ledger.issuer(number)
        if found is None:
            raise ConfigError("issuer", "is not registered on this ledger", number)
        return found

    def sender(self) -> bytes:
        """The address that signs: the key's, or the one whose owner signs elsewhere."""
        signer = self.signer()
        return signer.address if signer is not None else self._key.address or self.record().admin

    def signer(self) -> Signer | None:
        """The key, unlocked; None where it is elsewhere."""
        file = self._file()
        if file is not None and self._signer is None:
            from anchor.keys import load_keystore  # a second of imports

            self._signer = load_keystore(file, self._passphrase())
        return self._signer

    def cost(self, call: LedgerCall, sender: bytes | None = None) -> Cost | None:
        """What it would cost, None where it is on chain already. Raises `Reverted` where it would be refused."""
        by = sender or self.sender()
        if is_done(self.connection.chain, self.ledger.address, by, call):
            return None
        return rehearse(self.connection.chain, self.ledger.address, by, call, self.config.max_fee_per_gas)

    def require_admin(self) -> None:
        """Raises `ConfigError` unless the key is that of the issuer's admin."""
        admin, ours = self.record().admin, self.sender()
        if admin != ours:
            raise ConfigError(
                "admin key",
                f"is not the admin of issuer {self.issuer}: the ledger names {checksum_address(admin)}",
                checksum_address(ours),
            )

    def send(self, call: LedgerCall) -> bool:
        """Send and wait until it is final; False where it was done before. Raises `Waiting` with the unsigned call."""
        signer = self.signer()
        if signer is None:
            return self._hand_out(call)
        self._fund_on_development_chain(signer.address)
        return self.caller(signer).send(call)

    def caller(self, signer: Signer) -> Caller:
        """Sends for `signer` through the node's own outbox."""
        policy = SendPolicy(finality=self.config.finality, ceiling=self.config.max_fee_per_gas)
        return Caller(
            self.connection.chain,
            self.outbox,
            signer,
            self.config.pins,
            self.ledger.address,
            policy,
            self.report,
            self._timeout,
            self._sleep,
        )

    def _hand_out(self, call: LedgerCall) -> bool:
        if is_done(self.connection.chain, self.ledger.address, self.sender(), call):
            chain, finality = self.connection.chain, self.config.finality
            await_final(chain, finality, call.what, self.report, self._timeout, self._sleep)
            return False
        self.cost(call)
        who = checksum_address(self.sender())
        _write_down(self.store, call.function, self.sender(), self.ledger.address, call.data, signed="elsewhere")
        raise Waiting(f"{who} must {call.what}", calls=(UnsignedCall(call.what, self.ledger.address, call.data),))

    def _fund_on_development_chain(self, address: bytes) -> None:
        chain = self.connection.chain
        if chain.balance(address) == 0 and is_development_chain(chain):
            fund(chain, address, _DEV_MONEY)
            self.report(f"{checksum_address(address)} got test money")

    def _file(self) -> Path | None:
        if self._key.address is not None:
            return None
        if self._key.file is not None:
            return self._key.file
        default = self.directory / ADMIN_KEY
        return default if default.exists() else None

    def _passphrase(self) -> str:
        named = self._key.passphrase_file
        return self.connection.passphrase() if named is None else read_passphrase(named)


def _write_down(store: Store, function: str, sender: bytes, ledger: bytes, data: bytes, **more: str) -> None:
    detail = {"from": checksum_address(sender), "to": checksum_address(ledger), "data": "0x" + data.hex(), **more}
    store.acts.add(int(time.time()), "ledger call", function, detail)


class _RecordingOutbox:
    """The store's outbox, with a line of the audit log for every call, in the transaction that queues it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        outbox = store.outbox
        self.get, self.unfinished, self.attempts = outbox.get, outbox.unfinished, outbox.attempts
        self.update, self.record = outbox.update, outbox.record

    def add(self, intent: Intent) -> Intent:
        """See `Outbox.add`."""
        with self._store.writing():
            if self._store.outbox.get(intent.name) is None:
                _write_down(self._store, intent.name.split("/")[2], intent.key, intent.to, intent.data)
            return self._store.outbox.add(intent)


def read_passphrase(path: Path) -> str:
    """The first line. Raises `ConfigError` where there is none."""
    try:
        with path.open(encoding="utf-8") as file:
            line = file.readline(4096).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("--passphrase-file", f"cannot be read: {why(error)}", str(path)) from error
    if not line:
        raise ConfigError("--passphrase-file", "is empty; write the passphrase on its first line", str(path))
    return line
