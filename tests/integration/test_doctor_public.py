"""`rootseal doctor` asks the endpoints that visitors of `/verify` are shown, as their browsers will."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anchor.web3_chain import open_chain
from node.config import read_config, write_config
from node.doctor import diagnose
from node.doctor_result import Result
from tests.support.devchain import ChainProcess, running_chain
from tests.support.program import Program
from tests.support.public_endpoint import PublicEndpoint
from tests.unit.node.nodes import make_registered

SITE = "https://registrar.example"


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain"), state=False) as process:
        yield process


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, chain: ChainProcess) -> Path:
    directory = tmp_path_factory.mktemp("college") / "node"
    make_registered(directory, open_chain(chain.url))
    for path in (directory, *directory.iterdir()):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return directory


@pytest.fixture
def endpoint(chain: ChainProcess) -> Iterator[PublicEndpoint]:
    with PublicEndpoint(chain.url) as started:
        started.allow("*")
        yield started


def found(node: Path, chain: ChainProcess, *urls: str, site: str | None = SITE) -> list[Result]:
    """What the doctor says of them; nothing that it says may quote more of an address than host and port."""
    config = replace(read_config(node), chain_urls=(chain.url,), public_chain_urls=urls, public_url=site)
    write_config(node, config)
    results = [result for result in diagnose(node).results if result.check == "public endpoint"]
    assert "secret-key" not in str(results)
    assert all(result.way_out for result in results if result.outcome != "ok")
    return results


def test_one_that_lets_every_page_ask_is_well(node: Path, chain: ChainProcess, endpoint: PublicEndpoint) -> None:
    (result,) = found(node, chain, endpoint.url)
    assert result.outcome == "ok"
    assert result.sentence == f"{endpoint.host} answers as pinned, and pages of {SITE} may ask it"
    assert set(endpoint.origins) == {None, SITE}
    endpoint.allow(SITE)
    assert found(node, chain, endpoint.url)[0].outcome == "ok"


def test_none_is_no_fault(node: Path, chain: ChainProcess) -> None:
    (result,) = found(node, chain)
    assert (result.outcome, "public_chain_urls is not set" in result.sentence) == ("ok", True)


def test_the_development_chain_answers_pages_of_this_machine_only(node: Path, chain: ChainProcess) -> None:
    (result,) = found(node, chain, chain.url, site=None)
    assert (result.outcome, "pages of this machine may ask it" in result.sentence) == ("ok", True)
    (result,) = found(node, chain, chain.url)
    assert (result.outcome, f"from pages of {SITE}" in result.sentence) == ("unknown", True)


ORIGIN = ("Access-Control-Allow-Origin", "*")
NAMED = ("Access-Control-Allow-Headers", "content-type")


@pytest.mark.parametrize(
    ("headers", "preflight", "status", "words"),
    [
        ((), (ORIGIN, NAMED), 204, "the question (POST) has no Access-Control-Allow-Origin"),
        ((ORIGIN,), (NAMED,), 204, "the preflight (OPTIONS) has no Access-Control-Allow-Origin"),
        ((("Access-Control-Allow-Origin", "https://a.example"),), (ORIGIN, NAMED), 204, "(POST) has another"),
        ((ORIGIN, ORIGIN), (ORIGIN, NAMED), 204, "(POST) has Access-Control-Allow-Origin more than once"),
        ((ORIGIN,), (ORIGIN, NAMED), 405, "answers the preflight (OPTIONS) with status 405"),
        ((ORIGIN,), (ORIGIN,), 204, "does not name content-type in Access-Control-Allow-Headers"),
        ((ORIGIN,), (ORIGIN, ("Access-Control-Allow-Headers", "X-Key")), 204, "does not name content-type"),
    ],
)
def test_what_a_browser_would_be_refused_is_a_warning(
    node: Path,
    chain: ChainProcess,
    endpoint: PublicEndpoint,
    headers: tuple[tuple[str, str], ...],
    preflight: tuple[tuple[str, str], ...],
    status: int,
    words: str,
) -> None:
    endpoint.headers, endpoint.preflight, endpoint.status = headers, preflight, status
    (result,) = found(node, chain, endpoint.url)
    assert result.outcome == "unknown"
    assert words in result.sentence
    assert result.sentence.startswith(f"{endpoint.host} answers as pinned, but browsers will keep its answers from")


def test_a_detour_is_not_followed(node: Path, chain: ChainProcess, endpoint: PublicEndpoint) -> None:
    with PublicEndpoint(chain.url) as elsewhere:
        elsewhere.allow("*")
        endpoint.redirect = elsewhere.url
        assert found(node, chain, endpoint.url)[0].outcome == "unknown"
        assert elsewhere.origins == []


@pytest.mark.parametrize(
    ("method", "result", "words"),
    [
        ("eth_chainId", "0x1", "the chain id should be 31338 but is 1"),
        ("eth_getCode", "0x60", "the contract's code hash should be"),
        ("eth_getCode", "0x", "an address without code"),
    ],
)
def test_another_chain_or_ledger_is_a_problem(
    node: Path, chain: ChainProcess, endpoint: PublicEndpoint, method: str, result: str, words: str
) -> None:
    endpoint.results[method] = result
    (found_one,) = found(node, chain, endpoint.url)
    assert (found_one.outcome, words in found_one.sentence) == ("problem", True), found_one.sentence
    assert "take it out of public_chain_urls" in str(found_one.way_out)


def test_another_genesis_is_a_problem(node: Path, chain: ChainProcess, endpoint: PublicEndpoint) -> None:
    endpoint.results["eth_getBlockByNumber"] = chain.rpc("eth_getBlockByNumber", "0x0", False) | {
        "hash": "0x" + "1" * 64
    }
    (result,) = found(node, chain, endpoint.url)
    assert (result.outcome, "the genesis hash should be" in result.sentence) == ("problem", True)


def test_each_is_asked_by_itself_and_one_that_is_down_is_a_problem(
    node: Path, chain: ChainProcess, endpoint: PublicEndpoint
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    down, second = f"http://127.0.0.1:{port}/secret-key", f"http://{endpoint.host}/v2/another-secret-key"
    results = found(node, chain, down, endpoint.url, second)
    assert [result.outcome for result in results] == ["problem", "ok", "ok"]
    assert results[0].sentence.startswith(f"127.0.0.1:{port} does not answer")
    assert results[2].sentence.startswith(f"{endpoint.host} (3) answers")


def test_one_that_keeps_silent_is_not_waited_for(
    node: Path, chain: ChainProcess, endpoint: PublicEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.doctor_public._TIMEOUT", 0.2)
    endpoint.seconds = 3.0
    began = time.monotonic()
    (result,) = found(node, chain, endpoint.url)
    assert (result.outcome, "there was no answer in time" in result.sentence) == ("problem", True)
    assert time.monotonic() - began < 2.5


def test_the_command_ends_with_the_code_of_the_worst(
    node: Path, chain: ChainProcess, endpoint: PublicEndpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    program = Program(capsys)
    found(node, chain, endpoint.url, site=None)
    endpoint.headers = ()
    assert program("doctor", node).code == 3
    endpoint.allow("*")
    well = program("doctor", node, "--json")
    assert (well.code, json.loads(well.out)["exit"]) == (0, 0), well.out
    endpoint.results["eth_chainId"] = "0x1"
    shown = program("doctor", node)
    assert shown.code == 1
    assert f"PROBLEM    public endpoint: {endpoint.host}: wrong chain" in shown.out
    assert "secret-key" not in shown.out
