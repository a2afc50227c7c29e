"""`/verify` and `/v1/verify`: judged under the node's own policy, bounded, and forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from werkzeug.test import TestResponse

from anchor.chain import BlockTag, ChainUnavailable
from node.app import create_app
from node.services import Services
from node.verifying import judging
from node.verifying.judging import Judge
from node.verifying.uploads import MAX_FILES
from node.verifying.wording import TEXTS, why_not_asked
from rootseal.canonical import MAX_BYTES
from rootseal.files import CredentialFile
from rootseal.languages import LANGUAGES
from rootseal.presentation import Presentation, present
from tests.support.api_caller import refused
from tests.support.fake_chain import FakeChain
from tests.support.issued import paper_institution
from tests.unit.node.nodes import Clock, make_node, open_node, roster

NOW = 1_700_000_100  # the fake chain's own time
JSON = {"Content-Type": "application/json"}


@dataclass
class Verifying:
    client: FlaskClient
    services: Services
    chain: FakeChain
    ids: tuple[str, ...]

    def file(self, number: int = 0) -> bytes:
        return self.services.credential_file(self.ids[number])

    def page(self, *, text: str = "", lang: str = "en", file: bytes | None = None, **fields: str) -> TestResponse:
        parts = [("text", None, text.encode()), *((name, None, value.encode()) for name, value in fields.items())]
        parts.append(("file", "" if file is None else "a.json", file or b""))
        return self.send(f"/verify/form?lang={lang}", parts)

    def send(self, path: str, parts: Sequence[tuple[str, str | None, bytes]]) -> TestResponse:
        """A form of (field, name of the file, content), as a browser sends it."""
        body = b"".join(
            b'--limit\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
            % (field.encode(), b"" if name is None else b'; filename="%s"' % name.encode(), content)
            for field, name, content in parts
        )
        form = "multipart/form-data; boundary=limit"
        return self.client.post(path, data=body + b"--limit--\r\n", content_type=form)


@pytest.fixture
def verifying(tmp_path: Path) -> Iterator[Verifying]:
    chain = make_node(tmp_path / "node")
    with open_node(tmp_path / "node", chain, Clock(NOW)) as services:
        services.issue(roster(3, date="2023-11-01"), "list.csv")
        services.seal()
        services.anchor()
        ids = tuple(found.id for found in services.issue(roster(3, date="2023-11-01"), "list.csv").already)
        yield Verifying(create_app(services).test_client(), services, chain, ids)


# --- for programs -------------------------------------------------------------------------------------


def test_a_file_has_the_verdict_of_the_library(verifying: Verifying) -> None:
    answer = verifying.client.post("/v1/verify", data=verifying.file(), headers=JSON)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["format"] == "rootseal/verdict/1"
    assert answer.json["overall"] == "verified", answer.json
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_several_files_are_answered_in_their_order(verifying: Verifying) -> None:
    verifying.services.revoke([verifying.ids[1]])
    verifying.services.anchor()
    files = [("file", f"{n}.json", verifying.file(n)) for n in (1, 0)] + [("file", "c", b"{}")]
    answer = verifying.send("/v1/verify?language=de", files)
    assert answer.json is not None
    found = answer.json["verdicts"]
    assert [one["overall"] for one in found] == ["rejected", "verified", "rejected"]
    assert found[0]["credentials"][0]["checks"][5]["code"] == "status.revoked"
    assert "widerrufen" in found[0]["credentials"][0]["checks"][5]["reason"]


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"\xff\xfe", b'{"format":"rootseal/credential/1"}', b"{" * 5000])
def test_whatever_is_sent_has_a_verdict(verifying: Verifying, body: bytes) -> None:
    answer = verifying.client.post("/v1/verify", data=body, headers=JSON)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["credentials"][0]["checks"][0]["code"] == "format.malformed"


def test_what_cannot_be_a_file_is_refused(verifying: Verifying) -> None:
    def post(path: str, data: bytes, media_type: str = "application/json") -> TestResponse:
        return verifying.client.post(f"/v1/verify{path}", data=data, headers={"Content-Type": media_type})

    large, malformed = (413, "request.too_large"), (400, "request.malformed")
    for answer, expected in [
        (post("", b" " * (MAX_BYTES + 1)), large),
        (verifying.send("/v1/verify", [("file", "x", b" " * (MAX_BYTES + 1))]), large),
        (verifying.send("/v1/verify", [("file", "x", b"{}")] * (MAX_FILES + 1)), malformed),
        (verifying.send("/v1/verify", [("other", "x", b"{}")]), malformed),
        (post("", b"--x", "multipart/form-data; boundary=y"), malformed),
        (post("?at=2026-01-01", verifying.file()), (400, "request.invalid")),
        (post("", b"x", "text/plain"), (415, "request.media_type")),
        (post("?audience=a", verifying.file()), (422, "request.refused")),
    ]:
        assert refused(answer, expected[0])["code"] == expected[1], answer.text
    assert verifying.client.get("/v1/verify").status_code == 405


@pytest.mark.parametrize(
    ("kind", "body", "way_out"),
    [
        ("pdf", b"%PDF-1.7 rest", "Take the attachment whose name ends in .json"),
        ("picture", b"\x89PNG\r\n\x1a\n", "Read the QR codes in it"),
        ("picture", b"\xff\xd8\xff\xe0", "Read the QR codes in it"),
        ("zip", b"PK\x03\x04", "Unpack it and send the files in it"),
    ],
)
def test_what_only_carries_a_file_has_a_way_out_and_no_verdict(
    verifying: Verifying, kind: str, body: bytes, way_out: str
) -> None:
    alone = verifying.client.post("/v1/verify", data=body, headers=JSON)
    several = verifying.send("/v1/verify", [("file", "a.json", verifying.file()), ("file", "b", body)])
    for answer, which in ((alone, "The body is a "), (several, "File 2 of the form is a ")):
        value = refused(answer, 415)
        assert value["code"] == f"verify.{kind}" and "overall" not in value
        assert value["detail"].startswith(which) and way_out in value["detail"]


def test_who_asked_a_question_gets_no_verified_without_an_answer(verifying: Verifying) -> None:
    answer = verifying.client.post("/v1/verify?audience=Example&nonce=8c1f", data=verifying.file(), headers=JSON)
    assert answer.json is not None
    assert answer.json["overall"] == "undetermined"


def test_another_issuers_file_is_never_asked_about(verifying: Verifying, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> object:
        raise AssertionError("asked")

    monkeypatch.setattr(verifying.chain, "call", asked)
    answer = verifying.client.post("/v1/verify", data=paper_institution().file(0).to_bytes(), headers=JSON)
    assert answer.json is not None
    assert answer.json["overall"] != "verified"
    assert why_not_asked("elsewhere", "en") in answer.json["credentials"][0]["checks"][5]["reason"]


def test_a_file_cannot_make_the_node_ask_without_end(verifying: Verifying, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    plain = verifying.chain.call
    monkeypatch.setattr(verifying.chain, "call", lambda *asked: calls.append(asked) or plain(*asked))
    monkeypatch.setattr(judging, "MAX_ROOTS", 0)
    answer = verifying.client.post("/v1/verify", data=verifying.file(), headers=JSON)
    assert answer.json is not None
    assert why_not_asked("too_many", "en") in answer.json["credentials"][0]["checks"][5]["reason"]
    assert calls == []


def test_one_look_at_the_chain_serves_all_for_ten_seconds(
    verifying: Verifying, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []
    plain = verifying.chain.call
    monkeypatch.setattr(verifying.chain, "call", lambda *asked: calls.append(asked) or plain(*asked))
    clock = Clock(0)
    judge = Judge(verifying.services, clock)
    for number in (0, 1, 2):
        assert judge.judge(verifying.file(number), str).verdict.overall == "verified"
    once = len(calls)
    clock.now = 11
    judge.judge(verifying.file(), str)
    assert len(calls) == 2 * once > 0


def test_a_chain_that_is_down_is_said_without_its_address(
    verifying: Verifying, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def down(number: BlockTag) -> object:
        raise ChainUnavailable("eth_getBlockByNumber", "https://rpc.example/secret-key did not answer")

    monkeypatch.setattr(verifying.chain, "block", down)
    answer = verifying.client.post("/v1/verify", data=verifying.file(), headers=JSON)
    assert answer.json is not None
    assert answer.json["overall"] == "undetermined"
    assert "secret-key" not in answer.text
    assert "verify could not ask the chain" in capsys.readouterr().err


def test_an_address_may_ask_so_often_and_no_more(verifying: Verifying) -> None:
    answers = [verifying.client.post("/v1/verify", data=b"{}", headers=JSON) for _ in range(121)]
    assert [answer.status_code for answer in answers[:120]] == [200] * 120
    assert refused(answers[120], 429)["code"] == "request.too_many"
    assert int(answers[120].headers["Retry-After"]) > 0
    page = verifying.page(text="{}")
    assert page.status_code == 200  # counted apart


def test_nothing_of_a_file_is_logged_or_stored(verifying: Verifying, capsys: pytest.CaptureFixture[str]) -> None:
    data = verifying.file()
    before = {path: path.read_bytes() for path in verifying.services.directory.rglob("*") if path.is_file()}
    verifying.client.post("/v1/verify", data=data, headers=JSON)
    verifying.page(file=data, audience="Example Ltd", nonce="8c1f")
    said = capsys.readouterr().err
    assert all(word not in said for word in ("Kovač", "Ana", "Example Ltd", "8c1f", verifying.ids[0][9:]))
    assert {path: path.read_bytes() for path in verifying.services.directory.rglob("*") if path.is_file()} == before


# --- the page -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_whose_it_is_and_what_it_found(verifying: Verifying, language: str) -> None:
    empty = verifying.client.get("/verify/form", headers={"Accept-Language": f"{language}, fr;q=0.5"})
    assert f'<html lang="{language}">' in empty.text
    assert "Example University" in empty.text
    main = empty.text.split("<h1>")[1]
    first, form = (main.index(part) for part in (f'<a class="button" href="/verify?lang={language}">', "<form"))
    assert first < form and str(escape(TEXTS[language]["first"])) in main[first:form]
    found = verifying.page(file=verifying.file(), lang=language)
    assert found.status_code == 200
    assert TEXTS[language]["word_verified"] in found.text
    assert "Ledgers for registrars" in found.text
    assert found.text.count('<li>\n        <p><span class="name">') == 8
    assert "default-src 'none'" in found.headers["Content-Security-Policy"]
    assert "script-src" not in found.headers["Content-Security-Policy"]
    assert "<script" not in found.text
    assert found.headers["Cache-Control"] == "no-store"


def test_all_languages_have_the_same_texts() -> None:
    assert {language: set(texts) for language, texts in TEXTS.items()} == {key: set(TEXTS["en"]) for key in LANGUAGES}
    for texts in TEXTS.values():
        assert texts["own"].count("{institution}") == 1


def test_pasted_text_counts_as_the_file(verifying: Verifying) -> None:
    answer = verifying.page(text="\r\n" + verifying.file().decode() + "\r\n\r\n")
    assert TEXTS["en"]["word_verified"] in answer.text


@pytest.mark.parametrize(
    ("key", "status", "sent"),
    [
        ("nothing", 400, {}),
        ("both", 400, {"file": b"{}", "text": "{}"}),
        ("half_question", 400, {"text": "{}", "audience": "Example"}),
        ("too_large", 413, {"file": b" " * (MAX_BYTES + 1)}),
        ("too_large", 413, {"file": b" " * (4 * MAX_BYTES)}),
        ("pdf", 400, {"file": b"%PDF-1.7 rest"}),
        ("picture", 400, {"file": b"\x89PNG\r\n\x1a\n"}),
        ("picture", 400, {"file": b"\xff\xd8\xff\xe0"}),
        ("zip", 400, {"file": b"PK\x03\x04"}),
        ("code", 400, {"text": "RS1:ABC"}),
    ],
)
def test_what_cannot_be_checked_is_a_sentence(
    verifying: Verifying, key: str, status: int, sent: dict[str, object]
) -> None:
    answer = verifying.page(**sent)  # type: ignore[arg-type]
    assert answer.status_code == status
    alert = re.search(r'<div class="alert".*?</div>', answer.text, re.DOTALL)
    assert alert is not None
    assert escape(TEXTS["en"][key]) in alert[0]
    assert 'aria-describedby="file-hint problem"' in answer.text


def test_a_body_that_is_no_form_is_a_sentence(verifying: Verifying) -> None:
    for path in ("/verify/form", "/verify"):  # a form that was opened before the page moved
        answer = verifying.client.post(path, data=b"--x\r\nbroken", content_type="multipart/form-data; boundary=y")
        assert answer.status_code == 400
        assert "<main" in answer.text


def test_hostile_text_is_harmless(verifying: Verifying) -> None:
    file = CredentialFile.from_bytes(verifying.file())
    hostile = "<script>alert(1)</script>\u202etxt.exe\x1b[31m" + "x" * 10_000
    subject = {**file.credential["credentialSubject"], "achievement": {"name": hostile}}  # type: ignore[dict-item]
    altered = replace(file, credential={**file.credential, "credentialSubject": subject, "name": hostile})
    answer = verifying.page(file=altered.to_bytes())
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "\u202e" not in answer.text
    assert "\x1b" not in answer.text
    assert TEXTS["en"]["word_rejected"] in answer.text
    assert "txt.exe" not in answer.text  # altered content is not read out


def test_what_another_issuer_says_is_only_what_the_file_says(verifying: Verifying) -> None:
    shown = Presentation((present(paper_institution().file(0), lambda path: True),)).to_bytes()
    answer = verifying.page(file=shown)
    assert answer.status_code == 200
    assert TEXTS["en"]["word_verified"] not in answer.text.split('<section class="fake"')[0]
    assert "What the file says (not confirmed, see the checks)" in answer.text
