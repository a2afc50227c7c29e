"""The node's way to the chain: opened at the first question, pinned before anything is believed.

Offline commands hold one of these and never make it speak.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from anchor.chain import Block, Chain, WrongChain
from anchor.failing import why
from anchor.finality import final_block
from anchor.ledger import Ledger
from anchor.ledger_intents import settled
from anchor.outbox import Intent, Outbox
from anchor.sender import Sender, SendPolicy
from node.config import NodeConfig
from node.ways_out import way
from rootseal.errors import ConfigError, UndeterminedError

if TYPE_CHECKING:
    from anchor.keys import Signer

__all__ = ["CREDITS_PREFIX", "Connection", "is_credit_call"]

CREDITS_PREFIX = "credits/"
"""Of the names of intents that the credits contract may refuse without holding up others."""

_MAX_PASSPHRASE = 4096


class Connection:
    """Chain, ledger and key of one node. Raises `UndeterminedError` (unreachable, wrong chain) when asked."""

    def __init__(
        self,
        directory: Path,
        config: NodeConfig,
        *,
        chain: Chain | None = None,
        passphrase: str | None = None,
        key_of: Connection | None = None,
    ) -> None:
        """`given` (`chain`) stands for the settings' endpoints, in tests.

        `key_of`: another connection of the same node, whose key is unlocked already or will be.
        """
        self.directory = directory
        self.config = config
        self.given = chain
        self._passphrase = passphrase
        self._key_of = key_of

    @cached_property
    def chain(self) -> Chain:
        """The chain, with id, genesis, ledger and code compared with the pinned ones; several URLs are a pool."""
        from anchor.pool import open_pool

        chain = self.given or open_pool(self.config.chain_urls, self.config.pins, self.config.finality)
        self.config.pins.check(chain)
        return chain

    def reading(self) -> AbstractContextManager[None]:
        """What is asked inside is answered by one endpoint, where there are several."""
        from anchor.pool import PooledChain

        chain = self.chain
        return chain.reading() if isinstance(chain, PooledChain) else nullcontext()

    def left_out(self) -> dict[str, str]:
        """Of several endpoints those that are not asked now (host and port), and why."""
        from anchor.pool import PooledChain

        chain = self.chain
        return chain.problems() if isinstance(chain, PooledChain) else {}

    @property
    def ledger(self) -> Ledger:
        """The home ledger."""
        return Ledger(self.chain, self.config.home.ledger)

    def final(self) -> Block:
        """The newest final block. Raises `UndeterminedError` while there is none, or it is not the pinned chain's."""
        self.config.pins.check_chain(self.chain)
        block = final_block(self.chain, self.config.finality)
        if block is None:
            raise UndeterminedError("the chain has no final block yet; wait and try again", "chain.not_final")
        return block

    def latest(self) -> Block:
        """The newest block."""
        block = self.chain.block("latest")
        if block is None:
            raise WrongChain("the latest block", "a block", "nothing")
        return block

    def passphrase(self) -> str:
        """What unlocks the node's keys. Raises `ConfigError` where neither a file nor a person gave it."""
        if self._passphrase is not None:
            return self._passphrase
        name = self.config.passphrase_file
        if name is None:
            raise ConfigError("passphrase_file", "is not set, and no passphrase was given")
        path = self.directory / name
        try:
            with path.open(encoding="utf-8") as file:
                line = file.readline(_MAX_PASSPHRASE).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("passphrase_file", f"cannot be read: {why(error)}", str(path)) from error
        if not line:
            raise ConfigError("passphrase_file", "is empty", str(path))
        return line

    @cached_property
    def signer(self) -> Signer:
        """The node's key, unlocked once: it takes about a second. Raises `ConfigError`."""
        if self._key_of is not None:
            return self._key_of.signer
        from anchor.keys import WrongPassphrase, load_keystore  # for the same reason

        path, passphrase = self.directory / self.config.key_file, self.passphrase()
        try:
            return load_keystore(path, passphrase)
        except WrongPassphrase:
            if self._passphrase is not None or self.config.passphrase_file is None:
                raise
            out = way("passphrase", file=str(self.directory / self.config.passphrase_file))
            problem = f"the passphrase is wrong, or the file was altered; {out}"
            raise WrongPassphrase("keystore", problem, str(path)) from None

    def sender(self, outbox: Outbox, before_signing: Callable[[Intent], None]) -> Sender:
        """The sender of the node's key; one at a time. `before_signing` raises to forbid a signature."""
        policy = SendPolicy(finality=self.config.finality, ceiling=self.config.max_fee_per_gas)
        # A learner's claim may lose its ground while it waits; anchors behind it must not wait for ever.
        pins = self.config.pins
        return Sender(self.chain, outbox, self.signer, pins, settled, policy, before_signing, is_credit_call)


def is_credit_call(intent: Intent) -> bool:
    """True for claims and redemptions (`node.crediting`), which are given up where the contract refuses them."""
    return intent.name.startswith(CREDITS_PREFIX)
