"""The chain itself: genesis, one block per transaction, and looking things up.

py-evm's chain object is used directly; eth-tester would add its
own clock, scan all blocks for each receipt, and answer in its own words.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import rlp  # type: ignore[import-untyped]
from eth.abc import (
    BlockAPI,
    BlockHeaderAPI,
    ReceiptAPI,
    SignedTransactionAPI,
    StateAPI,
    VirtualMachineAPI,
)
from eth.chains.base import Chain
from eth.constants import POST_MERGE_MIX_HASH, POST_MERGE_NONCE, ZERO_ADDRESS, ZERO_HASH32
from eth.db.atomic import AtomicDB
from eth.exceptions import HeaderNotFound, PyEVMError, TransactionNotFound
from eth.vm.chain_context import ChainContext
from eth.vm.forks.prague import PragueVM
from eth_typing import BlockNumber, Hash32
from eth_utils.exceptions import ValidationError

from anchor.embedded.accounts import BALANCE, DevAccount, dev_accounts
from anchor.embedded.store import BlockStore, LogQuery, LogRow
from rootseal.errors import StoreError

CHAIN_ID = 31338  # Anvil's is 31337: a client can tell which development chain it talks to
GAS_LIMIT = 30_000_000
# Prague is the newest fork that py-evm has; contracts compiled for `paris` run on it unchanged.
_FORK = PragueVM


class _PragueChain(Chain):
    """One fork from the first block on."""

    chain_id = CHAIN_ID
    vm_configuration = ((BlockNumber(0), _FORK),)


def wall_clock() -> int:
    """UTC seconds now: the only place where the embedded chain reads the machine's clock."""
    return int(time.time())


class EmbeddedChain:
    """A durable single-node chain. Not thread-safe: the server holds one lock around it.

    Finality: there are no reorganisations, so that latest = safe = finalized.
    """

    def __init__(self, store: BlockStore, clock: Callable[[], int] = wall_clock) -> None:
        self.store = store
        self.accounts: tuple[DevAccount, ...] = dev_accounts()
        self._clock = clock
        self._db = AtomicDB(store)
        self._chain = self._create() if store.is_new else self._load()
        self.genesis = self._chain.get_canonical_block_header_by_number(BlockNumber(0))

    @classmethod
    def open(cls, path: Path | None, clock: Callable[[], int] = wall_clock) -> Self:
        """Opens the state file, or makes it with a new genesis; None keeps all in memory.

        Raises ConfigError (not writable, somebody else's file) and StoreError (in use by
        another process, newer, damaged); the file is left as it was.
        """
        store = BlockStore(path)
        try:
            return cls(store, clock)
        except (PyEVMError, KeyError, rlp.exceptions.RLPException) as error:
            store.close()
            raise StoreError(f"{path}: the chain in it cannot be read ({error!r})") from error
        except BaseException:
            store.close()
            raise

    def _create(self) -> Chain:
        """A genesis no other chain shares: a wiped chain has the same id, but not this hash."""
        params: dict[str, Any] = {
            "coinbase": ZERO_ADDRESS,
            "difficulty": 0,
            "extra_data": b"rootseal" + secrets.token_bytes(24),
            "gas_limit": GAS_LIMIT,
            "mix_hash": POST_MERGE_MIX_HASH,
            "nonce": POST_MERGE_NONCE,
            "parent_beacon_block_root": ZERO_HASH32,
            "timestamp": self._clock(),
        }
        funded = {"balance": BALANCE, "nonce": 0, "code": b"", "storage": {}}
        state: Any = {account.address: funded for account in self.accounts}
        with self.store.block():
            self.store.create_schema()
            chain = _PragueChain.from_genesis(self._db, params, state)
        assert isinstance(chain, Chain)
        return chain

    def _load(self) -> Chain:
        chain = _PragueChain(self._db)
        head = chain.get_canonical_head()
        if chain.get_canonical_block_hash(head.block_number) != head.hash:
            raise StoreError(f"{self.store.path}: its head is not on its own chain")
        self._db[head.state_root]  # a head whose state is missing could not be built upon
        return chain

    # --- writing

    def next_header(self) -> BlockHeaderAPI:
        """The header that the next block starts from, with its time and base fee."""
        parent = self.head()
        return self._chain.create_header_from_parent(
            parent,
            coinbase=ZERO_ADDRESS,
            gas_limit=parent.gas_limit,
            parent_beacon_block_root=ZERO_HASH32,
            timestamp=max(self._clock(), parent.timestamp + 1),
        )

    def append(self, transactions: Sequence[SignedTransactionAPI]) -> BlockHeaderAPI:
        """Executes, seals and commits one block; on return it is on disk.

        Raises eth_utils ValidationError for a transaction that cannot be in a block, StoreError
        when it cannot be written; the chain is unchanged then.
        """
        header = self.next_header()
        with self.store.block():
            vm = self._chain.get_vm(header)
            filled, receipts, _ = vm.apply_all_transactions(transactions, header)
            block = vm.set_block_transactions_and_withdrawals(vm.get_block(), filled, transactions, receipts)
            sealed = vm.mine_block(block).block
            self._chain.persist_block(sealed)
            self.store.add_logs(_log_rows(sealed, receipts))
        return sealed.header

    # --- looking up

    def head(self) -> BlockHeaderAPI:
        """The latest block's header."""
        return self._chain.get_canonical_head()

    def header_by_number(self, number: int) -> BlockHeaderAPI | None:
        """The canonical header at `number`, None beyond the head."""
        if number > self.head().block_number:
            return None
        return self._chain.get_canonical_block_header_by_number(BlockNumber(number))

    def header_by_hash(self, block_hash: bytes) -> BlockHeaderAPI | None:
        """The header with this hash; every stored block is canonical."""
        try:
            return self._chain.get_block_header_by_hash(Hash32(block_hash))
        except HeaderNotFound:
            return None

    def transactions(self, header: BlockHeaderAPI) -> tuple[SignedTransactionAPI, ...]:
        """The block's transactions in order."""
        return self._chain.chaindb.get_block_transactions(header, _FORK.get_transaction_builder())

    def receipts(self, header: BlockHeaderAPI) -> tuple[ReceiptAPI, ...]:
        """The block's receipts in order, as they stand in its receipt trie."""
        builder = _FORK.get_receipt_builder()
        return tuple(self._chain.chaindb.get_receipts(header, builder))

    def place_of(self, tx_hash: bytes) -> tuple[BlockHeaderAPI, int] | None:
        """The block and the index at which a transaction stands, by the index that py-evm keeps."""
        try:
            number, index = self._chain.chaindb.get_transaction_index(Hash32(tx_hash))
        except TransactionNotFound:
            return None
        return self._chain.get_canonical_block_header_by_number(number), index

    def logs(self, query: LogQuery) -> list[LogRow]:
        """Event logs by block range, address and topics."""
        return self.store.logs(query)

    def decode(self, raw: bytes) -> SignedTransactionAPI:
        """A transaction from its bytes. Raises rlp's and py-evm's errors on anything else."""
        builder: Any = _FORK.get_transaction_builder()
        transaction: SignedTransactionAPI = builder.decode(raw)
        if transaction.encode() != raw:
            raise ValidationError("bytes after the end of the transaction")
        return transaction

    def state_at(self, header: BlockHeaderAPI, *, free: bool = False) -> StateAPI:
        """The state after a block (or before an unsealed one), in that block's own context.

        `free` sets the base fee to zero, as geth does for calls without a gas price. Changes to
        it are never persisted.
        """
        vm: VirtualMachineAPI = self._chain.get_vm(header)
        context: Any = header.copy(base_fee_per_gas=0) if free else header
        previous = vm.previous_hashes or ()
        return _FORK.build_state(self._db, context, ChainContext(CHAIN_ID), previous)

    # --- life

    def close(self) -> None:
        """Releases the state file; needs no flush, since every block is already there."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _log_rows(block: BlockAPI, receipts: Sequence[ReceiptAPI]) -> list[LogRow]:
    """The index rows of a sealed block; `log_index` counts through all its receipts."""
    rows: list[LogRow] = []
    pairs = zip(block.transactions, receipts, strict=True)
    for tx_index, (transaction, receipt) in enumerate(pairs):
        for log in receipt.logs:
            rows.append(
                LogRow(
                    block=block.number,
                    log_index=len(rows),
                    tx_index=tx_index,
                    tx_hash=transaction.hash,
                    block_hash=block.hash,
                    timestamp=block.header.timestamp,
                    address=log.address,
                    topics=tuple(topic.to_bytes(32, "big") for topic in log.topics),
                    data=log.data,
                )
            )
    return rows
