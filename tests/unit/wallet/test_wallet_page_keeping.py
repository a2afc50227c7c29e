"""Making a wallet on its page, backing it up and restoring it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from anchor.keys import Signer
from tests.support.issued import paper_institution
from tests.support.wallet_learner import Learner, made_file, page, upload
from wallet.box import Box

pytestmark = pytest.mark.usefixtures("cheap")


def test_a_backup_without_a_key_says_so(learner: Learner) -> None:
    learner.post("/receive", files=upload(learner.institution.file(0)))
    learner.box.keystore.unlink()
    text = learner.post("/backup", passphrase="four quiet words", again="four quiet words")
    assert "1 credentials, written and read back. This wallet has no key of its own." in text


def test_the_backup_of_the_page_restores_in_a_fresh_box_by_the_page(learner: Learner, tmp_path: Path) -> None:
    learner.post("/receive", files=upload(learner.institution.file(0)))
    text = learner.post("/backup", passphrase="four quiet words", again="four quiet words")
    assert "1 credentials and your keys" in text
    data = learner.client.get(learner.gate.prefix + made_file(text)).data
    assert b"Novak" not in data
    fresh = Learner(*page(tmp_path / "fresh"), Box(tmp_path / "fresh"), learner.signer, learner.institution)
    fresh.enter()
    token = re.search(r'name="csrf_token" value="([^"]+)"', fresh.get("/start"))[1]  # type: ignore[index]

    def restore(content: bytes, passphrase: str) -> TestResponse:
        fields = {"csrf_token": token, "backup": upload(content, "b"), "passphrase": passphrase}
        return fresh.client.post(f"{fresh.gate.prefix}/restore", data=fields, follow_redirects=True)

    for content, passphrase, said in (
        (data, "another", "passphrase is another one"),
        (data[:-900], "four quiet words", "only a part of one"),
        (b"{}", "four quiet words", "no backup"),
        (b'{"data":"","format":"rootseal/backup/2"}', "x", "newer version"),
    ):
        answer = restore(content, passphrase)
        assert answer.status_code == 422 and said in answer.text
        assert not (tmp_path / "fresh").exists()
    assert "Restored: 1 credentials" in restore(data, "four quiet words").text
    for path in learner.box.directory.rglob("*.json"):
        assert (tmp_path / "fresh" / path.relative_to(learner.box.directory)).read_bytes() == path.read_bytes()
    assert "holds a wallet already" in restore(data, "four quiet words").text


def test_passphrases_typed_differently_or_too_short_are_refused(learner: Learner) -> None:
    assert "typed differently" in learner.post("/backup", 422, passphrase="four quiet words", again="four")
    assert "at least 8" in learner.post("/backup", 422, passphrase="four", again="four")


def test_a_new_wallet_with_words_asks_two_of_them_back(tmp_path: Path) -> None:
    learner = Learner(*page(tmp_path / "new"), Box(tmp_path / "new"), Signer(b"\x01" * 32), paper_institution())
    learner.enter()
    token = re.search(r'name="csrf_token" value="([^"]+)"', learner.get("/start"))[1]  # type: ignore[index]
    fields = {"csrf_token": token, "kind": "words", "passphrase": "four quiet words", "again": "four quiet words"}
    shown = learner.client.post(f"{learner.gate.prefix}/new", data=fields, follow_redirects=True)
    words = re.findall(r"<li>([a-z]+)</li>", shown.text)
    assert len(words) == 24
    name = shown.request.path.rsplit("/", 1)[1]
    asked = learner.get(f"/words/{name}/check")
    places = [int(place) for place in re.findall(r'id="word-(\d+)"', asked)]
    wrong = {"csrf_token": token, **{f"word-{place}": "zoo" for place in places}}
    assert learner.client.post(f"{learner.gate.prefix}/words/{name}/check", data=wrong).status_code == 422
    assert not learner.box.keystore.exists()
    right = {"csrf_token": token, **{f"word-{place}": words[place - 1].upper() for place in places}}
    done = learner.client.post(f"{learner.gate.prefix}/words/{name}/check", data=right, follow_redirects=True)
    assert "Your wallet is ready" in done.text
    assert learner.get(f"/words/{name}", 404)  # shown once
    text = learner.post("/addresses", issuer="Example <b>University</b>")
    assert len(set(re.findall(r"0x[0-9a-fA-F]{40}", text))) == 2 and "&lt;b&gt;" in text
