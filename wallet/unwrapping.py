"""What an employer was handed may be the file, a certificate that carries it, or the text of its codes."""

from __future__ import annotations

from pathlib import Path

from rootseal.canonical import MAX_BYTES
from wallet.disk import read_file

__all__ = ["MAX_WRAPPED_BYTES", "read_wrapped", "unwrapped"]

MAX_WRAPPED_BYTES = 8 * 1024 * 1024


def read_wrapped(path: Path) -> bytes:
    """The credential file or presentation in `path`. Raises `InputError`."""
    return unwrapped(read_file(path, MAX_WRAPPED_BYTES), str(path))


def unwrapped(data: bytes, where: str) -> bytes:
    """The file's bytes out of a PDF or codes, one a line; all else as it is, cut so that "too large" can be said."""
    if data.startswith(b"%PDF-"):
        from wallet.certificate import carried_in_pdf

        return carried_in_pdf(data, where)
    if data.startswith((b"RS1:", b"RS1/")):
        from wallet.compact import expand, joined

        lines = data.decode("ascii", "replace").split("\n")
        return expand(joined(line.rstrip("\r") for line in lines if line.strip()))
    return data[: MAX_BYTES + 1]
