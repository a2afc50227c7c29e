"""eth_getProof (EIP-1186): Merkle proofs from the chain's own state trie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth.abc import BlockHeaderAPI
from eth.rlp.accounts import Account
from eth_hash.auto import keccak
from trie.hexary import HexaryTrie

from anchor.embedded.chain import EmbeddedChain
from anchor.embedded.forms import data, quantity


def account_proof(chain: EmbeddedChain, header: BlockHeaderAPI, address: bytes, slots: Sequence[int]) -> dict[str, Any]:
    """The account and the slots after a block, each with its nodes, root first.

    A proof also exists for what is absent: then the nodes show the gap.
    """
    state = HexaryTrie(chain.store, header.state_root)
    key = keccak(address)
    encoded = state[key]
    account = rlp.decode(encoded, sedes=Account) if encoded else Account()
    storage = HexaryTrie(chain.store, account.storage_root)
    return {
        "address": data(address),
        "accountProof": _nodes(state, key),
        "balance": quantity(account.balance),
        "nonce": quantity(account.nonce),
        "codeHash": data(account.code_hash),
        "storageHash": data(account.storage_root),
        "storageProof": [_slot_proof(storage, slot) for slot in slots],
    }


def _slot_proof(storage: HexaryTrie, slot: int) -> dict[str, Any]:
    key = keccak(slot.to_bytes(32, "big"))
    encoded = storage[key]
    value = int.from_bytes(rlp.decode(encoded)) if encoded else 0
    return {"key": quantity(slot), "value": quantity(value), "proof": _nodes(storage, key)}


def _nodes(trie: HexaryTrie, key: bytes) -> list[str]:
    """The nodes on the way to `key`; those shorter than a hash lie inside their parent."""
    encoded = [rlp.encode(node) for node in trie.get_proof(key)]  # type: ignore[no-untyped-call]
    return [data(node) for index, node in enumerate(encoded) if index == 0 or len(node) >= 32]
