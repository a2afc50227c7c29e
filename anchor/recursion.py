"""Undoes what a dependency does to the whole process.

py_ecc, which eth-account and web3 import, raises Python's recursion limit to 100,000. From then on
a few kilobytes of `[[[[…` make any JSON parser of the process overflow the C stack: a crash where there
was a RecursionError. py-evm needs 10,240, and json survives that with the usual 8 MiB stack.
"""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["MOST", "restore_limit"]

MOST: Final = 10_240


def restore_limit() -> None:
    """To be called after the import of such a library: the limit is `MOST` at most."""
    sys.setrecursionlimit(min(sys.getrecursionlimit(), MOST))
