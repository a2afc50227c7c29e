"""The doctor's look at other ledgers in use: is each on its pinned chain, and is there money on the key there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from anchor.chain import WrongChain
from node.doctor_chain import money_check
from node.doctor_result import Result, problem, unknown
from node.funds_now import OpenWitness, pinned
from node.store import Store, Witness
from rootseal.errors import RootsealError

__all__ = ["witness_checks"]

_CHECK: Final = "other ledger"
_ADD: Final = "`rootseal node ledgers add DIR`"


def witness_checks(store: Store, key: bytes | None, open_chain: OpenWitness) -> Iterator[Result]:
    """One result for each ledger in use, none where there is none. `key` is the address of the node's key."""
    for witness in store.witnesses.all():
        result = _money(witness, key, open_chain)
        where = f"ledger {witness.number} on chain {witness.chain_id}"
        yield replace(result, sentence=f"{where}: {result.sentence}")


def _money(witness: Witness, key: bytes | None, open_chain: OpenWitness) -> Result:
    try:
        return money_check(_CHECK, pinned(witness, open_chain), key, witness.max_fee, "--max-fee", _ADD)
    except WrongChain as error:
        return problem(_CHECK, str(error), f"give {_ADD} the right --chain-url, or `rootseal node ledgers remove` it")
    except RootsealError as error:
        way = f"try again when it answers, or give {_ADD} another --chain-url; nothing at home waits for it"
        return unknown(_CHECK, f"cannot be asked: {error}", way)
