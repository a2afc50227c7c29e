"""The embedded chain as one of `rootseal chain`'s engines: in this process, in a thread."""

from __future__ import annotations

import threading
from pathlib import Path

from anchor.devchain import ChainInfo
from anchor.embedded.chain import CHAIN_ID, EmbeddedChain
from anchor.embedded.server import RpcServer

_STOP_LIMIT = 5.0  # seconds


class EmbeddedDevChain:
    """A chain and its server, answering from the constructor's return until `close`.

    Raises what `EmbeddedChain.open` and `RpcServer` raise; nothing stays open then.
    """

    def __init__(self, port: int, state: Path | None) -> None:
        self._chain = EmbeddedChain.open(state)
        try:
            self._server = RpcServer(self._chain, port)
        except BaseException:
            self._chain.close()
            raise
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.info = ChainInfo(self._server.url, CHAIN_ID, "embedded", state)

    def run(self, stop: threading.Event) -> None:
        """Waits: a transaction is final, and on disk, as soon as it is mined."""
        stop.wait()

    def close(self) -> None:
        """Finishes the request in hand; nothing is left to save."""
        self._server.stop()
        self._thread.join(_STOP_LIMIT)
        self._chain.close()
