"""The doctor's look at `public_chain_urls`: each is asked as the browser of somebody who reads `/verify` asks it."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final
from urllib.parse import urlsplit

from anchor.chain import Chain, WrongChain
from anchor.failing import why
from node.config import NodeConfig
from node.doctor_result import Result, named_hosts, ok, problem, unknown
from rootseal.errors import RootsealError

__all__ = ["public_checks"]

_CHECK: Final = "public endpoint"
_TIMEOUT: Final = 10.0
_MAX_ANSWER: Final = 1 << 20
_LOCAL: Final = ("127.0.0.1", "::1", "localhost")
_LOCAL_PAGES: Final = "http://localhost"
_QUESTION: Final = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}'
_ALLOWED_ORIGIN: Final = "Access-Control-Allow-Origin"
_ALLOWED_HEADERS: Final = "Access-Control-Allow-Headers"


def public_checks(config: NodeConfig) -> Iterator[Result]:
    """Each endpoint by itself: it answers, is the pinned chain with the pinned ledger, and lets web pages ask (CORS).

    What a browser would be refused is told as not known, for only a browser shows it; the chain's part is as at
    the node's own endpoints. Bounded in size, and 10 s for each wait.
    """
    if not config.public_chain_urls:
        yield ok(_CHECK, "public_chain_urls is not set, so whoever opens /verify names a node of the chain himself")
        return
    from anchor.web3_chain import open_chain  # a second of imports

    for name, url in named_hosts(config.public_chain_urls):
        chain = open_chain(url, timeout=_TIMEOUT, max_answer=_MAX_ANSWER)
        yield _pinned(name, chain, config) or _allowed(name, url, _origin(config, url))


def _pinned(name: str, chain: Chain, config: NodeConfig) -> Result | None:
    """What is wrong with the chain behind it, None for nothing."""
    way = "start it, or take it out of public_chain_urls: visitors of /verify get no answer from it"
    try:
        chain.block("latest")
    except RootsealError as error:
        return problem(_CHECK, f"{name} does not answer: {error}", way)
    try:
        config.pins.check(chain)
    except WrongChain as error:
        way = "take it out of public_chain_urls: visitors of /verify learn nothing from another chain"
        return problem(_CHECK, f"{name}: {error}", way)
    except RootsealError as error:
        return unknown(_CHECK, f"{name}: {error}", "try again, or name another endpoint in public_chain_urls")
    return None


def _origin(config: NodeConfig, url: str) -> str:
    """Whose pages ask: the node's own, or what a browser calls a page of this machine, or one opened from a disk."""
    if config.public_url is not None:
        return config.public_url
    return _LOCAL_PAGES if urlsplit(url).hostname in _LOCAL else "null"


def _allowed(name: str, url: str, origin: str) -> Result:
    """As the page asks: the browser's question beforehand (preflight), because the page sends JSON, then its own."""
    asked = {"Origin": origin, "User-Agent": "rootseal"}
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    way = f"let {_pages(origin)} ask there (CORS), or name another endpoint in public_chain_urls"
    try:
        before = _answer(urllib.request.Request(url, None, asked | preflight, method="OPTIONS"))
        after = _answer(urllib.request.Request(url, _QUESTION, asked | {"Content-Type": "application/json"}))
    except (OSError, ValueError, http.client.HTTPException) as error:
        return unknown(_CHECK, f"{name} did not answer as a web page asks: {why(error)}", "try again")
    missing = _missing(before, after, origin)
    if missing is not None:
        sentence = f"{name} answers as pinned, but browsers will keep its answers from {_pages(origin)}: {missing}"
        return unknown(_CHECK, sentence, way)
    return ok(_CHECK, f"{name} answers as pinned, and {_pages(origin)} may ask it")


@dataclass(frozen=True, slots=True)
class _Answer:
    """Of HTTP, whatever its status is."""

    status: int
    headers: Message


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The page follows none either."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _answer(request: urllib.request.Request) -> _Answer:
    """Raises OSError, ValueError or HTTPException where there is none."""
    # A proxy of the environment is for the outside world.
    proxy = [urllib.request.ProxyHandler({})] if urlsplit(request.full_url).hostname in _LOCAL else []
    try:
        with urllib.request.build_opener(_NoRedirect, *proxy).open(request, timeout=_TIMEOUT) as response:
            return _Answer(response.status, response.headers)
    except urllib.error.HTTPError as error:
        with error:
            return _Answer(error.code, error.headers)


def _missing(before: _Answer, after: _Answer, origin: str) -> str | None:
    """What a browser looks for in vain, None where it finds everything (Fetch standard, CORS protocol)."""
    for which, answer in (("preflight (OPTIONS)", before), ("question (POST)", after)):
        found = answer.headers.get_all(_ALLOWED_ORIGIN) or []
        if found not in (["*"], [origin]):
            told = f"its answer to the {which} has {'another' if found else 'no'} {_ALLOWED_ORIGIN}"
            return told if len(found) < 2 else f"its answer to the {which} has {_ALLOWED_ORIGIN} more than once"
    if not 200 <= before.status <= 299:
        return f"it answers the preflight (OPTIONS) with status {before.status}"
    lists = ",".join(before.headers.get_all(_ALLOWED_HEADERS) or [])
    named = {word.strip().lower() for word in lists.split(",")}
    if not named & {"content-type", "*"}:
        return f"its answer to the preflight (OPTIONS) does not name content-type in {_ALLOWED_HEADERS}"
    return None


def _pages(origin: str) -> str:
    return {"null": "pages opened from a disk", _LOCAL_PAGES: "pages of this machine"}.get(origin, f"pages of {origin}")
