"""When a block counts as final: the chain's own `finalized` tag, or a number of blocks on top.

`tag` follows consensus (two epochs on Ethereum); `depth:N` is for chains without the tag, where N
is the operator's and the verifier's own judgement. Never `safe`: its meaning differs by provider.
"""

from __future__ import annotations

import re

from anchor.chain import Block, Chain, ChainUnavailable, RpcError
from rootseal.errors import ConfigError

__all__ = ["final_block", "parse_finality"]

_DEPTH = re.compile(r"depth:([1-9][0-9]{0,5})", re.ASCII)


def parse_finality(text: str, key: str = "finality") -> int | None:
    """None for `tag`, N for `depth:N`. Raises `ConfigError` naming `key`."""
    if text == "tag":
        return None
    found = _DEPTH.fullmatch(text)
    if found is None:
        raise ConfigError(key, "must be tag or depth:N", text)
    return int(found[1])


def final_block(chain: Chain, finality: str) -> Block | None:
    """The newest final block; None while the chain has none yet.

    Raises `ChainUnavailable`, with the way out where the node does not know the tag.
    """
    depth = parse_finality(finality)
    if depth is None:
        try:
            return chain.block("finalized")
        except RpcError as error:
            raise ChainUnavailable(
                error.method, f"the node has no finalized tag, set finality to depth:N ({error.message[:120]})"
            ) from error
    head = chain.block("latest")
    if head is None or head.number < depth:
        return None
    return chain.block(head.number - depth)
