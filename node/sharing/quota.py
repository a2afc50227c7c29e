"""How much one address may leave in a day: counted in memory, forgotten after it, never logged."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from typing import Final

from node.sharing.keeping import weight

__all__ = ["MAX_ADDRESSES", "MAX_OF_ONE", "Quota"]

MAX_OF_ONE: Final = 32 << 20
"""Bytes of one address in a day, an eighth of all that is kept; an IPv6 address counts with its whole /64."""
MAX_ADDRESSES: Final = 10_000
"""So many are counted at once; one more, and the one that began first is forgotten."""

_DAY: Final = 86_400


class Quota:
    """Of one process. Threads share it. Times in UTC seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Since when, and how many bytes; in the order in which the days began.
        self._spent: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def take(self, address: str | None, size: int, now: int) -> bool:
        """Count a file of `size` bytes; False where it would be too much for today, which is not counted.

        Where the address is not known, or is that of a web server on this machine, nothing is counted by address.
        """
        name = _network(address)
        if name is None:
            return True
        with self._lock:
            self._forget(now)
            since, spent = self._spent.get(name, (now, 0))
            if spent + weight(size) > MAX_OF_ONE:
                return False
            self._spent[name] = since, spent + weight(size)
            while len(self._spent) > MAX_ADDRESSES:
                self._spent.popitem(last=False)
        return True

    def _forget(self, now: int) -> None:
        """Days that are over stand first."""
        while self._spent and abs(now - next(iter(self._spent.values()))[0]) >= _DAY:
            self._spent.popitem(last=False)


def _network(address: str | None) -> str | None:
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    if found.is_loopback:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
    return str(found)
