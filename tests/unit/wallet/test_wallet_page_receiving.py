"""Receiving on the wallet's page: what is kept, what is refused and why, and names that are hostile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rootseal.languages import say
from tests.support.issued import paper_institution
from tests.support.wallet_learner import Learner, commitment, upload

HOSTILE = "<script>alert(1)</script> \u202egnp.exe " + "A" * 10_000


def test_received_it_can_be_read_in_plain_words(learner: Learner) -> None:
    text = learner.post("/receive", files=upload(learner.institution.file(0)))
    assert "It proves itself" in text and "Ana Novak" in text and "Learning outcome 1" in text
    assert "Published: it carries its proof." in text
    assert "Ana Novak" not in learner.get("/")  # the list says no more than it must
    assert len(learner.box.credentials()) == 1
    assert "nothing was changed" in learner.post("/receive", files=upload(learner.institution.file(0)))


def test_what_is_refused_changes_nothing_and_says_why(learner: Learner) -> None:
    learner.post("/receive", files=upload(learner.institution.file(0)))
    before = {path: path.read_bytes() for path in learner.box.directory.rglob("*") if path.is_file()}
    forged = learner.institution.file(1)
    forged = replace(forged, credential={**forged.credential, "name": "Doctor of Everything"})
    whole = learner.institution.file(1).to_bytes()
    for content in (b"", b"{}", b"\xff\xfe", whole[: len(whole) // 2], forged.to_bytes(), b"[" * 100_000):
        text = learner.post("/receive", files=upload(content, "<b>evil\u202e.json"))
        assert "Refused. Nothing was changed." in text and "<b>" not in text and "\u202e" not in text
    assert "larger" in learner.upload_large(2 << 20).text
    assert {path: path.read_bytes() for path in learner.box.directory.rglob("*") if path.is_file()} == before


def test_an_oversized_upload_is_told_and_not_kept(learner: Learner) -> None:
    answer = learner.upload_large(33 << 20)
    assert answer.status_code == 413 and "too large" in answer.text


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("https://registrar.example/other#abc", "must look like"),
        ("http://registrar.example/claim#abc", "https"),
        ("javascript:alert(1)", "must look like"),
        ("https://registrar.example/claim#abc", "The link: is incomplete: 43 characters must stand after the #."),
        (f"http://127.0.0.1:9/claim#abc{'A' * 39}", "is incomplete"),
        (f"http://127.0.0.1:9/claim#abc{'A' * 41}", "is incomplete"),
        (f"http://127.0.0.1:9/claim#abc{'.' * 40}", "is incomplete"),
        (f"http://127.0.0.1:9/claim#abc{'A' * 40}", "could not be reached"),
    ],
)
def test_a_stale_or_strange_link_is_told_without_its_secret(learner: Learner, link: str, said: str) -> None:
    client = learner.client
    answer = client.post(f"{learner.gate.prefix}/receive", data={"csrf_token": learner.token(), "link": link})
    assert said in answer.text and "#abc" not in answer.text
    assert learner.box.credentials() == ()


@pytest.mark.parametrize("language", ["en", "de", "sl"])
def test_why_a_file_was_refused_is_told_in_the_pages_language(learner: Learner, language: str) -> None:
    file = learner.institution.file(0)
    forged = replace(file, credential={**file.credential, "name": "Doctor of Everything"})
    learner.get(f"/?language={language}")
    assert say("inclusion.mismatch", {}, language) in learner.post("/receive", files=upload(forged))


@pytest.mark.parametrize(("language", "said"), [("de", "Der Link: ist unvollständig"), ("sl", "Povezava: ni popolna")])
def test_a_link_that_was_cut_short_is_told_in_the_pages_language(learner: Learner, language: str, said: str) -> None:
    learner.get(f"/?language={language}")
    assert said in learner.post("/receive", 422, link="https://registrar.example/claim#abc")


def test_hostile_names_are_shown_harmless_everywhere(learner: Learner) -> None:
    institution = paper_institution(("Ana Novak",), learner.signer.address, publish=False)
    file = institution.sealed[0]
    subject = file.credential["credentialSubject"]
    achievement = {**subject["achievement"], "name": HOSTILE, "description": HOSTILE}  # type: ignore[dict-item,call-overload,index]
    credential = {**file.credential, "name": HOSTILE, "credentialSubject": {**subject, "achievement": achievement}}  # type: ignore[dict-item]
    institution.sealed.clear()
    institution.waiting.append(replace(file, credential=credential))
    institution.tree = type(institution.tree)()
    institution.seal(1_790_820_000)
    text = learner.post("/receive", files=upload(institution.sealed[0].to_bytes()))
    mine = commitment(institution.sealed[0])
    pages = [text, learner.get("/"), learner.get(f"/present?id={mine}&preset=all")]
    pages.append(learner.post("/preview", id=mine, show=[f"{mine}:description", f"{mine}:title"]))
    for shown in pages:
        assert "<script>alert" not in shown and "&lt;script&gt;" in shown
        assert "\u202e" not in shown
