"""Plain JSON-RPC for what the `Chain` protocol does not ask: transactions, traces, and a chain that can be steered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import requests

from anchor.chain import ChainUnavailable, RpcError
from rootseal.errors import InputError

__all__ = ["JsonRpc", "Rpc"]

_TIMEOUT: Final = 60.0


class Rpc(Protocol):
    """One node, asked by method."""

    def ask(self, method: str, *parameters: object) -> Any:
        """The `result`. Raises `RpcError` for an error object, `ChainUnavailable` where nobody answers sense."""


class JsonRpc:
    """A node behind http or https, over one kept connection. Raises `InputError` for another address."""

    def __init__(self, url: str, option: str = "--rpc") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(option, "must begin with http:// or https://", url)
        self._url = url
        self._session = requests.Session()
        # A proxy of the environment is for the outside world, not for a node on this machine.
        self._session.trust_env = parts.hostname not in ("127.0.0.1", "localhost", "::1")

    def ask(self, method: str, *parameters: object) -> Any:
        """See `Rpc`."""
        body: Any = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        try:
            answer = self._session.post(self._url, json=body, timeout=_TIMEOUT, allow_redirects=False).json()
        except (requests.RequestException, ValueError) as error:
            raise ChainUnavailable(method, f"the node did not answer: {type(error).__name__}") from error
        if not isinstance(answer, Mapping):
            raise ChainUnavailable(method, "the answer is not a JSON-RPC object")
        refusal = answer.get("error")
        if refusal is not None:
            told = refusal if isinstance(refusal, Mapping) else {}
            code = told.get("code")
            raise RpcError(method, code if isinstance(code, int) else 0, str(told.get("message", refusal)))
        return answer.get("result")

    def close(self) -> None:
        """End the connection."""
        self._session.close()
