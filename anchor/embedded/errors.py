"""What a client is told: JSON-RPC error objects with geth's codes and words.

Clients match on these texts (`nonce too low`, `already known`), so they follow go-ethereum's
`core/error.go`, `core/txpool/errors.go` and `internal/ethapi/errors.go`.
"""

from __future__ import annotations

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000
REVERTED = 3

_ERROR_STRING = bytes.fromhex("08c379a0")  # Error(string)
_PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)


class RpcError(Exception):
    """An answer of the form `{"error": {"code", "message", "data"?}}`."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        self.code = code
        self.message = message
        self.data = data
        super().__init__(message)

    def to_json(self) -> dict[str, object]:
        """The `error` member."""
        body: dict[str, object] = {"code": self.code, "message": self.message}
        return body if self.data is None else body | {"data": self.data}


def invalid_params(message: str) -> RpcError:
    """The request's parameters are not what the method takes."""
    return RpcError(INVALID_PARAMS, message)


def rejected(message: str) -> RpcError:
    """The request was understood and refused, as geth's transaction pool or state would."""
    return RpcError(SERVER_ERROR, message)


def reverted(output: bytes) -> RpcError:
    """`execution reverted`, code 3, with the revert data, and its reason where it has one."""
    reason = _reason(output)
    message = "execution reverted" if reason is None else f"execution reverted: {reason}"
    return RpcError(REVERTED, message, "0x" + output.hex())


def _reason(output: bytes) -> str | None:
    selector, body = output[:4], output[4:]
    if selector == _PANIC and len(body) == 32:
        return f"panic code {int.from_bytes(body):#x}"
    if selector != _ERROR_STRING or len(body) < 64:
        return None
    length = int.from_bytes(body[32:64])
    return body[64 : 64 + length].decode("utf-8", "replace") if length <= len(body) else None
