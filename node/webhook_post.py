"""One POST to an address that may be anywhere: judged, pinned, bounded in time, never redirected.

The name is resolved once, every address that it has is judged, and the connection goes to one of those: a name
that resolves otherwise a moment later changes nothing. TLS is verified against the name.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from rootseal.errors import InputError

__all__ = ["Posted", "check_url", "post"]

_TIMEOUT: Final = 10.0
_MAX_URL: Final = 512
_WHERE: Final = "URL"
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_DOCUMENTATION: Final = ipaddress.IPv6Network("3fff::/20")  # RFC 9637, newer than Python's own tables

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of it: the HTTP status, or None where there was no answer; in words without anything received."""

    status: int | None
    words: str

    @property
    def ok(self) -> bool:
        """True iff the receiver has taken it (2xx)."""
        return self.status is not None and 200 <= self.status < 300


def check_url(url: str, *, allow_private: bool) -> None:
    """Raises `InputError` for an address that is never posted to; what its name resolves to is judged later."""
    parts = _split(url)
    literal = _literal(parts.hostname or "")
    local = parts.hostname == "localhost" or (literal is not None and literal.is_loopback)
    if parts.scheme == "http" and not local:
        raise InputError(_WHERE, "must be https://; http:// is possible on this machine only", url)
    if (local or (literal is not None and not _is_outside(literal))) and not allow_private:
        raise InputError(_WHERE, "is an address inside a network; --allow-private permits it", url)


def post(url: str, body: bytes, headers: dict[str, str], private: bool) -> Posted:
    """Send `body`, in at most 10 seconds after the look-up of the name. The network's faults are an answer, too."""
    try:
        check_url(url, allow_private=private)
        parts = _split(url)
        address, family = _resolved(parts, private)
    except InputError as error:
        return Posted(None, error.problem)
    except (OSError, UnicodeError):
        return Posted(None, "the name cannot be resolved")
    connection = _connection(parts, address, family)
    watch = threading.Timer(_TIMEOUT, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {**headers, "User-Agent": "rootseal", "Connection": "close"})
        status = connection.getresponse().status
    except ssl.SSLCertVerificationError as error:
        return Posted(None, f"its certificate is not trusted: {error.verify_message}")
    except (OSError, http.client.HTTPException) as error:
        late = connection.late or isinstance(error, TimeoutError)
        return Posted(None, f"no answer within {_TIMEOUT:.0f} s" if late else f"no answer ({type(error).__name__})")
    finally:
        watch.cancel()
        connection.close()
    moved = ", which points elsewhere and is not followed" if 300 <= status < 400 else ""
    return Posted(status, f"HTTP {status}{moved}")


class _Connection(http.client.HTTPConnection):
    """To one address, whatever the name resolves to by now."""

    def __init__(self, parts: SplitResult, port: int, address: str, family: socket.AddressFamily) -> None:
        super().__init__(parts.hostname or "", port, timeout=_TIMEOUT)
        self._secure = parts.scheme == "https"
        self._family = family
        self._pinned = address
        self.late = False
        self.default_port = 443 if self._secure else 80

    def connect(self) -> None:
        plain = socket.socket(self._family, socket.SOCK_STREAM)
        plain.settimeout(_TIMEOUT)
        self.sock = plain
        plain.connect((self._pinned, self.port))
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        if self.late:
            # The time ran out before there was anything that could be cut; nobody will cut it again.
            raise TimeoutError

    def cut(self) -> None:
        """End it from another thread: a receiver that drips one byte a second must not hold the node."""
        self.late = True
        sock = self.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return


def _connection(parts: SplitResult, address: str, family: socket.AddressFamily) -> _Connection:
    return _Connection(parts, parts.port or (443 if parts.scheme == "https" else 80), address, family)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InputError(_WHERE, "is no web address", url) from None
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _MAX_URL
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain or port == 0:
        raise InputError(_WHERE, f"must be https://HOST/…, at most {_MAX_URL} characters", url)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InputError(
            _WHERE, "must hold neither a login nor a fragment; the signature proves who sends", parts.hostname
        )
    return parts


def _resolved(parts: SplitResult, private: bool) -> tuple[str, socket.AddressFamily]:
    """The first address of the name. Raises `InputError` where any of them lies inside and that is not allowed."""
    found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    addresses = [(str(place[0]), family) for family, _, _, _, place in found]
    for text, _ in addresses:
        address = _plain(ipaddress.ip_address(text.partition("%")[0]))
        if not private and not _is_outside(address):
            raise InputError(_WHERE, "leads to an address inside a network, and --allow-private was not given")
        if parts.scheme == "http" and not address.is_loopback:
            raise InputError(_WHERE, "must be https://; http:// is possible on this machine only")
    if not addresses:
        raise OSError("no address")
    return addresses[0]


def _literal(host: str) -> _Address | None:
    try:
        return _plain(ipaddress.ip_address(host))
    except ValueError:
        return None


def _plain(address: _Address) -> _Address:
    """An IPv4 address in the clothes of IPv6 (mapped, 6to4, NAT64) is judged as what it is."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_outside(address: _Address) -> bool:
    """Of IPv6 only what is given out to the world: elsewhere a network may translate to machines of its own."""
    if isinstance(address, ipaddress.IPv6Address) and (address not in _UNICAST or address in _DOCUMENTATION):
        return False
    return address.is_global and not address.is_multicast
