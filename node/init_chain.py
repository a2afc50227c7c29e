"""The part of `node init` that happens on chain: ledger, registration, key, document, each found before it is sent.

With an admin key in the node's directory the calls are sent through the outbox; with an admin
elsewhere they are handed out unsigned, and a later run finds on chain that they were made.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from anchor.chain import Block, Chain, ChainUnavailable, Receipt, Rejection, SendRejected
from anchor.deploying import deploy, wait_for_receipt
from anchor.fees import first_fees
from anchor.finality import final_block
from anchor.keys import Signer
from anchor.ledger import Ledger, call_data, ledger_abi
from anchor.ledger_events import decode_event, events_between
from anchor.ledger_intents import settled
from anchor.outbox import Intent, Outbox
from anchor.pins import Pins
from anchor.sender import Sender, SendPolicy
from node.config import NodeConfig
from node.init_journal import Journal
from rootseal.errors import AnchoringError, ConfigError
from rootseal.ethereum import ZERO_ADDRESS, checksum_address, keccak256

__all__ = ["Funds", "Registrar", "UnsignedCall", "Waiting", "needed_wei"]

_REGISTER_GAS = 700_000
_ROLES = 3
_REGISTERED = keccak256(b"IssuerRegistered(uint64,address,string,string)")
_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class UnsignedCall:
    """A transaction for the admin's own wallet; `to` None creates a contract."""

    what: str
    to: bytes | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Funds:
    """An address that needs at least `wei` (0: some), and what it pays with it."""

    address: bytes
    wei: int
    purpose: str


class Waiting(Exception):  # noqa: N818 - not a failure: the run stops here, and the same command goes on
    """Somebody else must act first."""

    def __init__(self, sentence: str, calls: tuple[UnsignedCall, ...] = (), funds: tuple[Funds, ...] = ()) -> None:
        self.calls = calls
        self.funds = funds
        super().__init__(sentence)


def needed_wei(chain: Chain, config: NodeConfig, deploying: bool) -> int:
    """What the admin key must hold for the steps that are left, with twice today's fees."""
    fees = first_fees(chain.fee_quote(), config.max_fee_per_gas)
    if fees is None:
        raise AnchoringError(f"the chain asks more than max_fee_per_gas = {config.max_fee_per_gas} wei")
    gas = _REGISTER_GAS + (chain.estimate_gas(ZERO_ADDRESS, None, ledger_abi().bytecode) * 11 // 10 if deploying else 0)
    return gas * fees.max_fee


@dataclass(frozen=True, slots=True)
class Registrar:
    """Brings the ledger to the state that the node needs. `admin` None: the admin's key is elsewhere.

    Every method first looks for its own effect, and returns only when that is final. Raises `Waiting`
    where the admin must act, `ChainUnavailable`, `WrongChain` and `AnchoringError`.
    """

    chain: Chain
    config: NodeConfig
    outbox: Outbox
    admin: Signer | None
    admin_address: bytes
    report: Callable[[str], None]
    timeout: float
    sleep: Callable[[float], None]

    def with_config(self, config: NodeConfig) -> Registrar:
        """The same under newer settings."""
        return replace(self, config=config)

    def ledger(self, journal: Journal) -> tuple[bytes, int]:
        """Address of the ledger, its code compared with the artifact, and the block that created it."""
        address = journal.choices.ledger
        if address is not None:
            Pins(self.config.chain_id, contract=address, code_hash=ledger_abi().code_hash).check_code(self.chain)
            return address, self._created(address)
        if self.admin is None:
            call = UnsignedCall(
                "deploy the ledger; then run this command again with --ledger ADDRESS", None, ledger_abi().bytecode
            )
            raise Waiting("the admin must deploy the ledger", calls=(call,))
        receipt = self._resume(journal) if journal.deployment else self._deploy(journal, self.admin)
        if receipt.status != 1 or receipt.contract is None:
            journal.deploying(None)
            raise AnchoringError("the deployment failed; run the same command again")
        Pins(self.config.chain_id, contract=receipt.contract, code_hash=ledger_abi().code_hash).check_code(self.chain)
        self._until(
            lambda final: final.number >= receipt.block_number, "the ledger is deployed; waiting until it is final"
        )
        return receipt.contract, receipt.block_number

    def _deploy(self, journal: Journal, admin: Signer) -> Receipt:
        # Announced before it is broadcast: a crash in between is resumed with the same bytes, hence the same address.
        done = deploy(
            self.chain,
            admin,
            ceiling=self.config.max_fee_per_gas,
            timeout=self.timeout,
            announce=lambda transaction, raw: _ignore(journal.deploying((transaction, raw))),
        )
        return wait_for_receipt(self.chain, done.transaction, timeout=self.timeout)

    def _resume(self, journal: Journal) -> Receipt:
        transaction, raw = journal.deployment or (b"", b"")
        if (found := self.chain.receipt(transaction)) is not None:
            return found
        try:
            self.chain.send_raw(raw)
        except SendRejected as error:
            if error.kind is Rejection.NONCE_TOO_LOW and self.chain.receipt(transaction) is None:
                journal.deploying(None)
                raise AnchoringError(
                    "the deployment was lost: its nonce is used; run the same command again"
                ) from error
            if error.kind not in (Rejection.ALREADY_KNOWN, Rejection.NONCE_TOO_LOW):
                raise
        return wait_for_receipt(self.chain, transaction, timeout=self.timeout)

    def _created(self, address: bytes) -> int:
        """The block that created the ledger, by bisection; 0 where the node has no old state (then all is searched)."""
        head = self.chain.block("latest")
        low, high = 0, 0 if head is None else head.number
        try:
            while low < high:
                middle = (low + high) // 2
                low, high = (low, middle) if self.chain.code(address, middle) else (middle + 1, high)
        except ChainUnavailable:
            return 0
        return high

    def register(self) -> int:
        """The issuer number, once its registration is final. One admin has one issuer of one name."""
        number = self._registered()
        if number is None:
            data = call_data("register", self.config.name, self.config.public_url or "", bytes(32))
            self._send("register the institution", [("init/register", data)])
            number = self._registered()
        if number is None:
            raise AnchoringError("the registration is on chain but cannot be found; run the same command again")
        record = self._ledger.issuer(number)
        since = 0 if record is None else record.registered_at
        self._until(lambda final: final.timestamp >= since, "registered; waiting until that is final")
        return number

    def _registered(self) -> int | None:
        """The newest issuer of this admin and name: also one that an earlier run registered and forgot."""
        ledger, admin = self._ledger, self.admin_address
        head = self.chain.block("latest")
        topics = [_REGISTERED, None, admin.rjust(32, b"\0")]
        last = 0 if head is None else head.number
        for log in reversed(
            events_between(self.chain, ledger.address, topics, self.config.deployment_block or 0, last)
        ):
            event = decode_event(log).arguments
            number = int(event["issuer"])
            found = ledger.issuer(number)
            if event["name"] == self.config.name and found is not None and found.admin == admin:
                return number
        return None

    def equip(self, key: bytes, document: bytes, unanchored: bool) -> None:
        """Key with both roles and document in force, both final. A document that must not change stays."""
        issuer = self.config.home.issuer
        known = self._ledger.key_of(issuer, key)
        if known is not None and (known.retired_at or known.roles != _ROLES):
            raise ConfigError("key_file", "is retired or has other roles on the ledger", checksum_address(key))
        calls = []
        if known is None:
            calls.append((f"init/key/{key.hex()}", call_data("addKey", issuer, key, _ROLES)))
        history = self._ledger.documents(issuer)
        if not history or history[-1].document_hash != document:
            if unanchored:
                raise ConfigError("public_url", "changes the issuer document, but sealed entries are not anchored yet")
            calls.append((f"init/document/{len(history)}/{document.hex()}", call_data("setDocument", issuer, document)))
        if calls:
            self._send("add the node's key and set the issuer document", calls)
        found = self._ledger.key_of(issuer, key)
        since = max(0 if found is None else found.added_at, self._ledger.documents(issuer)[-1].time)
        self._until(lambda final: final.timestamp >= since, "key and document are set; waiting until that is final")

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.chain, self.config.ledger or ZERO_ADDRESS)

    def _send(self, what: str, calls: list[tuple[str, bytes]]) -> None:
        """Send and wait until all are final, or hand them out."""
        target = self.config.ledger or ZERO_ADDRESS
        if self.admin is None:
            raise Waiting(
                f"the admin must {what}", calls=tuple(UnsignedCall(name, target, data) for name, data in calls)
            )
        self.report(what)
        for name, data in calls:
            self.outbox.add(Intent(name, self.admin.address, target, data))
        policy = SendPolicy(self.config.finality, self.config.max_fee_per_gas)
        sender = Sender(self.chain, self.outbox, self.admin, self.config.pins, settled, policy)
        deadline = time.monotonic() + self.timeout
        while not (progress := sender.tick(time.time())).idle:
            if progress.blocked is not None:
                raise AnchoringError(f"{progress.blocked}; then run the same command again")
            self._pause(deadline, progress.waiting or what)

    def _until(self, reached: Callable[[Block], bool], what: str) -> None:
        deadline = time.monotonic() + self.timeout
        told = False
        while (final := final_block(self.chain, self.config.finality)) is None or not reached(final):
            if not told:
                self.report(what)
                told = True
            self._pause(deadline, what)

    def _pause(self, deadline: float, what: str) -> None:
        if time.monotonic() >= deadline:
            raise AnchoringError(f"time is up: {what}; run the same command again")
        self.sleep(_PAUSE)


def _ignore(_: object) -> None:
    return None
