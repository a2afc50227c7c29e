"""Claim links: one opening, one learner, no secret at rest, and nothing lost when a download breaks off."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from flask.testing import FlaskClient

from node.app import create_app
from node.delivery.claim_page import claim_page
from node.delivery.links import RESUME_SECONDS, ClaimLinkService, NewLink, decode_secret
from node.delivery.mailing import Mailer, MailRequest
from node.services import Services
from rootseal.errors import ConfigError, ConflictError, InputError
from rootseal.files import CredentialFile
from tests.support.mail_server import mail_server
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster

BASE = "https://uni.example"


def key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()


def links(node: Node, base: str | None = BASE) -> ClaimLinkService:
    exporter = node.services.exporter
    return ClaimLinkService(node.services.store, base, lambda entry: exporter.credential_file(entry).to_bytes())


def sealed(node: Node, count: int = 1) -> list[str]:
    issued = node.services.issue(roster(count), "r.csv").issued
    node.services.seal()
    return [row.id for row in issued]


@pytest.fixture
def client(node: Node) -> Iterator[FlaskClient]:
    config = replace(node.services.config, public_url=BASE)
    services = Services(
        node.directory, config, node.services.store, chain=node.chain, clock=node.clock, sleep=node.clock.sleep
    )
    yield create_app(services).test_client()


def post(client: FlaskClient, link: NewLink | str, resume: str, **headers: str) -> Any:
    text = link if isinstance(link, str) else link.url.partition("#")[2]
    return client.post("/v1/claims", json={"secret": text, "resume": resume}, headers=headers)


def test_a_link_gives_its_credential_once(node: Node, client: FlaskClient) -> None:
    entry = sealed(node)[0]
    link = links(node).make(entry, node.services.now, 7)
    assert link.url.startswith(f"{BASE}/claim#")
    answer = post(client, link, key())
    assert answer.status_code == 200
    assert CredentialFile.from_bytes(answer.data).credential["id"] == entry
    assert answer.headers["Cache-Control"] == "no-store"
    assert f'filename="{entry.removeprefix("urn:uuid:")}.credential.json"' in answer.headers["Content-Disposition"]
    assert "Access-Control-Allow-Origin" not in answer.headers
    used = post(client, link, key())
    assert (used.status_code, used.json["code"]) == (410, "claim.used")
    assert "new link" in used.json["detail"]


def test_the_same_key_fetches_again_for_ten_minutes_and_no_longer(node: Node, client: FlaskClient) -> None:
    link, resume = links(node).make(sealed(node)[0], node.services.now, 7), key()
    first = post(client, link, resume)
    node.clock.now += RESUME_SECONDS
    assert post(client, link, resume).data == first.data
    node.clock.now += 1
    assert post(client, link, resume).json["code"] == "claim.used"


def test_unknown_expired_and_misshapen(node: Node, client: FlaskClient) -> None:
    link = links(node).make(sealed(node)[0], node.services.now, 1)
    assert post(client, base64.urlsafe_b64encode(bytes(32)).rstrip(b"=").decode(), key()).status_code == 404
    node.clock.now += 86_400
    assert post(client, link, key()).json["code"] == "claim.expired"
    for body in ({}, {"secret": "x", "resume": key()}, {"secret": "A" * 43, "resume": key(), "more": 1}):
        answer = client.post("/v1/claims", json=body)
        assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
    assert client.post("/v1/claims", data="secret=x").status_code == 415


def test_revoked_and_erased_ones_are_not_handed_out(node: Node, client: FlaskClient) -> None:
    ids = sealed(node, 2)
    made = [links(node).make(entry, node.services.now, 7) for entry in ids]
    assert node.services.anchor().reached
    node.services.revoke([ids[0]])
    with node.services.store.writing():
        node.services.store.erasures.erase(node.services.entry(ids[1]), node.services.now)
    assert [post(client, link, key()).json["code"] for link in made] == ["claim.gone", "claim.gone"]
    with pytest.raises(ConflictError, match="revoked"):
        links(node).make(ids[0], node.services.now, 7)
    with pytest.raises(InputError, match="was erased"):
        links(node).make(ids[1], node.services.now, 7)


def test_a_new_link_ends_the_older_ones_that_nobody_opened(node: Node, client: FlaskClient) -> None:
    entry = sealed(node)[0]
    old, resume = links(node).make(entry, node.services.now, 7), key()
    new = links(node).make(entry, node.services.now, 7)
    assert (old.ended, new.ended) == (0, 1)
    assert post(client, old, key()).json["code"] == "claim.expired"
    assert post(client, new, resume).status_code == 200
    third = links(node).make(entry, node.services.now, 7)
    assert third.ended == 0
    assert post(client, new, resume).status_code == 200
    assert post(client, third, key()).status_code == 200


def test_at_rest_is_only_a_hash_and_the_address_says_nothing(node: Node) -> None:
    entry = sealed(node)[0]
    link = links(node).make(entry, node.services.now, 7)
    text = link.url.partition("#")[2]
    secret = decode_secret(text, 32)
    assert secret is not None
    rows = node.services.store._database.rows("SELECT * FROM claim_links")
    assert rows[0][0] == sha256(secret).digest()
    stored = b"".join(path.read_bytes() for path in node.directory.glob("node.sqlite*"))
    assert secret not in stored
    assert text.encode() not in stored
    assert entry.removeprefix("urn:uuid:") not in link.url
    assert "00000000" not in link.url.partition("#")[0]


def test_only_sealed_ones_and_only_with_a_public_address(node: Node) -> None:
    accepted = node.services.issue(roster(1), "r.csv").issued[0].id
    with pytest.raises(ConflictError, match="seal first"):
        links(node).make(accepted, node.services.now, 7)
    node.services.seal()
    with pytest.raises(ConfigError, match="public_url"):
        links(node, None).make(accepted, node.services.now, 7)


def test_a_failing_file_does_not_use_the_link_up(node: Node, client: FlaskClient, monkeypatch: Any) -> None:
    link = links(node).make(sealed(node)[0], node.services.now, 7)
    with monkeypatch.context() as patch:
        patch.setattr("node.exporting.Exporter.credential_file", lambda self, entry: 1 / 0)
        assert post(client, link, key()).status_code == 500
    assert post(client, link, key()).status_code == 200


def test_neither_log_nor_answer_repeats_the_secret(
    node: Node, client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    link = links(node).make(sealed(node)[0], node.services.now, 7)
    text = link.url.partition("#")[2]
    answers = [post(client, link, key()), post(client, link, key()), post(client, "!" + text[1:], key())]
    assert text not in "".join(answer.text for answer in answers)
    assert text not in capsys.readouterr().err


@pytest.mark.parametrize("path", ["/claim", "/claim.js", "/claim.css"])
def test_the_page_comes_whole_from_here_and_runs_nothing_else(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    if path == "/claim":
        assert "<script>" not in answer.text
        assert "style=" not in answer.text


def test_the_page_speaks_three_languages_and_escapes_the_institution() -> None:
    pages = [claim_page(language, '<b>"Uni"') for language in ("en", "de", "sl")]
    assert len(set(pages)) == 3
    assert all("&lt;b&gt;&quot;Uni&quot;" in page and "<b>" not in page and "$" not in page for page in pages)
    names = [sorted(word.partition("=")[0] for word in page.split() if word.startswith("data-")) for page in pages]
    assert names[0] == names[1] == names[2]


def test_mail_brings_a_link_that_works_and_a_refused_one_leaves_none(node: Node, client: FlaskClient) -> None:
    sealed(node, 2)
    assert node.services.anchor().reached
    with mail_server() as server:
        server.replies["l1@example.edu"] = "550 no"
        config = replace(
            node.services.config,
            smtp_url=f"smtp://127.0.0.1:{server.port}",
            mail_from="r@uni.example",
            mail_carries="link",
            public_url=BASE,
        )
        services = node.services
        mailer = Mailer(node.directory, config, services.store, services.exporter, lambda: services.now)
        outcome = mailer.deliver(MailRequest())
    assert (outcome.handed_over, outcome.refused) == (1, 1)
    body = server.taken[0].message.get_body()
    assert body is not None
    text = next(word for word in body.get_content().split() if word.startswith(f"{BASE}/claim#"))
    assert not list(server.taken[0].message.iter_attachments())
    answer = post(client, text.partition("#")[2], key())
    assert json.loads(answer.data)["credential"]["id"] == node.services.store.entries.numbered(0, 1)[0].id
    assert len(node.services.store._database.rows("SELECT 1 FROM claim_links")) == 1


@pytest.mark.parametrize("text", ["A" * 42 + "B", "A" * 44, "", "Ä" * 43, "A" * 42 + "="])
def test_a_secret_has_one_spelling(text: str) -> None:
    assert decode_secret(text, 32) is None
