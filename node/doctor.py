"""`rootseal doctor DIR`: everything that can be wrong with a node, looked at without changing anything.

Each check is ok, a problem, or could not be made; what is not ok comes with the way out. One failed check
does not hide the others.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from anchor.chain import Chain
from node.config import NodeConfig, read_config
from node.doctor_chain import chain_checks, endpoint_checks
from node.doctor_delivery import delivery_checks
from node.doctor_duties import Fetch, duty_checks, fetch
from node.doctor_files import file_checks, key_address, store_check
from node.doctor_public import public_checks
from node.doctor_result import DoctorReport, Result, named_hosts, ok, problem, unknown
from node.doctor_witnesses import witness_checks
from node.funds_now import OpenWitness, open_witness
from node.issuer_document import document_bytes
from node.log_key import LogKey
from node.store import STORE_NAME, Store
from rootseal.errors import ConfigError, RootsealError

__all__ = ["diagnose"]

_TIMEOUT: Final = 10.0


def diagnose(
    directory: Path,
    *,
    chain: Chain | None = None,
    fetch: Fetch = fetch,
    clock: Callable[[], float] = time.time,
    others: OpenWitness = open_witness,
) -> DoctorReport:
    """Examine the node in `directory`.

    In tests `chain` stands for its endpoints, `fetch` for the web, `others` for the chains of other ledgers.
    """
    now = int(clock())
    try:
        config = read_config(directory)
    except ConfigError as error:
        return DoctorReport(None, (problem("settings", str(error), "correct node.toml, or restore it from a backup"),))
    results = [_settings(config), *file_checks(directory, config)]
    database, sound = store_check(directory)
    results.append(database)
    with _opened(directory / STORE_NAME, sound) as store:
        if config.issuer is not None:
            results += _duties(directory, config, store, fetch, now)
            results += _chains(directory, config, chain, store, others, now)
    return DoctorReport(config.test, tuple(results))


def _settings(config: NodeConfig) -> Result:
    if config.issuer is None:
        way = "run `rootseal node init DIR` again; it says what is missing"
        return problem("settings", "registration is not finished", way)
    if config.test:
        return ok("settings", f"{config.home}: a TEST ledger; nothing issued here is real")
    return ok("settings", f"{config.home}")


def _duties(directory: Path, config: NodeConfig, store: Store | None, fetch: Fetch, now: int) -> Iterator[Result]:
    if store is None:
        way = "put the database right first"
        names = ("awards", "promises", "backup", "published log", "mail", "webhooks")
        yield unknown(names, "the database was not opened", way)
    else:
        yield from duty_checks(directory, config, store, now, fetch)
        yield from delivery_checks(directory, config, store, now)


def _chains(
    directory: Path, config: NodeConfig, chain: Chain | None, store: Store | None, others: OpenWitness, now: int
) -> Iterator[Result]:
    """The home's chain first, then those of other ledgers, and the endpoints that readers are shown."""
    key = key_address(directory, config)
    results, right = endpoint_checks(_endpoints(config, chain), config)
    yield from results
    if right is None:
        names = ("registration", "balance", "finality", "clock", "newest copy")
        yield unknown(names, "no endpoint shows the pinned chain", "see the checks of the chain above")
    else:
        yield from chain_checks(right, config, key, _document(directory, config), store, now)
    if store is not None:
        yield from witness_checks(store, key, others)
    yield from public_checks(config)


def _endpoints(config: NodeConfig, chain: Chain | None) -> dict[str, Chain]:
    if chain is not None:
        return {"the chain": chain}
    from anchor.web3_chain import open_chain

    return {name: open_chain(url, timeout=_TIMEOUT) for name, url in named_hosts(config.chain_urls)}


def _document(directory: Path, config: NodeConfig) -> bytes | None:
    try:
        return document_bytes(config, LogKey.load(directory / config.log_key_file).public)
    except RootsealError:
        return None  # the check of the log key says so


@contextlib.contextmanager
def _opened(path: Path, sound: bool) -> Iterator[Store | None]:
    if not sound:
        yield None
        return
    with contextlib.closing(Store.open(path)) as store:
        yield store
