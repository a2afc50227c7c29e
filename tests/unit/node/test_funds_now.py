"""The money on other ledgers, asked by who only looks: `node status` and `doctor`, where no `node run` is."""

from __future__ import annotations

from pathlib import Path

import pytest

from anchor.chain import Chain, ChainUnavailable
from node.cli.reporting import _status_json, _status_lines
from node.doctor import diagnose
from node.doctor_result import Result
from node.forecast import price_now
from node.funds import FEW_ANCHORS
from node.gas import ANCHOR, gas_of
from node.services import Services
from node.store import Witness
from node.summary import NodeStatus, summarise
from rootseal.ethereum import checksum_address
from tests.support.fake_chain import FakeChain
from tests.support.fake_witness import use_witness
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import START


class Others:
    """Other ledgers in use, each on a fake chain."""

    def __init__(self, node: Node, *ids: int) -> None:
        self.node = node
        self.chains = {number: use_witness(node.services, number) for number in ids}
        self.asked: list[int] = []

    def open(self, witness: Witness) -> Chain:
        self.asked.append(witness.chain_id)
        return self.chains[witness.chain_id]

    def put(self, chain: FakeChain, anchors: int) -> None:
        chain.set_balance(self.node.services.connection.signer.address, anchors * price_now(chain) * gas_of(ANCHOR))

    def status(self) -> NodeStatus:
        """As `node status` asks."""
        services = self.node.services
        return summarise(services.store, services.connection, services.now, self.open)

    def told(self) -> list[str]:
        return [problem.sentence for problem in self.status().problems if problem.code == "balance.low"]

    def examined(self) -> list[Result]:
        report = diagnose(self.node.directory, chain=self.node.chain, clock=lambda: START, others=self.open)
        return [result for result in report.results if result.check == "other ledger"]


@pytest.fixture
def others(node: Node) -> Others:
    """Two, with money for a thousand anchors everywhere."""
    found = Others(node, 5, 7)
    for chain in (node.chain, *found.chains.values()):
        found.put(chain, 1000)
    return found


def key_of(services: Services) -> str:
    return checksum_address(services.connection.signer.address)


def test_status_and_doctor_find_it_without_a_process_that_sends(node: Node, others: Others) -> None:
    assert others.told() == []
    others.put(others.chains[7], 7)
    others.put(node.chain, 3)
    key = key_of(node.services)
    assert others.told() == [
        f"the node's key pays for 3 more anchors at today's price: send coin to {key}",
        f"the node's key pays for 7 more anchors on ledger 2 at today's price: send coin to {key}",
    ]
    assert others.status().healthy
    first, second = others.examined()
    assert (first.outcome, second.outcome) == ("ok", "problem")
    assert first.sentence == "ledger 1 on chain 5: enough for about 1,000 anchors at today's price"
    assert second.sentence == "ledger 2 on chain 7: enough for about 7 anchors only at today's price"
    assert key in str(second.way_out)


def test_the_threshold_is_that_of_the_process_that_sends(others: Others) -> None:
    others.put(others.chains[5], FEW_ANCHORS)
    assert others.told() == []
    assert others.examined()[0].outcome == "ok"
    others.put(others.chains[5], FEW_ANCHORS - 1)
    assert len(others.told()) == 1
    assert others.examined()[0].outcome == "problem"


def test_what_a_chain_says_now_counts_and_not_what_was_seen_last(node: Node, others: Others) -> None:
    key = node.services.connection.signer.address
    for fact in ("low-balance", "low-balance/1"):
        node.services.store.facts.put(fact, key + (3).to_bytes(8))
    assert others.told() == []
    assert len(node.services.status().problems) == 2  # pages ask no other chain
    assert len(node.services.store.facts.get("low-balance/1") or b"") == 28  # looking changes nothing


def test_one_that_is_silent_is_said_so_and_what_was_seen_last_stands(node: Node, others: Others) -> None:
    key = node.services.connection.signer.address
    node.services.store.facts.put("low-balance/1", key + (3).to_bytes(8))
    for _ in range(2):
        others.chains[5].fail("chain_id", ChainUnavailable("eth_chainId", "https://rpc.example/key is down"))
    status = others.status()
    assert [problem.code for problem in status.problems] == ["balance.low"]
    assert "3 more anchors on ledger 1" in status.problems[0].sentence
    first, second = status.witnesses
    assert first.balance is None
    assert "(an address) is down" in str(first.problem)
    assert (second.problem, second.balance) == (None, others.chains[7].balance(key))
    result, well = others.examined()
    assert (result.outcome, well.outcome) == ("unknown", "ok")
    assert result.sentence.startswith("ledger 1 on chain 5: cannot be asked: ")
    assert result.way_out is not None


def test_another_chain_behind_the_address_is_a_problem(others: Others) -> None:
    others.chains[5] = FakeChain(seed=9)
    others.chains[5].id = 5
    assert "wrong chain" in str(others.status().witnesses[0].problem)
    result = others.examined()[0]
    assert (result.outcome, "wrong chain" in result.sentence) == ("problem", True)


def test_a_home_that_is_silent_hides_no_other_ledger(node: Node, others: Others) -> None:
    others.put(others.chains[5], 0)
    node.chain.fail("block", ChainUnavailable("eth_getBlockByNumber", "no answer"))
    assert ["no anchor any more on ledger 1" in sentence for sentence in others.told()] == [True]
    node.chain.fail("block", ChainUnavailable("eth_getBlockByNumber", "no answer"))
    assert [result.outcome for result in others.examined()] == ["problem", "ok"]


def test_a_key_that_cannot_be_opened_asks_nobody_in_status(node: Node, others: Others) -> None:
    (node.directory / "passphrase").write_text("wrong\n")
    with Services.open(node.directory, chain=node.chain, clock=node.clock) as locked:
        status = summarise(locked.store, locked.connection, locked.now, others.open)
    assert ([witness.balance for witness in status.witnesses], others.asked) == ([None, None], [])
    assert [result.outcome for result in others.examined()] == ["ok", "ok"]  # the address stands in the keystore
    (node.directory / "key.json").unlink()
    assert [result.outcome for result in others.examined()] == ["unknown", "unknown"]


def test_a_ceiling_below_the_price_is_told_by_the_doctor_as_at_home(others: Others) -> None:
    others.chains[5].set_base_fee(10**13)
    others.chains[5].mine()
    result = others.examined()[0]
    assert (result.outcome, "more than --max-fee allows" in result.sentence) == ("problem", True)
    assert result.way_out == "wait until it is cheaper, or raise --max-fee in `rootseal node ledgers add DIR`"


def test_one_that_was_removed_is_not_asked(node: Node, others: Others) -> None:
    node.services.store.witnesses.remove(1, node.services.now)
    assert [witness.number for witness in others.status().witnesses] == [2]
    assert others.asked == [7]
    assert len(others.examined()) == 1


def test_status_shows_what_the_key_holds_there(node: Node, others: Others) -> None:
    key = node.services.connection.signer.address
    others.chains[5].set_balance(key, 25 * 10**16)
    status = others.status()
    assert "Ledger 1 on chain 5: 0 entries final there. The node's key holds 0.2500 of that chain's coin." in (
        _status_lines(status, "home")
    )
    shown = _status_json(status)["ledgers"]
    assert [one["balanceWei"] for one in shown] == [str(25 * 10**16), str(others.chains[7].balance(key))]
    services = node.services
    without = summarise(services.store, services.connection, services.now)
    assert _status_json(without)["ledgers"][0]["balanceWei"] is None


def test_without_other_ledgers_nothing_is_said_of_them(node: Node, tmp_path: Path) -> None:
    assert Others(node).examined() == []


def test_little_does_not_read_as_nothing(node: Node, others: Others) -> None:
    others.chains[5].set_balance(node.services.connection.signer.address, 10**9)
    others.chains[7].set_balance(node.services.connection.signer.address, 0)
    first, second = [line for line in _status_lines(others.status(), "home") if line.startswith("Ledger")]
    assert "holds less than 0.0001 of that chain's coin" in first
    assert "holds 0.0000 of that chain's coin" in second
