"""Single calls by one key: looked for, rehearsed, sent once, resumed; and the outbox in a file that carries them."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.calling import Caller, LedgerCall, call_name, rehearse
from anchor.chain import Reverted
from anchor.deploying import deploy_unlocked
from anchor.fees import DEFAULT_CEILING
from anchor.file_outbox import FileOutbox
from anchor.keys import signer_from_secret
from anchor.ledger import Ledger
from anchor.outbox import Outbox, State
from anchor.pins import read_pins
from anchor.sender import SendPolicy
from rootseal.errors import AnchoringError, StoreError
from tests.support.fake_chain import FakeChain
from tests.support.memory_outbox import MemoryOutbox
from tests.support.outbox_contract import OutboxContract, an_attempt, an_intent

SIGNER = signer_from_secret(bytes(31) + b"\x11")
KEY = bytes([9]) * 20


class Crash(BaseException):
    """The process is gone."""


class World:
    """A ledger on the fake chain, and issuer 1 whose admin is `SIGNER`."""

    def __init__(self) -> None:
        self.chain = FakeChain()
        self.ledger = deploy_unlocked(self.chain).address
        self.outbox: Outbox = MemoryOutbox()
        self.notes: list[str] = []
        self.chain.set_balance(SIGNER.address, 10**18)
        self.caller().send(LedgerCall("register", "register", ("Uni", "", bytes(32))))

    def caller(self) -> Caller:
        """As a new process would make it."""
        pins = read_pins(self.chain, self.ledger)
        policy = SendPolicy()
        return Caller(self.chain, self.outbox, SIGNER, pins, self.ledger, policy, self.notes.append, 5.0, self._mine)

    def _mine(self, _: float) -> None:
        self.chain.mine()


ADD = LedgerCall("add", "addKey", (1, KEY, 3))


class TestFileOutbox(OutboxContract):
    """The outbox in a file passes the contract that the node's database passes."""

    @pytest.fixture
    def outbox(self, tmp_path: Path) -> Outbox:
        return FileOutbox(tmp_path / "key.json.sent.json")


def test_a_file_outbox_is_what_another_process_finds(tmp_path: Path) -> None:
    path = tmp_path / "sent.json"
    stored = FileOutbox(path).record(FileOutbox(path).add(an_intent()), an_attempt())
    assert FileOutbox(path).get("anchor/1") == stored
    assert FileOutbox(path).attempts("anchor/1") == (an_attempt(),)
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text('{"format": "rootseal/outbox/2"}')
    with pytest.raises(StoreError):
        FileOutbox(path).get("anchor/1")


def test_what_is_done_is_not_sent_again() -> None:
    world = World()
    assert world.caller().send(ADD)
    nonce = world.chain.nonce(SIGNER.address)
    assert not world.caller().send(ADD)
    assert world.chain.nonce(SIGNER.address) == nonce


def test_a_lost_answer_is_found_and_nothing_is_sent_twice() -> None:
    world = World()
    world.chain.lose_response()
    assert world.caller().send(ADD)
    assert len(Ledger(world.chain, world.ledger).keys(1)) == 1


def test_what_the_ledger_would_refuse_is_never_queued() -> None:
    world = World()
    with pytest.raises(Reverted, match=r"roles"):
        world.caller().send(LedgerCall("add", "addKey", (1, KEY, 9)))
    assert world.outbox.unfinished(SIGNER.address) == ()
    with pytest.raises(Reverted, match="not the admin"):
        rehearse(world.chain, world.ledger, KEY, ADD, DEFAULT_CEILING)


def test_a_call_that_can_no_longer_succeed_and_was_never_signed_is_given_up() -> None:
    world = World()
    world.caller().send(ADD)
    stale = LedgerCall("stale", "addKey", (1, KEY, 2))
    from anchor.outbox import Intent

    world.outbox.add(Intent(call_name(world.outbox, SIGNER.address, stale), SIGNER.address, world.ledger, stale.data))
    assert world.caller().send(LedgerCall("uri", "setUri", (1, "https://u.example")))
    assert any("given up" in note for note in world.notes)


def test_the_same_call_gets_a_new_name_only_after_the_last_was_final() -> None:
    world = World()
    call = LedgerCall("uri", "setUri", (1, "https://a.example"))
    first = call_name(world.outbox, SIGNER.address, call)
    world.caller().send(call)
    stored = world.outbox.get(first)
    assert stored is not None
    assert stored.state is State.FINAL
    world.caller().send(LedgerCall("uri", "setUri", (1, "https://b.example")))
    assert world.caller().send(call), "what came and went is made again"
    assert Ledger(world.chain, world.ledger).issuer(1).uri == "https://a.example"  # type: ignore[union-attr]


def test_without_money_it_says_so_and_the_same_call_goes_on() -> None:
    world = World()
    world.chain.set_balance(SIGNER.address, 0)
    with pytest.raises(AnchoringError, match="insufficient funds"):
        world.caller().send(ADD)
    world.chain.set_balance(SIGNER.address, 10**18)
    assert world.caller().send(ADD)
