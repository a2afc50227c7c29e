"""The doctor's checks that ask the chain: is it the pinned one, is the node's place on it right, is there money."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Final

from anchor.chain import Block, Chain, WrongChain
from anchor.finality import final_block
from anchor.ledger import Ledger
from anchor.pins import Pins
from node.config import TEST_CHAINS, NodeConfig
from node.doctor_result import Result, ok, problem, unknown
from node.forecast import price_now
from node.funds import FEW_ANCHORS, anchors_for
from node.in_step import WAY_OUT, ahead
from node.store import Store
from rootseal.errors import RootsealError
from rootseal.ethereum import checksum_address
from rootseal.instants import format_instant
from rootseal.plurals import counted

__all__ = ["chain_checks", "endpoint_checks", "money_check"]

_ROLE_ANCHOR: Final = 1
_BEHIND: Final = 60
_OLD_BLOCK: Final = 1800
_WRONG: Final = "correct chain_urls in node.toml: nothing is believed or sent until this chain is the pinned one"


def endpoint_checks(endpoints: Mapping[str, Chain], config: NodeConfig) -> tuple[list[Result], Chain | None]:
    """Each endpoint by itself (reachable, chain id, genesis, ledger code), and the first that is right in all."""
    results: list[Result] = []
    right: Chain | None = None
    for name, chain in endpoints.items():
        found = list(_endpoint(name, chain, config))
        results += found
        if right is None and all(result.outcome == "ok" for result in found):
            right = chain
    return results, right


def _endpoint(name: str, chain: Chain, config: NodeConfig) -> Iterator[Result]:
    """Each check only where the one before it passed: on another chain the rest says nothing."""
    rest = ["chain id", "genesis", "ledger code"]
    try:
        block = chain.block("latest")
        found = chain.chain_id()
    except RootsealError as error:
        way = "start the chain's node or correct chain_urls; issuing goes on, sealing and anchoring wait"
        yield problem("chain reachable", f"{name} does not answer: {error}", way)
        yield unknown(rest, f"{name} does not answer", "as above")
        return
    height = 0 if block is None else block.number
    yield ok("chain reachable", f"{name} answers, block {height}")
    if found != config.chain_id:
        yield problem("chain id", f"{name} is chain {found}; this node belongs to chain {config.chain_id}", _WRONG)
        yield unknown(rest[1:], f"{name} is another chain", "as above")
        return
    yield ok("chain id", f"{found}, as pinned ({name})")
    yield from _pinned(name, chain, config)


def _pinned(name: str, chain: Chain, config: NodeConfig) -> Iterator[Result]:
    pins = (
        ("genesis", Pins(config.chain_id, config.genesis_hash)),
        ("ledger code", Pins(config.chain_id, contract=config.ledger, code_hash=config.ledger_code_hash)),
    )
    for check, pin in pins:
        try:
            pin.check(chain)
            yield ok(check, f"as pinned ({name})")
        except WrongChain as error:
            yield problem(check, f"{name}: {error}", f"{_WRONG}; a fresh test chain needs a new node directory")
            return
        except RootsealError as error:
            yield unknown(check, f"{name}: {error}", "try again, or ask another endpoint")


def chain_checks(
    chain: Chain, config: NodeConfig, key: bytes | None, document: bytes | None, store: Store | None, now: int
) -> Iterator[Result]:
    """What a chain that passed `endpoint_checks` says. `document` is the issuer document's bytes as they are now."""
    parts: tuple[tuple[str, Callable[[], Result]], ...] = (
        ("registration", lambda: _registration(chain, config, key, document)),
        ("balance", lambda: money_check("balance", chain, key, config.max_fee_per_gas, "max_fee_per_gas", "node.toml")),
        ("finality", lambda: _finality(chain, config)),
        ("clock", lambda: _clock(chain, config, store, now)),
        ("newest copy", lambda: _newest_copy(chain, config, store)),
    )
    for name, part in parts:
        try:
            yield part()
        except RootsealError as error:
            yield unknown(name, str(error), "try again when the chain answers")


def _registration(chain: Chain, config: NodeConfig, key: bytes | None, document: bytes | None) -> Result:
    ledger, issuer = Ledger(chain, config.home.ledger), config.home.issuer
    record = ledger.issuer(issuer)
    if record is None:
        way = "correct issuer in node.toml, or run `rootseal node init DIR`"
        return problem("registration", f"the ledger knows no issuer {issuer}", way)
    if key is None:
        return unknown("registration", "the node's key is not known", "repair the key first")
    found = ledger.key_of(issuer, key)
    if found is None or found.retired_at or not found.roles & _ROLE_ANCHOR:
        way = "the admin adds a key with the right to anchor: `rootseal node keys rotate DIR`; see docs/operating.md"
        return problem("registration", "the node's key may not anchor for this issuer", way)
    history = ledger.documents(issuer)
    if document is not None and (not history or history[-1].document_hash != sha256(document).digest()):
        way = "the admin puts the new one in force: `rootseal node publish DIR`; or undo the change in node.toml"
        return problem("registration", "the issuer document of these settings is not the registered one", way)
    return ok("registration", f"issuer {issuer}, its key and its document are on the ledger")


def money_check(check: str, chain: Chain, key: bytes | None, ceiling: int, setting: str, place: str) -> Result:
    """What `key` (an address) pays for: a person can act on a number of anchors, not of wei.

    `ceiling` is the most that is paid, wei a gas; `setting`, which is changed at `place`, says so. Raises what the
    chain raises.
    """
    if key is None:
        return unknown(check, "the node's key is not known", "repair the key first")
    price = price_now(chain)
    if price > ceiling:
        way = f"wait until it is cheaper, or raise {setting} in {place}"
        return problem(check, f"the chain asks {price} wei a gas, more than {setting} allows", way)
    balance, address = chain.balance(key), checksum_address(key)
    anchors = anchors_for(balance, price)
    if anchors is None:
        return ok(check, "this chain takes no fees")
    if anchors < FEW_ANCHORS:
        few = f"enough for about {counted(anchors, 'anchor')} only"
        sentence = few if anchors else "no money for even one anchor"
        return problem(check, f"{sentence} at today's price", f"send some of the chain's coin to {address}")
    return ok(check, f"enough for about {anchors:,} anchors at today's price")


def _finality(chain: Chain, config: NodeConfig) -> Result:
    final, latest = final_block(chain, config.finality), chain.block("latest")
    if final is None or latest is None:
        way = "wait; on a private chain set finality to depth:N"
        return unknown("finality", "the chain has no final block yet", way)
    behind = latest.number - final.number
    return ok("finality", f"block {final.number} is final, {behind} behind the newest ({config.finality})")


def _clock(chain: Chain, config: NodeConfig, store: Store | None, now: int) -> Result:
    """A promise carries this computer's time: a wrong clock makes promises that cannot be kept."""
    way = "set this computer's clock (NTP) before anything is sealed"
    promised = None if store is None else store.log.newest_checkpoint()
    if promised is not None and now < promised.signed_at - _BEHIND:
        sentence = f"says {format_instant(now)}, but a promise was signed at {format_instant(promised.signed_at)}"
        return problem("clock", sentence, way)
    block = chain.block("latest")
    if block is None:
        return unknown("clock", "the chain has no block to compare with", "try again later")
    return _against(block, config, now, way)


def _against(block: Block, config: NodeConfig, now: int, way: str) -> Result:
    apart = now - block.timestamp
    if apart < -_BEHIND:
        return problem("clock", f"is {-apart} s behind the chain's newest block", way)
    if apart > _OLD_BLOCK and config.chain_id in TEST_CHAINS:
        return ok("clock", "is not behind the chain, which makes blocks only on demand")
    if apart > _OLD_BLOCK:
        sentence = f"the newest block is {apart // 60} minutes old: the clock is ahead, or the chain stands still"
        return unknown("clock", sentence, "compare the clock with another, and ask another endpoint of the chain")
    return ok("clock", f"agrees with the chain's newest block ({abs(apart)} s apart)")


def _newest_copy(chain: Chain, config: NodeConfig, store: Store | None) -> Result:
    """A restored old copy must not seal: the chain would know more than it does."""
    if store is None:
        return unknown("newest copy", "the database was not opened", "see the check of the database")
    ledger, issuer = Ledger(chain, config.home.ledger), config.home.issuer
    sentence = ahead(store, ledger, issuer, ledger.head(issuer))
    if sentence is not None:
        return problem("newest copy", sentence, WAY_OUT)
    return ok("newest copy", "everything that the chain holds of this log is in the database")
