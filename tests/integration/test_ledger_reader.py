"""The reader where a chain limits, prunes, reorganises, finalises late or is down: what only the fake can do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from anchor.chain import Chain, ChainUnavailable, Reverted, RpcError
from anchor.ledger import Ledger
from anchor.reader import LedgerRequest, WalletQuestion, anchored_events, collect, collect_all
from rootseal.errors import UndeterminedError
from tests.support.fake_chain import FakeChain
from tests.support.ledger_story import ROOTS, Story, told


@pytest.fixture
def fake_story() -> Story:
    return told(FakeChain())


def fake_of(story: Story) -> FakeChain:
    assert isinstance(story.chain, FakeChain)
    return story.chain


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_shrink_to_the_providers_limit(fake_story: Story, limit: int) -> None:
    chain = fake_of(fake_story)
    chain.max_log_span = limit
    events = anchored_events(chain, fake_story.ledger.address, 1, 0, chain._number("latest"))
    assert [event.sequence for event in events] == [1, 2, 3]


def test_a_provider_that_refuses_single_blocks_is_unavailable(fake_story: Story) -> None:
    chain = fake_of(fake_story)
    chain.max_log_span = 0
    with pytest.raises(RpcError):
        anchored_events(chain, fake_story.ledger.address, 1, 0, 10)


def test_what_is_not_final_is_not_in_the_facts(fake_story: Story) -> None:
    chain = fake_of(fake_story)
    chain.finality_lag = chain._number("latest") - fake_story.receipts["anchor 1"].block_number
    facts = collect(chain, fake_story.policy, LedgerRequest(1, tuple(ROOTS)))
    assert [facts.anchors[root] is None for root in ROOTS] == [False, True, True]
    assert facts.head_size == 100
    assert facts.status is not None
    assert len(facts.status.revoked) == 3  # status is at latest


def test_a_pruned_node_gives_the_same_facts(fake_story: Story) -> None:
    chain = fake_of(fake_story)
    chain.finality_lag = chain._number("latest") - fake_story.receipts["anchor 1"].block_number
    request = LedgerRequest(1, tuple(ROOTS))
    full = collect(chain, fake_story.policy, request)
    chain.pruned = True
    assert collect(chain, fake_story.policy, request) == full


def test_a_ledger_newer_than_the_final_block_is_undetermined(fake_story: Story) -> None:
    chain = fake_of(fake_story)
    chain.finality_lag = chain._number("latest")
    with pytest.raises(UndeterminedError, match="newer than the chain's final block"):
        collect(chain, fake_story.policy, LedgerRequest(1))


def test_a_reorganisation_while_reading_is_read_again(fake_story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = fake_of(fake_story)
    moves = [1]

    original = Ledger.status_words

    def status_words(self: Ledger, *arguments: object) -> tuple[int, ...]:
        if moves:
            chain.reorg(moves.pop())
        return original(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "status_words", status_words)
    facts = collect(chain, fake_story.policy, LedgerRequest(1, (ROOTS[0],)))
    head = chain.block("latest")
    assert head is not None
    assert facts.status is not None
    assert facts.status.block.hash == head.hash


def test_contract_wallets_are_asked_and_a_revert_is_a_no(fake_story: Story) -> None:
    chain = fake_of(fake_story)
    yes, no, reverting, person = (bytes([n]) * 20 for n in (0x51, 0x52, 0x53, 0x54))

    def refuse(data: bytes) -> bytes:
        raise Reverted("", {}, b"")

    chain.set_wallet(yes, lambda data: bytes.fromhex("1626ba7e") + bytes(28))
    chain.set_wallet(no, lambda data: bytes(32))
    chain.set_wallet(reverting, refuse)
    questions = tuple(WalletQuestion(holder, b"\x01" * 32, b"\x02" * 65) for holder in (yes, no, reverting, person))
    facts = collect(chain, fake_story.policy, LedgerRequest(1, wallets=questions))
    asked = (b"\x01" * 32, b"\x02" * 65)
    assert facts.contract_wallets == {
        yes: {asked: True}, no: {asked: False}, reverting: {asked: False}, person: None,
    }  # fmt: skip


def test_endpoints_are_tried_in_turn_and_the_reason_is_kept(fake_story: Story) -> None:
    chain, opened = fake_of(fake_story), []

    def open_chain(url: str) -> Chain:
        opened.append(url)
        if url == "http://down":
            raise ChainUnavailable("eth_chainId", "the node did not answer")
        return chain

    key = (fake_story.policy.chain_id, fake_story.ledger.address, 1)
    other = (1, b"\x01" * 20, 1)
    policy = replace(fake_story.policy, rpcs=("http://down", "http://up"))
    facts, problems = collect_all({key: LedgerRequest(1), other: LedgerRequest(1)}, [policy], open_chain)
    assert (list(facts), opened) == ([key], ["http://down", "http://up"])
    assert problems == {other: "the policy does not cover this ledger"}
    facts, problems = collect_all({key: LedgerRequest(1)}, [replace(policy, rpcs=("http://down",))], open_chain)
    assert problems == {key: "eth_chainId: the node did not answer"}
    _, problems = collect_all({key: LedgerRequest(1)}, [replace(policy, rpcs=())], open_chain)
    assert problems == {key: "no RPC endpoint is configured for this ledger"}
