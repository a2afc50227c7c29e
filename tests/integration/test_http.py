"""The public pages over a node on the fake chain: what they serve, what they refuse, and in what shape."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from anchor.chain import ChainUnavailable
from anchor.ledger import call_data
from node.app import create_app
from node.config import read_config, write_config
from node.health import Health
from node.log_key import verify_ed25519
from node.publishing import LogPublisher
from node.services import Services
from rootseal.anchoring import Proofs
from rootseal.canonical import loads
from rootseal.errors import StoreError
from rootseal.merkle import leaf_hash, root_from_inclusion, root_of
from rootseal.tlog import LogCheckpoint, open_note, parse_bundle
from tests.support.fake_chain import FakeChain
from tests.unit.node.nodes import Clock, make_node, open_node, roster


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


@pytest.fixture
def services(tmp_path: Path, chain: FakeChain) -> Iterator[Services]:
    make_node(tmp_path / "node", chain)
    config = replace(read_config(tmp_path / "node"), public_url="https://registrar.example")
    write_config(tmp_path / "node", config)
    with open_node(tmp_path / "node", chain, Clock()) as opened:
        document = sha256(opened.issuer_document()).digest()
        data = call_data("setDocument", config.home.issuer, document)
        chain.send_unlocked(chain.unlocked[0], config.home.ledger, data, 0, 1_000_000)
        opened.issue(roster(5), "list.csv")
        opened.seal()
        opened.anchor()
        opened.issue(roster(1, first=5), "more.csv")
        yield opened


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services).test_client()


def commitment(services: Services, index: int | None) -> bytes:
    entries = services.store.entries.numbered(0, 100)
    return next(entry.commitment for entry in entries if entry.index == index)


def test_a_final_credential_has_its_proofs(client: FlaskClient, services: Services) -> None:
    wanted = commitment(services, 3)
    answer = client.get(f"/v1/proofs/{wanted.hex()}")
    assert answer.status_code == 200
    value = loads(answer.data)
    assert isinstance(value, dict)
    assert value["format"] == "rootseal/proof/1"
    proofs = Proofs.from_json(value, "proof")
    anchor = proofs.anchors[0]
    assert root_from_inclusion(proofs.index, anchor.size, leaf_hash(wanted), anchor.path) == anchor.root


def test_an_unchanged_answer_is_304(client: FlaskClient, services: Services) -> None:
    address = f"/v1/proofs/{commitment(services, 0).hex()}"
    etag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304


def test_a_waiting_credential_is_202_with_a_time_to_ask_again(client: FlaskClient, services: Services) -> None:
    answer = client.get(f"/v1/proofs/{commitment(services, None).hex()}")
    assert answer.status_code == 202
    assert int(answer.headers["Retry-After"]) > 0


def test_checkpoints_are_paged(client: FlaskClient, services: Services) -> None:
    services.seal()
    first = client.get("/v1/checkpoints?count=1").json
    assert first is not None
    assert [row["size"] for row in first["checkpoints"]] == [5]
    second = client.get(f"/v1/checkpoints?count=1&after={first['next']}").json
    assert second is not None
    assert [row["size"] for row in second["checkpoints"]] == [6]
    third = client.get("/v1/checkpoints?after=6").json
    assert third is not None
    assert third["checkpoints"] == []
    assert third["next"] is None


def test_the_issuer_document_is_the_registered_bytes(client: FlaskClient, services: Services) -> None:
    registered = services.connection.ledger.documents(services.home.issuer)[-1].document_hash
    assert sha256(client.get("/v1/issuer").data).digest() == registered


def test_the_status_map_shows_a_revocation(client: FlaskClient, services: Services, chain: FakeChain) -> None:
    entry = next(entry for entry in services.store.entries.numbered(0, 100) if entry.index == 2)
    services.revoke([entry.id])
    services.anchor()
    answer = client.get("/v1/status").json
    assert answer is not None
    assert answer["size"] == 5
    assert int(answer["revoked"][0], 16) == 1 << 2
    assert int(answer["suspended"][0], 16) == 0
    assert answer["block"]["number"] <= chain.block("latest").number  # type: ignore[union-attr]


def test_the_log_proves_itself(client: FlaskClient, services: Services) -> None:
    publisher = LogPublisher(services)
    note = client.get("/log/checkpoint")
    assert note.content_type == "text/plain; charset=utf-8"
    checkpoint = LogCheckpoint.from_text(open_note(note.data, publisher.key, verify_ed25519))
    bundle = client.get(f"/log/tile/entries/000.p/{checkpoint.size}")
    assert "immutable" in bundle.headers["Cache-Control"]
    entries = parse_bundle(bundle.data, checkpoint.size)
    leaves = [leaf_hash(entry) for entry in entries]
    assert root_of(leaves) == checkpoint.root
    assert client.get(f"/log/tile/0/000.p/{checkpoint.size}").data == b"".join(leaves)
    assert client.get("/log/tile/0/000.p/2").data == b"".join(leaves[:2])


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/v1/proofs/" + "0" * 64, 404),
        ("/v1/proofs/" + "A" * 64, 400),
        ("/v1/proofs/00", 400),
        ("/v1/checkpoints?count=0", 400),
        ("/v1/checkpoints?count=1001", 400),
        ("/v1/checkpoints?after=-1", 400),
        ("/v1/checkpoints?after=1.0", 400),
        ("/v1/checkpoints?after=%F0%9D%9F%8F", 400),
        ("/log/tile/0/000.p/6", 404),
        ("/log/tile/0/000", 404),
        ("/log/tile/0/x000/001", 404),
        ("/log/tile/entries/000.p/999", 404),
        ("/log/tile/../../etc/passwd", 400),
        ("/log/tile/9/000", 400),
        ("/nothing", 404),
        ("/", 404),
    ],
)
def test_refusals_have_one_shape(client: FlaskClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert_problem(answer, status)


def assert_problem(answer: Any, status: int) -> None:
    assert answer.content_type == "application/problem+json"
    value = json.loads(answer.data)
    assert value["status"] == status
    assert {"type", "title", "status", "detail"} <= set(value)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(client: FlaskClient, method: str) -> None:
    answer = client.open("/v1/issuer", method=method)
    assert_problem(answer, 405)
    assert "GET" in answer.headers["Allow"]


def test_a_large_body_is_refused(client: FlaskClient) -> None:
    assert_problem(client.get("/v1/issuer", data=b"x" * 20_000), 413)


def test_a_bug_tells_nothing_of_its_inside(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(Services):
        def checkpoints(self, after: int = 0, count: int = 100) -> Any:
            raise ZeroDivisionError("learner 07784483")

    broken = Broken(services.directory, services.config, services.store)
    answer = create_app(broken).test_client().get("/v1/checkpoints")
    assert_problem(answer, 500)
    assert b"07784483" not in answer.data
    assert "07784483" not in capsys.readouterr().err


def test_a_damaged_store_is_500_in_the_same_shape(services: Services) -> None:
    class Damaged(Services):
        def checkpoints(self, after: int = 0, count: int = 100) -> Any:
            raise StoreError("the file is damaged")

    damaged = Damaged(services.directory, services.config, services.store)
    assert_problem(create_app(damaged).test_client().get("/v1/checkpoints"), 500)


def test_a_silent_chain_is_503_and_only_for_what_needs_it(
    client: FlaskClient, services: Services, chain: FakeChain
) -> None:
    chain.fail("block", ChainUnavailable("eth_getBlockByNumber", "https://rpc.example/secret does not answer"))
    answer = client.get("/v1/status")
    assert_problem(answer, 503)
    assert "Retry-After" in answer.headers
    assert b"secret" not in answer.data
    assert client.get("/v1/issuer").status_code == 200


def test_readyz_follows_the_work(services: Services) -> None:
    health = Health(working=True)
    client = create_app(services, health).test_client()
    health.update(worked_at=0.0)
    assert_problem(client.get("/readyz"), 503)
    assert client.get("/healthz").status_code == 200
    health.update(worked_at=time.time())
    assert client.get("/readyz").status_code == 200


def test_metrics_count_and_name_nobody(services: Services) -> None:
    text = create_app(services, Health(working=True)).test_client().get("/metrics").text
    assert 'rootseal_entries{state="sealed"} 5.0' in text
    assert 'rootseal_entries{state="accepted"} 1.0' in text
    assert "rootseal_anchored_size 5.0" in text
    assert "example.edu" not in text


def test_the_did_document_names_the_log_key(client: FlaskClient, services: Services) -> None:
    value = client.get("/.well-known/did.json").json
    assert value is not None
    assert value["id"] == "did:web:registrar.example"
    assert value["verificationMethod"][0]["publicKeyJwk"]["crv"] == "Ed25519"


def test_every_answer_has_the_security_headers(client: FlaskClient) -> None:
    for address in ("/v1/issuer", "/nothing", "/healthz", "/log/checkpoint"):
        headers = client.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_the_log_of_requests_names_routes_and_not_credentials(
    client: FlaskClient, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = commitment(services, 0).hex()
    client.get(f"/v1/proofs/{wanted}")
    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert line["route"] == "/v1/proofs/<commitment>"
    assert wanted not in json.dumps(line)


def test_the_openapi_document_covers_every_route_and_its_refusals(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    assert document is not None
    assert document["openapi"] == "3.1.0"
    # Pages for people are no interface for programs.
    pages = {"anchors", "console", "verify_page"}
    every = client.application.url_map.iter_rules()
    rules = {rule.rule for rule in every if rule.endpoint.partition(".")[0] not in pages} - {"/openapi.json"}
    described = {
        path.replace("{", "<").replace("}", ">").replace("<resource", "<path:resource") for path in document["paths"]
    }
    assert described == rules
    for path in document["paths"].values():
        for operation in path.values():
            assert {"400", "404", "405", "429", "500"} <= set(operation["responses"])
            assert any(status.startswith("2") for status in operation["responses"])


def test_publishing_is_resumed_and_refuses_another_log(services: Services, tmp_path: Path) -> None:
    publisher, out = LogPublisher(services), tmp_path / "log"
    out.mkdir()
    assert publisher.write(out).size == 5
    services.seal()
    again = LogPublisher(services).write(out)
    assert (again.before, again.size) == (5, 6)
    assert (out / "tile/entries/000.p/6").stat().st_size == 6 * 34
    other = tmp_path / "other"
    chain = FakeChain()
    make_node(other, chain)
    with open_node(other, chain) as stranger:
        stranger.issue(roster(2), "list.csv")
        stranger.seal()
        with pytest.raises(Exception, match="signed"):
            LogPublisher(stranger).write(out)
