"""Files behind links: locked before they leave the wallet, bounded, gone at their end."""

from __future__ import annotations

import base64
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from werkzeug.serving import make_server

from node.app import create_app
from node.config import read_config, write_config
from node.sharing import keeping, routes
from node.sharing.keeping import MAX_ONE, Full, SharedFiles
from node.sharing.wording import SHARED_TEXTS
from rootseal.errors import InputError, UndeterminedError, VerificationError
from rootseal.languages import LANGUAGES
from tests.support.serving import serving
from tests.unit.node.nodes import Clock, make_node, open_node
from wallet.sharing import MAX_SHARED_BYTES, share

BINARY = {"Content-Type": "application/octet-stream"}
DAY = 86_400


@dataclass
class Sharing:
    url: str
    folder: Path
    clock: Clock


def serve(directory: Path, clock: Clock, *, on: bool = True) -> Iterator[Sharing]:
    chain = make_node(directory)
    write_config(directory, replace(read_config(directory), share_links=on))
    with open_node(directory, chain, clock) as services:
        server = make_server("127.0.0.1", 0, create_app(services), threaded=True)
        with serving(server) as url:
            yield Sharing(url, directory / "shared-links", clock)


@pytest.fixture
def sharing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sharing]:
    monkeypatch.setattr(routes, "_PRUNE_SECONDS", 0.0)
    yield from serve(tmp_path / "node", Clock())


def fetch(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_only_the_link_opens_what_the_node_keeps(sharing: Sharing) -> None:
    made = share(b'{"secret":"Ana"}', sharing.url, 3)
    place, _, secret = made.url.partition("#")
    assert place == f"{sharing.url}/shared"
    assert made.expires_at == int(sharing.clock.now) + 3 * DAY
    name, _, key = secret.partition(".")
    status, sealed = fetch(f"{sharing.url}/v1/links/{name}")
    assert status == 200
    assert AESGCM(base64url(key)).decrypt(sealed[:12], sealed[12:], b"rootseal/link/1") == b'{"secret":"Ana"}'
    with pytest.raises(InvalidTag):
        AESGCM(base64url(key)).decrypt(sealed[:12], sealed[12:], b"")
    [kept] = sharing.folder.iterdir()
    assert kept.read_bytes() == sealed
    assert b"Ana" not in sealed
    assert base64url(key) not in sealed
    assert kept.stat().st_mode & 0o777 == 0o600
    assert share(b'{"secret":"Ana"}', sharing.url, 3).url != made.url


def test_at_its_end_it_is_gone_from_the_disk_too(sharing: Sharing) -> None:
    made = share(b"{}", sharing.url, 1)
    address = f"{sharing.url}/v1/links/{made.url.partition('#')[2].partition('.')[0]}"
    sharing.clock.now += DAY - 1
    assert fetch(address)[0] == 200
    sharing.clock.now += 1
    assert fetch(address)[0] == 404
    fetch(f"{sharing.url}/healthz")
    assert list(sharing.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["A" * 22, "..%2f..%2fnode.toml", "x", "A" * 23])
def test_what_is_not_there_is_said(sharing: Sharing, name: str) -> None:
    assert fetch(f"{sharing.url}/v1/links/{name}")[0] in (400, 404)


def test_sizes_and_days_are_bounded(tmp_path: Path) -> None:
    directory = tmp_path / "node"
    chain = make_node(directory)
    write_config(directory, replace(read_config(directory), share_links=True))
    with open_node(directory, chain, Clock()) as services:
        client = create_app(services).test_client()
        assert client.post("/v1/links?days=1", data=b"x" * 27, headers=BINARY).status_code == 422
        assert client.post("/v1/links?days=1", data=b"x" * (MAX_ONE + 1), headers=BINARY).status_code == 413
        assert client.post("/v1/links?days=91", data=b"x" * 30, headers=BINARY).status_code == 400
        assert client.post("/v1/links", data=b"x" * 30, headers=BINARY).status_code == 400
        assert client.post("/v1/links?days=1", data="x" * 30, content_type="text/plain").status_code == 415
        answers = [client.post("/v1/links?days=1", data=b"x" * 30, headers=BINARY).status_code for _ in range(25)]
        assert 201 in answers
        assert answers[-1] == 429


def test_all_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MAX_ALL", 8_000)  # one block of a disk
    kept = SharedFiles(tmp_path / "kept")
    kept.keep(b"x" * 60, 1, 0)
    with pytest.raises(Full):
        kept.keep(b"x" * 60, 1, DAY - 1)
    name, end = kept.keep(b"y" * 60, 1, DAY)  # what has ended makes room
    assert (kept.get(name, end - 1), kept.get(name, end)) == (b"y" * 60, None)


def test_a_node_that_was_not_told_to_keeps_nothing(tmp_path: Path) -> None:
    for off in serve(tmp_path / "node", Clock(), on=False):
        with pytest.raises(VerificationError, match="share_links"):
            share(b"{}", off.url, 1)
        assert fetch(f"{off.url}/shared")[0] == 404
        assert not off.folder.exists()


def test_the_wallet_says_what_does_not_fit(sharing: Sharing) -> None:
    with pytest.raises(InputError, match="fit behind a link"):
        share(b"x" * (MAX_SHARED_BYTES + 1), sharing.url, 1)
    share(b"x" * MAX_SHARED_BYTES, sharing.url, 1)
    for node in ("http://registrar.example", "ftp://x", "https://x/path", "https://[", ""):
        with pytest.raises(InputError):
            share(b"{}", node, 1)
    with pytest.raises(UndeterminedError, match="could not be reached"):
        share(b"{}", "http://127.0.0.1:9", 1)


def test_the_page_keeps_the_end_of_a_link_apart_from_the_credentials() -> None:
    assert {language: set(texts) for language, texts in SHARED_TEXTS.items()} == {
        key: set(SHARED_TEXTS["en"]) for key in LANGUAGES
    }
    assert "says nothing about the credential" in SHARED_TEXTS["en"]["ended"]
