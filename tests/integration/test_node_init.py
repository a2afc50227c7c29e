"""`rootseal node init`, interrupted at every transaction: the same command finishes it, and nothing is done twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anchor.ledger import Ledger
from node.config import read_config
from node.init import InitOutcome, InitRequest, initialise
from node.store import STORE_NAME
from rootseal.errors import AnchoringError, ConfigError
from rootseal.policy import parse_policy
from tests.support.fake_chain import FakeChain
from tests.support.school import quick_keys

BEGIN = InitRequest(chain_url="http://127.0.0.1:1", name="Example University", country="IE", deploy=True)


class Crash(BaseException):
    """The process is gone."""


class CrashingChain(FakeChain):
    """Ends the process before or after the n-th raw transaction is taken."""

    def __init__(self, at: int, before: bool) -> None:
        super().__init__()
        self._at, self._before = at, before
        self.count = 0

    def send_raw(self, raw: bytes) -> bytes:
        self.count += 1
        if self.count == self._at and self._before:
            raise Crash
        answer = super().send_raw(raw)
        if self.count == self._at:
            raise Crash
        return answer


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A node's directory with keys that open quickly; `init` keeps keys that are there."""
    made = tmp_path / "node"
    quick_keys(made)
    return made


def begin(directory: Path, chain: FakeChain, request: InitRequest = BEGIN) -> InitOutcome:
    return initialise(directory, request, chain=chain, timeout=5.0, sleep=lambda _: chain.mine())


def check_registered_once(directory: Path, chain: FakeChain) -> None:
    config = read_config(directory)
    ledger = Ledger(chain, config.home.ledger)
    assert ledger.issuer_count() == 1
    assert len(ledger.keys(1)) == 1
    assert len(ledger.documents(1)) == 1
    policy = parse_policy((directory / "policy.toml").read_text())
    assert policy.ledgers[0].test
    assert policy.ledgers[0].issuer_name(1) == "Example University"


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_init_killed_at_any_transaction_is_finished_by_the_same_command(directory: Path, at: int, before: bool) -> None:
    chain = CrashingChain(at, before)
    with pytest.raises(Crash):
        begin(directory, chain)
    assert begin(directory, chain, InitRequest()).waiting is None
    check_registered_once(directory, chain)
    assert chain.count == 4 + (at > 0 and before), "only the transaction that was never taken is sent again"


def test_init_does_not_register_twice_when_answers_and_the_store_are_lost(directory: Path) -> None:
    chain = CrashingChain(2, before=False)
    with pytest.raises(Crash):
        begin(directory, chain)
    for path in directory.glob(f"{STORE_NAME}*"):
        path.unlink()
    assert begin(directory, chain, InitRequest()).waiting is None
    check_registered_once(directory, chain)


def test_init_run_again_changes_nothing(directory: Path) -> None:
    chain = FakeChain()
    begin(directory, chain)
    before, sent = (directory / "node.toml").read_bytes(), len(chain.sent)
    assert begin(directory, chain).waiting is None
    assert (directory / "node.toml").read_bytes() == before
    assert len(chain.sent) == sent


def test_init_without_money_says_how_much_and_goes_on_when_it_is_there(directory: Path) -> None:
    chain = FakeChain()
    chain.unlocked = ()
    outcome = begin(directory, chain)
    assert outcome.waiting is not None
    needed = next(funds for funds in outcome.funds if funds.wei)
    chain.set_balance(needed.address, needed.wei)
    assert begin(directory, chain, InitRequest()).waiting is None
    check_registered_once(directory, chain)


def test_init_with_an_admin_elsewhere_hands_out_the_calls(directory: Path) -> None:
    chain = FakeChain()
    admin = chain.unlocked[0]
    outcome = begin(directory, chain, InitRequest(**_fields(BEGIN), admin=admin))
    deploy = chain.receipt(chain.send_unlocked(admin, None, outcome.calls[0].data, 0, 8_000_000))
    assert deploy is not None
    ledger = deploy.contract
    outcome = begin(directory, chain, InitRequest(ledger=ledger))
    for expected in (1, 2):
        assert len(outcome.calls) == expected
        for call in outcome.calls:
            chain.send_unlocked(admin, call.to, call.data, 0, 1_000_000)
        outcome = begin(directory, chain, InitRequest())
    assert outcome.waiting is None
    check_registered_once(directory, chain)


def _fields(request: InitRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in ("chain_url", "name", "country", "deploy")}


@pytest.mark.parametrize(
    "request_",
    [InitRequest(name="Other"), InitRequest(ledger=bytes(19) + b"\1"), InitRequest(admin=bytes(19) + b"\1")],
    ids=["name", "ledger", "admin"],
)
def test_init_refuses_what_contradicts_the_beginning(directory: Path, request_: InitRequest) -> None:
    chain = FakeChain()
    begin(directory, chain)
    with pytest.raises(ConfigError, match="begun with"):
        begin(directory, chain, request_)


def test_init_refuses_a_ledger_of_other_code(directory: Path) -> None:
    request = InitRequest(chain_url="http://127.0.0.1:1", name="X", ledger=bytes(19) + b"\1")
    with pytest.raises(Exception, match="without code"):
        begin(directory, FakeChain(), request)


def test_init_refuses_another_chain_on_the_second_run(directory: Path) -> None:
    begin(directory, FakeChain())
    with pytest.raises(Exception, match="genesis"):
        begin(directory, FakeChain(seed=7), InitRequest())


def test_init_whose_time_is_up_says_so_and_goes_on(directory: Path) -> None:
    chain = FakeChain(finality_lag=3)
    with pytest.raises(AnchoringError, match="time is up"):
        initialise(directory, BEGIN, chain=chain, timeout=0.0, sleep=lambda _: None)
    assert begin(directory, chain, InitRequest()).waiting is None
    check_registered_once(directory, chain)


def test_init_refuses_a_directory_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("x")
    with pytest.raises(ConfigError, match="other files"):
        begin(tmp_path, FakeChain())
