"""A node's directory against the fake chain, made without `node init`: a ledger, a registered issuer, one key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from anchor.chain import Chain
from anchor.keys import create_keystore
from anchor.ledger import call_data, ledger_abi
from anchor.ledger_events import registered_issuer
from anchor.pins import read_pins
from node.config import NodeConfig, write_config
from node.issuer_document import document_bytes
from node.log_key import LogKey
from node.services import Services
from node.store import STORE_NAME, Store
from rootseal.microcredential import MicroCredential
from tests.support.fake_chain import FakeChain

PASSPHRASE = "correct horse"
START = 1_791_000_000  # 2026-10-03T04:00:00Z
HEADER = "learner_id,given_name,family_name,email,micro_credential,awarded_on,grade,holder\n"
ETHER = 10**18

TEMPLATES = {
    key: MicroCredential.from_json(
        {
            "key": key,
            "title": title,
            "awarding_body": "University Library",
            "country": "NL",
            "description": "A workshop.",
            "learning_outcomes": ["Build a library", "Cite while writing"],
            "workload_hours": 4,
            "ects": ects,
            "level": None,
            "assessment": "Participation",
            "participation": "on-site",
            "quality_assurance": "Internal",
        }
    )
    for key, title, ects in (("endnote", "EndNote", None), ("ledgers", "Ledgers for registrars", 2.5))
}


@dataclass
class Clock:
    """Seconds that a test moves; sleeping moves them too, and mines a block where there is one to mine."""

    now: float = START
    on_sleep: Callable[[], None] | None = field(default=None)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.on_sleep is not None:
            self.on_sleep()


def roster(count: int, *, first: int = 0, template: str = "ledgers", date: str = "2026-10-01") -> bytes:
    """A CSV list of `count` learners."""
    rows = [f"{n:08},Ana {n},Kovač,l{n}@example.edu,{template},{date},,\n" for n in range(first, first + count)]
    return (HEADER + "".join(rows)).encode()


def make_node(directory: Path, chain: FakeChain | None = None) -> FakeChain:
    """A registered node on a fake chain; returns the chain."""
    fake = chain or FakeChain()
    make_registered(directory, fake)
    return fake


def make_registered(directory: Path, chain: Chain) -> None:
    """Everything that `node init` leaves behind, on any chain with unlocked accounts that mines at once."""
    directory.mkdir(parents=True, exist_ok=True)
    signer = create_keystore(directory / "key.json", PASSPHRASE, "pbkdf2", 2)
    (directory / "passphrase").write_text(PASSPHRASE + "\n")
    log_key = LogKey.create(directory / "log-key.json", PASSPHRASE)
    bank = chain.accounts()[0]
    created = chain.receipt(chain.send_unlocked(bank, None, ledger_abi().bytecode, 0, 8_000_000))
    assert created is not None
    assert created.contract is not None
    ledger = created.contract
    registered = chain.receipt(chain.send_unlocked(bank, ledger, call_data("register", "Uni", "", bytes(32)), 0, 10**6))
    assert registered is not None
    issuer = registered_issuer(registered, ledger)
    pins = read_pins(chain, ledger)
    config = NodeConfig(
        test=True,
        name="Example University",
        country="NL",
        chain_urls=("http://127.0.0.1:1",),
        chain_id=pins.chain_id,
        genesis_hash=pins.genesis or b"",
        ledger=ledger,
        ledger_code_hash=pins.code_hash,
        deployment_block=created.block_number,
        issuer=issuer,
        passphrase_file="passphrase",
    )
    write_config(directory, config)
    chain.send_unlocked(bank, ledger, call_data("addKey", issuer, signer.address, 3), 0, 10**6)
    document = sha256(document_bytes(config, log_key.public)).digest()
    chain.send_unlocked(bank, ledger, call_data("setDocument", issuer, document), 0, 10**6)
    chain.send_unlocked(bank, signer.address, b"", 5 * ETHER, 21_000)
    Store.create(directory / STORE_NAME).close()


def open_node(directory: Path, chain: Chain, clock: Clock | None = None) -> Services:
    """The node's services on a clock that sleeping moves, with both templates stored."""
    clock = clock or Clock()
    services = Services.open(directory, chain=chain, clock=clock, sleep=clock.sleep)
    services.add_templates(TEMPLATES)
    return services
