"""`node init`: from an empty directory to a registered issuer, resumable at every step.

The order of durable writes is the design: directory, choices, settings, keys, store, ledger,
registration, key and document, policy. Each step first looks whether it is done, on disk or on
chain, so that a run after a crash (or with the money that was missing) goes on where the last one
ended, and nothing is deployed or registered twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from anchor.chain import Chain
from anchor.deploying import fund, is_development_chain
from anchor.keys import Signer, load_keystore
from anchor.pins import read_pins
from anchor.web3_chain import open_chain
from node.config import CONFIG_NAME, TEST_CHAINS, NodeConfig, read_config, write_config
from node.init_chain import Funds, Registrar, UnsignedCall, Waiting, needed_wei
from node.init_journal import Choices, Journal
from node.init_keys import HOT_KEY, LOG_KEY, InitKeys, make_directory, make_keys
from node.init_policy import write_policy
from node.issuer_document import document_bytes
from node.presets import read_preset
from node.store import STORE_NAME, Store
from rootseal.errors import ConfigError
from rootseal.ethereum import checksum_address

__all__ = ["Funds", "InitOutcome", "InitRequest", "UnsignedCall", "initialise"]

Report = Callable[[str], None]
_DEV_MONEY = 10 * 10**18


@dataclass(frozen=True, slots=True, kw_only=True)
class InitRequest:
    """What the command line said; None where it said nothing (a resumed run takes it from the directory)."""

    chain_url: str | None = None
    name: str | None = None
    country: str | None = None
    url: str | None = None
    public_url: str | None = None
    finality: str | None = None
    ledger: bytes | None = None
    deploy: bool = False
    admin: bytes | None = None
    passphrase_file: Path | None = None
    test: bool = False
    preset: str | None = None


@dataclass(frozen=True, slots=True)
class InitOutcome:
    """Either `waiting` is None and the node is ready, or it says what somebody else must do first.

    `key` is the address of the node's own key, which pays for anchoring. `calls` are transactions for
    the admin to send, `funds` addresses that need money (wei).
    """

    config: NodeConfig
    key: bytes
    waiting: str | None = None
    calls: tuple[UnsignedCall, ...] = ()
    funds: tuple[Funds, ...] = ()


def initialise(
    directory: Path,
    request: InitRequest,
    report: Report = lambda _: None,
    *,
    chain: Chain | None = None,
    timeout: float = 1800.0,
    sleep: Callable[[float], None] = time.sleep,
) -> InitOutcome:
    """Make the node or go on making it; waits at most `timeout` seconds for each transaction to be final.

    Raises `ConfigError` for choices that contradict what was begun, `WrongChain`, `ChainUnavailable`
    (the same command goes on later) and `AnchoringError`.
    """
    directory = directory.absolute()
    begun = (directory / CONFIG_NAME).exists()
    chain_url = request.chain_url or (read_config(directory).chain_urls[0] if begun else None)
    if chain_url is None:
        raise ConfigError("--chain-url", "is needed to begin: the JSON-RPC address of the chain")
    chain = chain or open_chain(chain_url)
    if request.preset is not None:
        read_preset(request.preset).check(chain)
    config = _resumed(directory, request) if begun else _begin(directory, request, chain, chain_url)
    config.pins.check(chain)
    journal = Journal.read(directory)
    keys = make_keys(directory, journal.choices.passphrase_file, with_admin=journal.choices.admin is None)
    report("keys and settings are in place")
    path = directory / STORE_NAME
    store = Store.open(path) if path.exists() else Store.create(path)
    try:
        return _on_chain(directory, config, journal, keys, chain, store, report, timeout, sleep)
    finally:
        store.close()


def _begin(directory: Path, request: InitRequest, chain: Chain, chain_url: str) -> NodeConfig:
    if request.name is None:
        raise ConfigError("--name", "is needed to begin: the name of the institution")
    if request.ledger is None and not request.deploy:
        raise ConfigError("--ledger", "give the address of the ledger, or --deploy to put a new one on the chain")
    if request.ledger is not None and request.deploy:
        raise ConfigError("--deploy", "cannot be given together with --ledger")
    pins = read_pins(chain)
    preset = None if request.preset is None else read_preset(request.preset)
    file = request.passphrase_file
    given: dict[str, Any] = {} if preset is None else {"max_fee_per_gas": preset.max_fee_per_gas}
    # Before anything is written: a wrong choice leaves nothing behind.
    config = NodeConfig(
        test=request.test or pins.chain_id in TEST_CHAINS or (preset is not None and preset.test),
        name=request.name,
        country=request.country,
        url=request.url,
        public_url=request.public_url,
        chain_urls=(chain_url,),
        chain_id=pins.chain_id,
        genesis_hash=pins.genesis or b"",
        finality=request.finality or ("tag" if preset is None else preset.finality),
        key_file=HOT_KEY,
        log_key_file=LOG_KEY,
        passphrase_file=str(file.absolute()) if file is not None else "passphrase.txt",
        **given,
    )
    make_directory(directory)
    choices = Choices(request.deploy, request.ledger, request.admin, None if file is None else file.absolute())
    # A crash from here on is resumed from these two files; before it nothing was begun.
    Journal(directory, choices).write()
    write_config(directory, config)
    return config


def _resumed(directory: Path, request: InitRequest) -> NodeConfig:
    """The settings as begun. What the command line says now may repeat them but not contradict them."""
    config = read_config(directory)
    for key in ("name", "country", "url", "public_url", "finality"):
        said, kept = getattr(request, key), getattr(config, key)
        if said is not None and said != kept:
            raise ConfigError(f"--{key.replace('_', '-')}", f"this node was begun with {kept!r}", said)
    journal = Journal.read(directory)
    if request.admin is not None and request.admin != journal.choices.admin:
        raise ConfigError("--admin", "this node was begun with another admin", checksum_address(request.admin))
    known = config.ledger or journal.choices.ledger
    if request.ledger is not None and known not in (None, request.ledger):
        raise ConfigError("--ledger", "this node was begun with another ledger", checksum_address(request.ledger))
    if request.ledger is not None and known is None:
        # The admin has deployed it with his own key, as the last run asked.
        replace(journal, choices=replace(journal.choices, ledger=request.ledger)).write()
    return config


def _on_chain(
    directory: Path,
    config: NodeConfig,
    journal: Journal,
    keys: InitKeys,
    chain: Chain,
    store: Store,
    report: Report,
    timeout: float,
    sleep: Callable[[float], None],
) -> InitOutcome:
    hot = load_keystore(directory / HOT_KEY, keys.passphrase)
    admin = None if keys.admin_file is None else load_keystore(keys.admin_file, keys.passphrase)
    try:
        _pay(chain, config, journal.choices, hot, admin, report)
        address = journal.choices.admin if admin is None else admin.address
        registrar = Registrar(chain, config, store.outbox, admin, address or b"", report, timeout, sleep)
        if config.ledger is None:
            ledger, block = registrar.ledger(journal)
            pins = read_pins(chain, ledger)
            config = replace(config, ledger=ledger, ledger_code_hash=pins.code_hash, deployment_block=block)
            write_config(directory, config)
            report(f"the ledger is {checksum_address(ledger)}")
            registrar = registrar.with_config(config)
        if config.issuer is None:
            config = replace(config, issuer=registrar.register())
            write_config(directory, config)
            report(f"{config.name} is issuer {config.issuer} of the ledger")
            registrar = registrar.with_config(config)
        document = document_bytes(config, keys.log_key.public)
        store.documents.keep(document, int(time.time()))
        registrar.equip(hot.address, sha256(document).digest(), _unanchored(store))
    except Waiting as waiting:
        return InitOutcome(config, hot.address, str(waiting), waiting.calls, waiting.funds)
    write_policy(directory, config)
    return InitOutcome(config, hot.address)


def _admin_needs(chain: Chain, config: NodeConfig, choices: Choices) -> int:
    if config.issuer is not None:
        return 0
    return needed_wei(chain, config, deploying=config.ledger is None and choices.ledger is None)


def _pay(chain: Chain, config: NodeConfig, choices: Choices, hot: Signer, admin: Signer | None, report: Report) -> None:
    """Money for both keys: from an unlocked account on a development chain, else by asking for it."""
    missing = [
        Funds(signer.address, amount, purpose)
        for signer, amount, purpose in (
            (admin, _admin_needs(chain, config, choices), "deploys and registers"),
            (hot, 0, "anchors"),
        )
        if signer is not None and chain.balance(signer.address) < max(amount, 1)
    ]
    if is_development_chain(chain):
        for funds in missing:
            fund(chain, funds.address, _DEV_MONEY)
            report(f"{checksum_address(funds.address)} got test money")
    elif any(funds.wei for funds in missing):
        raise Waiting("the keys need money: send it and run the same command again", funds=tuple(missing))


def _unanchored(store: Store) -> bool:
    """True while entries are sealed that no anchor holds yet: their document must not change under them."""
    return bool(store.log.unanchored())
