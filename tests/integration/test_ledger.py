"""The ledger binding and its model: one story told on the fake, the embedded chain and Anvil."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from anchor.chain import Reverted, WrongChain
from anchor.keys import Signer
from anchor.ledger import call_data
from anchor.ledger_errors import explained
from anchor.ledger_events import decode_event, registered_issuer
from anchor.ledger_intents import settled
from anchor.outbox import Intent
from anchor.reader import LedgerRequest, anchored_events, collect
from rootseal.facts import BlockFact
from tests.support.drivers import ENGINES, open_engine
from tests.support.ledger_story import DOCUMENT, NEWER, ROOTS, Story, told

LEFT_OUT = "the ledger binding on Anvil"


@pytest.fixture(scope="module", params=ENGINES)
def story(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with open_engine(request.param, tmp_path_factory.mktemp(request.param), LEFT_OUT) as chain:
        yield told(chain)


def test_every_view_tells_what_was_done(story: Story) -> None:
    ledger, receipts = story.ledger, story.receipts
    block = {name: story.chain.block(receipt.block_number) for name, receipt in receipts.items()}
    times = {name: found.timestamp for name, found in block.items() if found is not None}
    issuer = ledger.issuer(1)
    assert issuer is not None
    assert (issuer.name, issuer.uri, issuer.admin) == (
        "Univerza v Ljubljani", "https://uni.example", story.admin.address
    )  # fmt: skip
    assert (ledger.issuer_count(), registered_issuer(receipts["register"], ledger.address)) == (1, 1)
    assert [d.document_hash for d in ledger.documents(1)] == [DOCUMENT, NEWER]
    assert [d.time for d in ledger.documents(1)] == [times["register"], times["document"]]
    first, old = ledger.keys(1)
    assert (first.address, first.roles, first.added_at, first.retired_at) == (story.key.address, 3, times["key"], 0)
    assert (old.address, old.roles, old.retired_at, old.compromised_since) == (b"\x44" * 20, 1, times["retire"], 5)
    assert ledger.key_of(1, old.address) == old
    anchor = ledger.anchor_of(1, ROOTS[1])
    assert anchor is not None
    assert (anchor.sequence, anchor.size, anchor.previous_size, anchor.key_index) == (2, 300, 100, 0)
    assert (anchor.time, anchor.block_number) == (times["anchor 2"], receipts["anchor 2"].block_number)
    assert (ledger.head(1).sequence, ledger.head(1).size) == (3, 600)
    assert ledger.status_words(1, 0, 600) == (1 << 255, 0, 1 << 87)
    assert ledger.status_words(1, 1, 600) == (0, 4, 0)
    before, after = ledger.accreditations(1, story.accreditor.address)
    assert (before.since, before.ended_at, before.renewed) == (times["accredit"], times["renew"], True)
    assert (after.ended_at, after.renewed, after.valid_until) == (times["withdraw"], False, 0)
    assert after.scope == "computing, level 7 and 8"


def test_what_is_not_there_is_none_or_empty(story: Story) -> None:
    ledger = story.ledger
    assert ledger.issuer(9) is None
    assert ledger.anchor_of(1, b"\x99" * 32) is None
    assert ledger.key_of(1, b"\x99" * 20) is None
    assert (ledger.keys(9), ledger.documents(9), ledger.accreditations(9, b"\x01" * 20)) == ((), (), ())
    assert ledger.head(9).size == 0
    assert ledger.status_words(1, 0, 0) == ()


def test_every_event_decodes(story: Story) -> None:
    names = [decode_event(log).name for receipt in story.receipts.values() for log in receipt.logs]
    assert names == [
        "IssuerRegistered", "DocumentSet", "KeyAdded", "KeyAdded", "KeyRetired", "Accredited", "Accredited",
        "AccreditationWithdrawn", "DocumentSet", "Anchored", "Anchored", "Anchored", "StatusChanged",
        "StatusChanged", "StatusChanged", "StatusChanged",
    ]  # fmt: skip
    changed = decode_event(story.receipts["revoke"].logs[1]).arguments
    assert changed == {
        "issuer": 1, "purpose": 0, "word": 2, "value": 1 << 87, "reason": 1, "key": story.key.address
    }  # fmt: skip


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        ("anchor", (1, 3, 700, b"\x09" * 32), "WrongSequence"),
        ("anchor", (1, 4, 600, b"\x09" * 32), "SizeNotGrown"),
        ("anchor", (1, 4, 700, ROOTS[0]), "RootAlreadyAnchored"),
        ("anchor", (1, 4, 700, bytes(32)), "ZeroRoot"),
        ("anchor", (9, 1, 1, b"\x09" * 32), "UnknownKey"),
        ("revoke", (1, [2], [1 << 88], 0), "StatusBeyondHead"),
        ("setDocument", (1, DOCUMENT), "NotAdmin"),
        ("setDocument", (9, DOCUMENT), "UnknownIssuer"),
        ("register", ("", "", bytes(32)), "BadNameLength"),
        ("accredit", (1, DOCUMENT, "", 0), "DocumentNotCurrent"),
        ("withdraw", (1, DOCUMENT), "NoRunningAccreditation"),
    ],
)
def test_every_refusal_has_a_name_and_a_sentence(
    story: Story, function: str, arguments: tuple[object, ...], name: str
) -> None:
    with pytest.raises(Reverted) as found:
        story.chain.call(story.ledger.address, call_data(function, *arguments), "latest", story.key.address)
    error = explained(found.value)
    assert error.name == name
    assert f"[{name}(" in str(error)
    assert "refused the call" not in str(error)


def test_what_is_done_is_settled_and_what_is_not_is_not(story: Story) -> None:
    def done(key: Signer, function: str, *arguments: object) -> bool:
        intent = Intent("x", key.address, story.ledger.address, call_data(function, *arguments))
        return settled(story.chain, intent)

    admin, key, agency = story.admin, story.key, story.accreditor
    assert done(admin, "register", "Univerza v Ljubljani", "https://uni.example", DOCUMENT)
    assert not done(key, "register", "Univerza v Ljubljani", "https://uni.example", DOCUMENT)
    assert done(admin, "setDocument", 1, NEWER)
    assert not done(admin, "setDocument", 1, DOCUMENT)
    assert done(admin, "addKey", 1, key.address, 3)
    assert not done(admin, "addKey", 1, key.address, 1)
    assert done(admin, "retireKey", 1, b"\x44" * 20, 5)
    assert not done(admin, "retireKey", 1, b"\x44" * 20, 4)
    assert done(key, "anchor", 1, 2, 300, ROOTS[1])
    assert not done(key, "anchor", 1, 2, 300, b"\x09" * 32)
    assert not done(key, "anchor", 1, 4, 300, ROOTS[1])
    assert done(key, "revoke", 1, [2], [1 << 87], 0)
    assert not done(key, "revoke", 1, [2], [1 << 86], 0)
    assert not done(key, "revoke", 1, [3], [1], 0)
    assert done(key, "reinstate", 1, [1], [2], 0)
    assert not done(key, "reinstate", 1, [1], [4], 0)
    assert done(agency, "withdraw", 1, DOCUMENT)
    assert not done(agency, "accredit", 1, DOCUMENT, "computing, level 7 and 8", 0)
    assert not settled(story.chain, Intent("x", key.address, story.ledger.address, b"\x01\x02\x03\x04"))


def test_the_reader_collects_everything_at_the_final_head(story: Story) -> None:
    facts = collect(story.chain, story.policy, LedgerRequest(1, (ROOTS[0], b"\x99" * 32)))
    final = story.chain.block(facts.final.number)
    assert final is not None
    assert facts.final == BlockFact(final.number, final.hash, final.timestamp)
    assert (facts.chain_id, facts.ledger, facts.issuer) == (story.policy.chain_id, story.ledger.address, 1)
    assert facts.anchors[b"\x99" * 32] is None
    anchor = facts.anchors[ROOTS[0]]
    assert anchor is not None
    block = story.chain.block(story.receipts["anchor 1"].block_number)
    assert block is not None
    assert (anchor.sequence, anchor.size, anchor.previous_size, anchor.key_index) == (1, 100, 0, 0)
    assert anchor.block == BlockFact(block.number, block.hash, block.timestamp)
    assert facts.keys == story.ledger.keys(1)
    assert facts.documents == story.ledger.documents(1)
    assert facts.accreditations == story.ledger.accreditations(1, story.accreditor.address)
    assert facts.head_size == 600
    assert facts.status is not None
    assert facts.status.revoked == (1 << 255, 0, 1 << 87)
    assert facts.status.suspended == (0, 4, 0)
    assert facts.contract_wallets == {}


def test_an_issuer_that_nobody_registered_has_empty_facts(story: Story) -> None:
    facts = collect(story.chain, story.policy, LedgerRequest(77, (ROOTS[0],)))
    assert (facts.anchors, facts.keys, facts.documents, facts.head_size) == ({ROOTS[0]: None}, (), (), 0)
    assert facts.status is not None
    assert facts.status.revoked == ()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"chain_id": 99}, "chain id"),
        ({"genesis": b"\x01" * 32}, "genesis hash"),
        ({"code": b"\x01" * 32}, "code hash"),
        ({"address": b"\x01" * 20}, "without code"),
    ],
)
def test_a_chain_that_is_not_the_pinned_one_is_refused(story: Story, change: dict[str, object], what: str) -> None:
    with pytest.raises(WrongChain, match=what):
        collect(story.chain, replace(story.policy, **change), LedgerRequest(1))  # type: ignore[arg-type]


def test_anchored_events_page_by_page(story: Story) -> None:
    head = story.chain.block("latest")
    assert head is not None
    events = anchored_events(story.chain, story.ledger.address, 1, 0, head.number)
    assert [(e.sequence, e.size, e.previous_size, e.root) for e in events] == [
        (1, 100, 0, ROOTS[0]), (2, 300, 100, ROOTS[1]), (3, 600, 300, ROOTS[2])
    ]  # fmt: skip
    assert {event.key for event in events} == {story.key.address}
    assert anchored_events(story.chain, story.ledger.address, 2, 0, head.number) == ()
