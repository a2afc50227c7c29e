"""The verify page's reader on chains of every kind: final by depth, without old state, served by two."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from coincurve import PrivateKey

from rootseal.policy import Policy, format_policy
from tests.browser.conftest import AUDIENCE, NONCE, World
from tests.support.devchain import post, rpc
from tests.support.verify_page import Verifier

if TYPE_CHECKING:
    from playwright.sync_api import Route

CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "content-type"}


def _with(world: World, *rpcs: str, finality: str = "tag") -> str:
    (ledger,) = world.policy.ledgers
    return format_policy(Policy((replace(ledger, rpcs=rpcs or ledger.rpcs, finality=finality),)))


def _depth_of(world: World, learner: str) -> int:
    """How many blocks stand above the one that published this learner's credential."""
    head = int(rpc(world.url, "eth_blockNumber"), 16)
    return head - world.file(learner).proofs.anchors[0].block.number


def _closed_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _node(verifier: Verifier, world: World, url: str, change: Callable[[dict[str, Any], Any], Any]) -> None:
    """At `url` a node that asks the real one, and gives `change(request, answer)` on."""

    def answer(route: Route) -> None:
        if route.request.method == "OPTIONS":
            return route.fulfill(status=204, headers=CORS)
        asked = json.loads(route.request.post_data or "")
        said = change(asked, post(world.url, asked))
        return route.fulfill(status=200, headers={**CORS, "Content-Type": "application/json"}, body=json.dumps(said))

    verifier.page.route(re.compile(re.escape(url)), answer)


def test_a_chain_that_nobody_serves(verifier: Verifier, world: World) -> None:
    port = _closed_port()
    verifier.use(_with(world, f"http://127.0.0.1:{port}/"))
    sentence = verifier.check(world.file())
    assert sentence.startswith(f"TEST. Could not be decided: The chain could not be asked: 127.0.0.1:{port} does not")
    assert verifier.codes[3:6] == ["anchor.unreachable", "issuer.unreachable", "status.unreachable"]
    assert all("ERR_CONNECTION_REFUSED" in error for error in verifier.watched.errors)
    verifier.watched.errors.clear()


def test_the_next_address_is_asked_where_one_is_silent(verifier: Verifier, world: World) -> None:
    verifier.use(_with(world, f"http://127.0.0.1:{_closed_port()}/", world.url))
    assert "Genuine. Issued by" in verifier.check(world.file())
    verifier.watched.errors.clear()


@pytest.mark.parametrize(("more", "code"), [(0, "anchor.ok"), (1, "anchor.not_final")])
def test_final_by_depth(verifier: Verifier, world: World, more: int, code: str) -> None:
    """The publication is final exactly from the depth at which it stands."""
    verifier.use(_with(world, finality=f"depth:{_depth_of(world, 'Ana Novak') + more}"))
    verifier.check(world.file())
    assert verifier.codes[3] == code


def test_a_chain_shorter_than_the_depth(verifier: Verifier, world: World) -> None:
    verifier.use(_with(world, finality="depth:100000"))
    assert "has no final block with this ledger yet" in verifier.check(world.file())


@pytest.mark.parametrize(
    ("learner", "more", "code"),
    [("Ana Novak", 0, "anchor.ok"), ("Ana Novak", 1, "anchor.not_final"), ("Bor Kos", 0, "status.revoked")],
)
def test_a_node_without_the_state_of_the_final_block(
    verifier: Verifier, world: World, learner: str, more: int, code: str
) -> None:
    """It is read at the newest block; what is newer than the final one is left out, and revocations are not."""
    head = rpc(world.url, "eth_blockNumber")
    refused: list[str] = []

    def pruned(asked: dict[str, Any], answer: Any) -> Any:
        if asked["method"] in ("eth_call", "eth_getCode") and asked["params"][-1] not in (head, "latest"):
            refused.append(asked["method"])
            return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32000, "message": "missing trie node"}}
        return answer

    depth = _depth_of(world, learner) + more
    assert depth > 0
    verifier.use(_with(world, finality=f"depth:{depth}"))
    _node(verifier, world, world.url, pruned)
    verifier.check(world.file(learner))
    assert code in verifier.codes
    assert refused == ["eth_getCode"]


def test_nodes_that_differ_about_a_final_block_are_not_believed(verifier: Verifier, world: World) -> None:
    other = "http://other.example:8545/"

    def another_history(asked: dict[str, Any], answer: Any) -> Any:
        if asked["method"] == "eth_getBlockByNumber":
            answer["result"]["hash"] = "0x" + "ab" * 32
        return answer

    verifier.use(_with(world, world.url, other))
    _node(verifier, world, other, lambda asked, answer: answer)
    assert "Genuine" in verifier.check(world.file())
    verifier.page.unroute_all()
    _node(verifier, world, other, another_history)
    sentence = verifier.check(world.file())
    assert "the nodes in your list differ about a final block, so none is believed" in sentence
    assert verifier.codes[3:6] == ["anchor.unreachable", "issuer.unreachable", "status.unreachable"]


@pytest.mark.parametrize(
    ("signer", "code"), [(b"\x33" * 32, "holder.ok"), (b"\x44" * 32, "holder.signature")], ids=["owner", "stranger"]
)
def test_a_contract_wallet_answers_on_chain(verifier: Verifier, world: World, signer: bytes, code: str) -> None:
    verifier.ask(AUDIENCE, NONCE)
    verifier.check(world.answered(PrivateKey(signer), learner="Eva Denar"))
    assert verifier.codes[7] == code
    said = "".join(body for _, body in verifier.watched.requests)
    assert "0x1626ba7e" in said and world.file("Eva Denar").subject.holder.hex() in said
