"""A history played again on a fresh chain gives the same; a record that was altered does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from anchor.audit.auditing import AuditRequest, audit
from anchor.audit.findings import Unchecked
from anchor.audit.json_rpc import JsonRpc
from anchor.audit.recording import Recording
from anchor.audit.reexecution import Replaying
from anchor.audit.report import AuditReport
from anchor.audit.transactions import ChainCalls, PastCalls, RecordedCalls, RecordingCalls
from anchor.web3_chain import Web3Chain
from rootseal.errors import InputError
from tests.support.fresh_chain import ENGINES, EngineName, fresh_chain
from tests.support.history import SMALL, History, make_history
from tests.support.sabotage_scene import ANCHORED, LyingProvider
from tests.support.scripted_chain import START, scripted_chain

Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def made() -> Iterator[History]:
    with scripted_chain("the replay of a history") as driver:
        yield make_history(driver, SMALL)


def replayed(history: History, fresh: str, url: str = "", past: PastCalls | None = None) -> AuditReport:
    """The audit of the history with its replay on `fresh`; `url` is the provider's, where it is not the chain."""
    chain = Web3Chain(url or history.url)
    calls = past or ChainCalls(JsonRpc(url or history.url))
    replayer = Replaying(calls, JsonRpc(fresh), Web3Chain(fresh), chain)
    request = AuditRequest(chain, history.address, credits=history.credits.address, replayer=replayer)
    return audit(request, lambda sentence: None)


@pytest.mark.parametrize("engine", ENGINES)
def test_history_played_again_is_the_same(made: History, engine: EngineName) -> None:
    with fresh_chain(engine, START - 60) as fresh:
        report = replayed(made, fresh)
        chain = Web3Chain(fresh)
        assert chain.code(made.address) == made.chain.code(made.address)
        assert chain.code(made.credits.address) == made.chain.code(made.credits.address)
        head = chain.block("latest")
        assert head is not None
        final = report.subject.basis.final.timestamp
        assert START < head.timestamp <= final
    assert report.findings == ()
    assert report.replay is not None
    assert engine in report.replay.engine.lower()
    assert report.replay.transactions > 100
    assert report.to_json()["replay"] == {
        "engine": report.replay.engine, "transactions": report.replay.transactions, "outcome": "same"
    }  # fmt: skip
    assert not any("replay" in item.what for item in report.unchecked)


def test_recorded_calls_play_the_same(made: History) -> None:
    recording = Recording()
    with fresh_chain("anvil", START - 60) as fresh:
        first = replayed(made, fresh, past=RecordingCalls(ChainCalls(JsonRpc(made.url)), recording))
    again = Recording.from_json(recording.to_json())
    with fresh_chain("anvil", START - 60) as fresh:
        second = replayed(made, fresh, past=RecordedCalls(again))
    assert second.to_bytes() == first.to_bytes()


class LyingTransactions(LyingProvider):
    """Tells transactions of the ledger through `change`, everything else as it is."""

    def __init__(self, url: str, change: Change) -> None:
        super().__init__(url, lambda log: log, {"eth_getTransactionByHash": change})


def nth_anchor(history: History, number: int) -> str:
    """The transaction of the n-th publication of all."""
    asked = {"address": history.address_text, "topics": [ANCHORED], "fromBlock": "0x0"}
    return str(history.driver.rpc("eth_getLogs", asked)[number]["transactionHash"])


@pytest.mark.parametrize("engine", ENGINES)
def test_call_that_the_program_refuses_is_found(made: History, engine: EngineName) -> None:
    target = nth_anchor(made, 5)

    def change(told: dict[str, Any]) -> dict[str, Any]:
        return told | {"from": "0x" + "77" * 20} if told["hash"] == target else told

    with LyingTransactions(made.url, change) as liar, fresh_chain(engine, START - 60) as fresh:
        report = replayed(made, fresh, liar.url)
    assert [found.code for found in report.findings] == ["replay.refused"]
    assert report.findings[0].transaction == bytes.fromhex(target[2:])
    assert report.to_json()["replay"]["outcome"] == "differs"  # type: ignore[index, call-overload]


def test_call_that_leaves_other_events_is_found(made: History) -> None:
    target = nth_anchor(made, 5)

    def change(told: dict[str, Any]) -> dict[str, Any]:
        return told | {"input": told["input"][:-2] + "00"} if told["hash"] == target else told

    with LyingTransactions(made.url, change) as liar, fresh_chain("anvil", START - 60) as fresh:
        report = replayed(made, fresh, liar.url)
    assert [found.code for found in report.findings] == ["replay.events"]


def test_chain_whose_clock_is_wrong_leads_to_another_state(made: History) -> None:
    """The events are the same, and what the programs remember of their times is not."""
    receipt = made.driver.rpc("eth_getTransactionReceipt", nth_anchor(made, 3))
    block = made.chain.block(int(receipt["blockNumber"], 16))
    assert block is not None

    class Wrong(JsonRpc):
        def ask(self, method: str, *parameters: object) -> Any:
            late = method == "evm_setNextBlockTimestamp" and parameters == (block.timestamp,)
            return super().ask(method, *((block.timestamp + 60,) if late else parameters))

    with fresh_chain("anvil", START - 60) as fresh:
        chain = Web3Chain(made.url)
        replayer = Replaying(ChainCalls(JsonRpc(made.url)), Wrong(fresh), Web3Chain(fresh), chain)
        request = AuditRequest(chain, made.address, credits=made.credits.address, replayer=replayer)
        report = audit(request, lambda sentence: None)
    assert {found.code for found in report.findings} == {"replay.state"}
    assert "state.anchor" in report.findings[0].sentence


def test_chain_that_is_not_fresh_or_another_is_refused(made: History) -> None:
    with fresh_chain("anvil", START + 10**9) as late, pytest.raises(InputError, match="begins later"):
        replayed(made, late)
    with fresh_chain("anvil", START - 60, chain_id=5) as other, pytest.raises(InputError, match="chain id 31337"):
        replayed(made, other)
    with pytest.raises(InputError, match="fresh chain"):
        replayed(made, made.url)


def test_calls_through_another_contract_are_taken_from_the_trace(made: History) -> None:
    calls = ChainCalls(JsonRpc(made.url))
    target = bytes.fromhex(nth_anchor(made, 2)[2:])
    plain = calls.of(target, [made.address])
    assert plain is not None

    class Wrapped:
        """Says that the transaction went elsewhere, and shows what it called from there."""

        def ask(self, method: str, *parameters: object) -> Any:
            told = JsonRpc(made.url).ask(method, *parameters)
            if method == "eth_getTransactionByHash":
                return told | {"to": "0x" + "99" * 20}
            inner = told | {"type": "CALL"}
            undone = inner | {"error": "execution reverted"}
            return {"type": "CALL", "from": told["from"], "to": "0x" + "99" * 20, "calls": [undone, inner]}

    traced = ChainCalls(Wrapped()).of(target, [made.address])
    assert traced is not None
    assert [(c.sender, c.to, c.data) for c in traced] == [(c.sender, c.to, c.data) for c in plain]


def test_provider_without_traces_leaves_the_replay_unchecked(made: History) -> None:
    target = nth_anchor(made, 5)

    def change(told: dict[str, Any]) -> dict[str, Any]:
        return told | {"to": "0x" + "99" * 20} if told["hash"] == target else told

    class NoTraces(LyingTransactions):
        def answer(self, request: dict[str, Any]) -> dict[str, Any]:
            if request["method"] == "debug_traceTransaction":
                return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no such method"}}
            return super().answer(request)

    with NoTraces(made.url, change) as provider, fresh_chain("anvil", START - 60) as fresh:
        report = replayed(made, fresh, provider.url)
    assert report.findings == ()
    assert [i for i in report.unchecked if i.what == "the replay on a fresh chain"] == [
        Unchecked(
            "the replay on a fresh chain",
            f"transaction {target} came through another contract, and the provider serves no traces",
        )
    ]
