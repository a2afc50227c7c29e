"""A chain in memory that implements `anchor.chain.Chain` and is driven, not patched.

It keeps geth's rules where Anvil is lax: a replacement pays 10 % more on both fees, the wording is
geth's, and a reorganisation puts orphans back into the pool. Headers and receipts are real RLP, so
that evidence can be built. The only contract it knows is the ledger (`tests.support.fake_ledger`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from trie import HexaryTrie  # type: ignore[attr-defined]

from anchor.chain import (
    Block,
    BlockTag,
    ChainUnavailable,
    FeeQuote,
    LogEntry,
    Receipt,
    Rejection,
    Reverted,
    RpcError,
    SendRejected,
)
from anchor.evidence import encode_header
from anchor.receipt_proof import encode_receipt, encode_rlp
from rootseal.ethereum import keccak256
from tests.support.fake_blocks import Transaction, World, decode_transaction, located, matches, runtime_code
from tests.support.fake_ledger import Event, FakeLedger

ETHER = 10**18
GENESIS_TIME = 1_700_000_000
BLOCK_TIME = 12
GAS = 60_000


class FakeChain:
    """See the module. `auto_mine` mines each accepted transaction at once, as development chains do."""

    def __init__(self, *, auto_mine: bool = True, finality_lag: int = 0, seed: int = 0, base_fee: int | None = 10**9):
        self.auto_mine = auto_mine
        self.finality_lag = finality_lag
        self.base_fee = base_fee
        self.tip = 10**9 if base_fee != 0 else 0
        self.id = 31337
        self.unlocked: tuple[bytes, ...] = (keccak256(b"unlocked")[12:],)
        self.pool: dict[tuple[bytes, int], Transaction] = {}
        self.pruned = False
        self.max_log_span: int | None = None
        self.sent: list[bytes] = []
        self._seed = seed
        self._failures: dict[str, list[Exception]] = {}
        self._after: list[Exception] = []
        self._blocks: list[Block] = []
        self._receipts: list[tuple[Receipt, ...]] = []
        self._transactions: list[tuple[Transaction, ...]] = []
        self._worlds: list[World] = [World(balances={self.unlocked[0]: 10_000 * ETHER})]
        self._seal([])

    # --- driving ---------------------------------------------------------------------------------

    def mine(self, count: int = 1) -> None:
        """Make `count` blocks of what the pool holds and the base fee allows."""
        for _ in range(count):
            self._worlds.append(copy.deepcopy(self._worlds[-1]))
            self._seal(self._pick())

    def drop(self, *hashes: bytes) -> None:
        """Evict from the pool: these, or all."""
        self.pool = {at: tx for at, tx in self.pool.items() if hashes and tx.hash not in hashes}

    def reorg(self, depth: int, *, orphans: bool = True) -> None:
        """Replace the last `depth` blocks by as many empty ones; orphans return to the pool, as in geth."""
        gone = [tx for block in self._transactions[-depth:] for tx in block]
        self.rollback(depth)
        self._seed += 1
        pool, self.pool = self.pool, {}
        self.mine(depth)
        self.pool = pool | ({(tx.sender, tx.nonce): tx for tx in gone} if orphans else {})

    def rollback(self, depth: int) -> None:
        """Forget the last `depth` blocks: a node restored from a backup."""
        for things in (self._blocks, self._receipts, self._transactions, self._worlds):
            del things[-depth:]

    def lose_response(self) -> None:
        """The next raw transaction is taken, but nobody hears of it."""
        self._after.append(ChainUnavailable("eth_sendRawTransaction", "the answer was lost"))

    def fail(self, method: str, error: Exception) -> None:
        """The next call of a method of this class raises."""
        self._failures.setdefault(method, []).append(error)

    def set_base_fee(self, base_fee: int) -> None:
        """Of the blocks from now on."""
        self.base_fee = base_fee

    def set_balance(self, address: bytes, amount: int) -> None:
        """As of now."""
        self._worlds[-1].balances[address] = amount

    def set_wallet(self, address: bytes, answer: Callable[[bytes], bytes]) -> None:
        """A contract wallet that answers every call."""
        self._worlds[-1].wallets[address] = answer

    def spend_nonce(self, sender: bytes) -> None:
        """A foreign transaction of `sender`, mined at once."""
        nonce = self._worlds[-1].nonces.get(sender, 0)
        mark = keccak256(b"foreign" + sender + bytes([nonce % 256, self._seed]))
        self._worlds.append(copy.deepcopy(self._worlds[-1]))
        self._seal([Transaction(mark, sender, nonce, sender, b"", 0, 21_000, 0, 0)])
        self.pool.pop((sender, nonce), None)

    # --- anchor.chain.Chain ----------------------------------------------------------------------

    def chain_id(self) -> int:
        self._may_fail("chain_id")
        return self.id

    def block(self, at: BlockTag) -> Block | None:
        self._may_fail("block")
        number = self._number(at)
        return self._blocks[number] if number < len(self._blocks) else None

    def code(self, address: bytes, at: BlockTag = "latest") -> bytes:
        world = self._world(at)
        if address in world.wallets:
            return b"\x00"
        return runtime_code() if address in world.ledgers else b""

    def balance(self, address: bytes) -> int:
        return self._worlds[-1].balances.get(address, 0)

    def nonce(self, address: bytes) -> int:
        self._may_fail("nonce")
        return self._worlds[-1].nonces.get(address, 0)

    def call(self, to: bytes, data: bytes, at: BlockTag = "latest", sender: bytes | None = None) -> bytes:
        self._may_fail("call")
        world = self._world(at)
        if to in world.wallets:
            return world.wallets[to](data)
        if to not in world.ledgers:
            return b""
        head = self._blocks[min(self._number(at), len(self._blocks) - 1)]
        return copy.deepcopy(world.ledgers[to]).execute(data, sender or bytes(20), head.timestamp, head.number)[0]

    def estimate_gas(self, sender: bytes, to: bytes | None, data: bytes, value: int = 0) -> int:
        self._may_fail("estimate_gas")
        if to is not None:
            self.call(to, data, "latest", sender)
        return GAS if to is not None else 4_000_000

    def receipt(self, transaction: bytes) -> Receipt | None:
        self._may_fail("receipt")
        return next((r for block in self._receipts for r in block if r.transaction == transaction), None)

    def block_receipts(self, block: Block) -> tuple[Receipt, ...]:
        if self._blocks[block.number].hash != block.hash:
            raise ChainUnavailable("eth_getBlockReceipts", "the block left the chain while it was read")
        return self._receipts[block.number]

    def logs(
        self, address: bytes, topics: Sequence[bytes | Sequence[bytes] | None], first: int, last: int
    ) -> tuple[LogEntry, ...]:
        self._may_fail("logs")
        if self.max_log_span is not None and last - first >= self.max_log_span:
            raise RpcError("eth_getLogs", -32005, "query returned more than 10000 results")
        logs = [log for block in self._receipts[first : last + 1] for receipt in block for log in receipt.logs]
        return tuple(log for log in logs if log.address == address and matches(log, topics))

    def fee_quote(self) -> FeeQuote:
        self._may_fail("fee_quote")
        if self.base_fee is None:
            return FeeQuote(None, self.tip, self.tip)
        return FeeQuote(self.base_fee, self.tip, self.base_fee + self.tip)

    def send_raw(self, raw: bytes) -> bytes:
        self._may_fail("send_raw")
        transaction = decode_transaction(raw)
        self._admit(transaction)
        self.sent.append(raw)
        if self._after:
            raise self._after.pop()
        return transaction.hash

    def accounts(self) -> tuple[bytes, ...]:
        return self.unlocked

    def send_unlocked(self, sender: bytes, to: bytes | None, data: bytes, value: int, gas: int) -> bytes:
        if sender not in self.unlocked:
            raise RpcError("eth_sendTransaction", -32000, "unknown account")
        if to is not None and to in self._worlds[-1].ledgers:
            self.call(to, data, "latest", sender)
        waiting = [nonce for at, nonce in self.pool if at == sender]
        nonce = max([self._worlds[-1].nonces.get(sender, 0), *(n + 1 for n in waiting)])
        price = 100 * 10**9
        mark = keccak256(b"unlocked" + sender + nonce.to_bytes(8) + data + bytes([self._seed]))
        self._admit(Transaction(mark, sender, nonce, to, data, value, gas, price, self.tip))
        return mark

    # --- inside ----------------------------------------------------------------------------------

    def _may_fail(self, method: str) -> None:
        if self._failures.get(method):
            raise self._failures[method].pop(0)

    def _number(self, at: BlockTag) -> int:
        head = len(self._blocks) - 1
        if isinstance(at, int):
            return at
        return {"earliest": 0, "safe": head, "finalized": max(0, head - self.finality_lag)}.get(at, head)

    def _world(self, at: BlockTag) -> World:
        number = self._number(at)
        if number >= len(self._worlds):
            raise RpcError("eth_call", -32000, "header not found")
        if self.pruned and number < len(self._worlds) - 1:
            raise RpcError("eth_call", -32000, "missing trie node: historical state is not available")
        return self._worlds[number]

    def _admit(self, tx: Transaction) -> None:
        world = self._worlds[-1]
        if any(tx.hash == mined.hash for block in self._transactions for mined in block):
            raise SendRejected(Rejection.ALREADY_KNOWN, "already known")
        if tx.nonce < world.nonces.get(tx.sender, 0):
            raise SendRejected(Rejection.NONCE_TOO_LOW, "nonce too low")
        rival = self.pool.get((tx.sender, tx.nonce))
        if rival is not None:
            if rival.hash == tx.hash:
                raise SendRejected(Rejection.ALREADY_KNOWN, "already known")
            if min(tx.max_fee * 100 - rival.max_fee * 110, tx.tip * 100 - rival.tip * 110) < 0:
                raise SendRejected(Rejection.UNDERPRICED, "replacement transaction underpriced")
        if world.balances.get(tx.sender, 0) < tx.gas * tx.max_fee + tx.value:
            raise SendRejected(Rejection.INSUFFICIENT_FUNDS, "insufficient funds for gas * price + value")
        self.pool[tx.sender, tx.nonce] = tx
        if self.auto_mine:
            self.mine()

    def _pick(self) -> list[Transaction]:
        nonces = dict(self._worlds[-1].nonces)
        picked: list[Transaction] = []
        for (sender, nonce), tx in sorted(self.pool.items(), key=lambda item: item[0][1]):
            if nonce == nonces.get(sender, 0) and tx.max_fee >= (self.base_fee or 0):
                picked.append(tx)
                nonces[sender] = nonce + 1
        # What the chain has used up is of no use to the pool.
        self.pool = {(s, n): tx for (s, n), tx in self.pool.items() if n >= nonces.get(s, 0)}
        return picked

    def _seal(self, transactions: list[Transaction]) -> None:
        number = len(self._blocks)
        time = GENESIS_TIME + number * BLOCK_TIME
        receipts: list[Receipt] = []
        for tx in transactions:
            receipts.append(self._execute(tx, number, time, len(receipts), receipts))
        fields = self._header(number, time, receipts)
        header = encode_header(fields)
        assert header is not None
        block_hash = keccak256(header)
        placed = tuple(located(receipt, block_hash) for receipt in receipts)
        parent = bytes.fromhex(fields["parentHash"][2:])
        hashes = tuple(tx.hash for tx in transactions)
        self._blocks.append(Block(number, block_hash, parent, time, self.base_fee, hashes, fields))
        self._receipts.append(placed)
        self._transactions.append(tuple(transactions))

    def _execute(self, tx: Transaction, number: int, time: int, index: int, before: list[Receipt]) -> Receipt:
        world, status, contract = self._worlds[-1], 1, None
        events: list[Event] = []
        world.nonces[tx.sender] = tx.nonce + 1
        if tx.to is None:
            contract = keccak256(encode_rlp([tx.sender, tx.nonce]))[12:]
            world.ledgers[contract] = FakeLedger()
        elif tx.to in world.ledgers:
            try:
                events = world.ledgers[tx.to].execute(tx.data, tx.sender, time, number)[1]
            except Reverted:
                status = 0
        else:
            world.balances[tx.to] = world.balances.get(tx.to, 0) + tx.value
        price = min(tx.max_fee, (self.base_fee or 0) + tx.tip)
        world.balances[tx.sender] = max(0, world.balances.get(tx.sender, 0) - GAS * price - tx.value)
        first = sum(len(receipt.logs) for receipt in before)
        logs = tuple(
            LogEntry(tx.to or b"", topics, data, number, bytes(32), tx.hash, first + i)
            for i, (topics, data) in enumerate(events)
        )
        used = GAS * (len(before) + 1)
        return Receipt(tx.hash, index, number, bytes(32), status, tx.kind, GAS, used, bytes(256), logs, contract)

    def _header(self, number: int, time: int, receipts: Sequence[Receipt]) -> dict[str, Any]:
        trie = HexaryTrie({})
        for index, receipt in enumerate(receipts):
            trie[encode_rlp(index)] = encode_receipt(receipt)
        parent = self._blocks[-1].hash if self._blocks else bytes(32)
        fixed = {name: "0x" + bytes(32).hex() for name in ("sha3Uncles", "stateRoot", "transactionsRoot", "mixHash")}
        fee = {} if self.base_fee is None else {"baseFeePerGas": hex(self.base_fee)}
        return fixed | fee | {
            "parentHash": "0x" + parent.hex(),
            "miner": "0x" + bytes(20).hex(),
            "receiptsRoot": "0x" + trie.root_hash.hex(),
            "logsBloom": "0x" + bytes(256).hex(),
            "difficulty": "0x0",
            "number": hex(number),
            "gasLimit": hex(30_000_000),
            "gasUsed": hex(GAS * len(receipts)),
            "timestamp": hex(time),
            "extraData": "0x" + self._seed.to_bytes(4).hex(),
            "nonce": "0x" + bytes(8).hex(),
        }  # fmt: skip
