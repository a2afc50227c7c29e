"""A small Ethereum node in one process and one SQLite file, for development and tests.

py-evm executes, SQLite keeps, HTTP serves: a client sees an ordinary JSON-RPC node, so that
nothing else in Rootseal has a second code path for it. One transaction makes one block; each
block is one SQL transaction that is on disk before the sender hears its hash.

    with EmbeddedChain.open(Path("chain.db")) as chain:
        server = RpcServer(chain, port=0)
        print(server.url)
        server.serve_forever()

Not a peer of any network, and never a place for value: its keys are public.
"""

from __future__ import annotations

import os

# eth-hash picks its backend at the first hash: the C one is ten to thirty times faster than
# the default, so it must be named before anything of py-evm is imported.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

from anchor.embedded.chain import CHAIN_ID, EmbeddedChain, wall_clock
from anchor.embedded.server import RpcServer

__all__ = ["CHAIN_ID", "EmbeddedChain", "RpcServer", "wall_clock"]
