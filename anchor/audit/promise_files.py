"""Promises in the files that learners hold: credentials, presentations, and a node's proof answers. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rootseal.anchoring import Promise, Proofs
from rootseal.canonical import loads
from rootseal.commitment import Home
from rootseal.errors import InputError
from rootseal.opening import open_file
from rootseal.strict import hex_bytes, members

__all__ = ["PromiseFile", "read_promises"]

_PROOF_FORMAT = "rootseal/proof/1"


@dataclass(frozen=True, slots=True)
class PromiseFile:
    """One promise and the name of the file that held it; `home` is None where the file does not say (a proof)."""

    file: str
    home: Home | None
    promise: Promise


def read_promises(file: str, data: bytes) -> tuple[PromiseFile, ...]:
    """Every promise in a file; `file` is only its name. Raises `InputError` where it cannot be read or holds none."""
    value = loads(data, file)
    if isinstance(value, dict) and value.get("format") == _PROOF_FORMAT:
        m = members(value, file, ("format", "commitment", "index", "promise", "anchors"))
        hex_bytes(m["commitment"], f"{file}.commitment", 32)
        found: list[tuple[Home | None, Promise | None]] = [(None, Proofs.from_json(m, file).promise)]
    else:
        found = [(opened.home, opened.proofs.promise) for opened in open_file(data).credentials]
    promises = tuple(PromiseFile(file, home, promise) for home, promise in found if promise is not None)
    if not promises:
        raise InputError("--promise", "holds no promise", file)
    return promises
