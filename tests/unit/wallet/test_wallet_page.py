"""The wallet's page without a browser: who gets in, what is said, what is refused, and that nothing is lost."""

from __future__ import annotations

import io
import json
import re
import socket
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from anchor.keys import Signer, create_keystore
from rootseal.checks import Expected
from rootseal.files import CredentialFile
from rootseal.languages import say
from rootseal.opening import open_file
from rootseal.presentation import Presentation
from rootseal.verification import verify
from tests.support.issued import Institution, paper_institution
from tests.support.program import Program
from wallet import accounts, backup
from wallet.box import Box
from wallet.page.app import create_page
from wallet.page.gate import Gate
from wallet.page.site import Site

HOSTILE = "<script>alert(1)</script> \u202egnp.exe " + "A" * 10_000
SECRET = "wallet secret"


@dataclass
class Learner:
    """Somebody at the page of one box."""

    client: FlaskClient
    gate: Gate
    box: Box
    signer: Signer
    institution: Institution

    def get(self, path: str, code: int = 200, **options: object) -> str:
        return self._read(self.client.get(self.gate.prefix + path, **options), code)  # type: ignore[arg-type]

    def post(self, path: str, code: int = 200, **fields: object) -> str:
        """As a browser does it: with the token of the page."""
        data = {"csrf_token": self.token(), **fields}
        answer = self.client.post(self.gate.prefix + path, data=data, follow_redirects=True)
        return self._read(answer, code)

    def upload_large(self, size: int) -> TestResponse:
        """Made by hand, for werkzeug's own maker leaves its temporary file open."""
        parts = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{self.token()}\r\n'
        parts += '--x\r\nContent-Disposition: form-data; name="files"; filename="a.json"\r\n\r\n'
        body = parts.encode() + b" " * size + b"\r\n--x--\r\n"
        return self.client.post(
            f"{self.gate.prefix}/receive", data=body, content_type="multipart/form-data; boundary=x"
        )

    def token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/add"))
        assert found is not None
        return found[1]

    def enter(self) -> None:
        assert self.client.get(f"{self.gate.prefix}/open/{self.gate.token}").status_code == 303

    def _read(self, answer: TestResponse, code: int) -> str:
        assert answer.status_code == code, (
            answer.status_code,
            re.sub(r"\s+", " ", answer.text.partition("<main")[2])[:600],
        )
        return answer.text


def page(directory: Path) -> tuple[FlaskClient, Gate]:
    gate = Gate()
    client = create_page(Site(directory), gate).test_client()
    return client, gate


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (backup, accounts):
        monkeypatch.setattr(module, "_COST", {"n": 1 << 14, "r": 8, "p": 1})


@pytest.fixture
def learner(tmp_path: Path) -> Learner:
    box = Box.create(tmp_path / "box")
    signer = create_keystore(box.keystore, SECRET, "pbkdf2", 2)
    institution = paper_institution(("Ana Novak", "Ana Novak"), signer.address)
    made = Learner(*page(box.directory), box, signer, institution)
    made.enter()
    return made


def commitment(file: CredentialFile) -> str:
    return file.commitment.hex()


def upload(file: CredentialFile | bytes, name: str = "a.credential.json") -> tuple[io.BytesIO, str]:
    return io.BytesIO(file if isinstance(file, bytes) else file.to_bytes()), name


def made_file(text: str) -> str:
    found = re.search(r'href="/[^/]+(/made/[^/]+/file)"', text)
    assert found is not None
    return found[1]


def test_only_the_browser_that_opened_it_gets_in_and_only_once(tmp_path: Path) -> None:
    client, gate = page(tmp_path / "box")
    assert client.get(f"{gate.prefix}/").status_code == 401
    assert client.get(f"{gate.prefix}/open/wrong").status_code == 404
    first = client.get(f"{gate.prefix}/open/{gate.token}")
    cookie = first.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and f"Path={gate.prefix}" in cookie
    assert client.get(f"{gate.prefix}/start").status_code == 200
    second = client.application.test_client()
    again = second.get(f"{gate.prefix}/open/{gate.token}")
    assert again.status_code == 410 and "used already" in again.text
    assert second.get(f"{gate.prefix}/").status_code == 401


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "rebound.example:5000"}, 421),
        ({"Host": "127.0.0.1.rebound.example:5000"}, 421),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Host": "127.0.0.1:5000"}, 401),  # the cookie is the other name's
    ],
)
def test_foreign_hosts_and_foreign_pages_are_refused(learner: Learner, headers: dict[str, str], code: int) -> None:
    assert learner.client.get(f"{learner.gate.prefix}/", headers=headers).status_code == code


def test_no_form_counts_without_its_token_or_from_elsewhere(learner: Learner) -> None:
    target = f"{learner.gate.prefix}/receive"
    assert learner.client.post(target, data={"files": upload(learner.institution.file(0))}).status_code == 403
    data = {"csrf_token": learner.token(), "files": upload(learner.institution.file(0))}
    foreign = {"Origin": "http://127.0.0.1:6000"}
    assert learner.client.post(target, data=data, headers=foreign).status_code == 403
    assert learner.box.credentials() == ()


def test_every_answer_is_hardened(learner: Learner) -> None:
    for path in ("/", "/add", "/nothing", "/static/page.css"):
        answer = learner.client.get(learner.gate.prefix + path)
        headers = answer.headers
        answer.close()
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"


def test_templates_have_no_inline_script_or_style_and_name_no_other_host() -> None:
    for path in (Path(__file__).parents[3] / "wallet" / "page" / "templates").glob("*.html"):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]* src=)|<style|\son[a-z]+=|\sstyle=", text), path.name
        assert set(re.findall(r"https?://[^\s\"'<#]+", text)) <= {
            "https://registrar.example",
            "https://registrar.example/claim",
        }


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


def present(learner: Learner, preset: str = "title", **fields: object) -> str:
    """Receive, choose a preset, look, make; the page that follows."""
    file = learner.institution.file(0)
    learner.post("/receive", files=upload(file))
    mine = commitment(file)
    chosen = learner.get(f"/present?id={mine}&preset={preset}")
    shown = re.findall(r'name="show" value="([^"]+)" checked', chosen)
    assert shown
    return learner.post("/presentation", id=mine, show=shown, **fields)


@pytest.mark.parametrize("preset", ["title", "grade", "credits", "learner", "all"])
def test_the_preview_is_exactly_what_the_file_shows(learner: Learner, preset: str) -> None:
    data = learner.client.get(learner.gate.prefix + made_file(present(learner, preset))).data
    opened = open_file(data).credentials[0]
    mine = commitment(learner.institution.file(0))
    shown = re.findall(r'name="show" value="([^"]+)" checked', learner.get(f"/present?id={mine}&preset={preset}"))
    text = learner.post("/preview", id=mine, show=shown)
    part = text[text.index("one by one") : text.index("Every part that is hidden")]
    assert f"one by one ({len(opened.claims)})" in text
    assert part.count("<dt>") == len(opened.claims)
    assert ("Ana Novak" in data.decode()) is (preset in ("learner", "all")) is ("Ana Novak" in text)
    assert ("They will see everything" in text) is (preset == "all")
    assert all(check.outcome == "pass" for check in verify(data, now=1_800_000_000).credentials[0].checks[:3])


def test_three_ticked_claims_are_all_that_is_shown(learner: Learner) -> None:
    file = learner.institution.file(0)
    learner.post("/receive", files=upload(file))
    mine = commitment(file)
    text = learner.post("/presentation", id=mine, show=[f"{mine}:grade", f"{mine}:learner", f"{mine}:credits"])
    data = learner.client.get(learner.gate.prefix + made_file(text)).data.decode()
    assert "Ana Novak" in data and '"71"' in data and "creditsEarned" in data
    assert "Learning outcome" not in data and "criteria" not in data and '"validFrom"],"position"' not in data


def test_a_question_is_answered_with_the_wallets_key(learner: Learner) -> None:
    asked = {"audience": "Example Ltd", "nonce": "8c1f 02", "life": "3600"}
    text = present(learner, "grade", **asked, passphrase=SECRET)
    data = learner.client.get(learner.gate.prefix + made_file(text)).data
    now = Presentation.from_bytes(data).holder.created  # type: ignore[union-attr]
    check = verify(data, now=now, expected=Expected("Example Ltd", "8c1f 02")).credentials[0].checks[7]
    assert check.outcome == "pass", check.reason


def test_what_is_signed_is_said_before(learner: Learner) -> None:
    file = learner.institution.file(0)
    learner.post("/receive", files=upload(file))
    mine = commitment(file)
    text = learner.post("/preview", id=mine, show=f"{mine}:grade", audience="Example Ltd", nonce="8c1f", life="86400")
    assert "What you sign" in text and "Example Ltd" in text and "8c1f" in text and "Counts until" in text
    typed = json.loads(re.search(r'data-typed="([^"]+)"', text)[1].replace("&#34;", '"'))  # type: ignore[index]
    assert typed["message"]["audience"] == "Example Ltd"
    assert int(typed["message"]["expires"]) - int(typed["message"]["created"]) == 86_400


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"audience": "A", "nonce": "n", "passphrase": "wrong"}, "passphrase is wrong"),
        ({"audience": "A", "nonce": "n"}, "is needed to sign"),
        ({"audience": "A", "nonce": "n", "created": "5", "passphrase": SECRET}, "time of this answer is over"),
    ],
)
def test_what_goes_wrong_keeps_the_choice(learner: Learner, fields: dict[str, str], said: str) -> None:
    file = learner.institution.file(0)
    learner.post("/receive", files=upload(file))
    mine = commitment(file)
    text = learner.post("/presentation", 422, id=mine, show=f"{mine}:grade", **fields)
    assert said in text and "Nothing was made." in text
    assert f'value="{mine}:grade"' in text and 'name="passphrase"' in text and "wrong" not in text.partition("<form")[2]


def test_half_a_question_is_refused(learner: Learner) -> None:
    learner.post("/receive", files=upload(learner.institution.file(0)))
    assert "two parts" in learner.post("/preview", 422, id=commitment(learner.institution.file(0)), audience="A")


def test_a_signature_of_another_key_is_not_handed_out(learner: Learner) -> None:
    file = learner.institution.file(0)
    learner.post("/receive", files=upload(file))
    fields = {"id": commitment(file), "audience": "A", "nonce": "n"}
    name = f"signature-0x{learner.signer.address.hex()}"
    for signature in ("0x" + "11" * 64 + "1b", "0x12", "signed"):
        assert "Nothing was made." in learner.post("/presentation", 422, **fields, **{name: signature})


def test_without_proof_of_publication_it_is_said(learner: Learner) -> None:
    learner.institution.anchors.clear()
    assert "a verifier cannot decide on it" in present(learner)


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


def test_a_new_wallet_with_words_asks_two_of_them_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert text.count("0x") == 2 and "&lt;b&gt;" in text


def test_a_lost_page_and_a_lost_credential_are_told(learner: Learner) -> None:
    assert "earlier run" in learner.get("/made/nothing", 404)
    assert "names no credential" in learner.get("/credential/ffff", 422)
    assert "choose at least one" in learner.get("/present", 422)
    damaged = learner.box.directory / "credentials" / ("ab" * 32 + ".credential.json")
    damaged.write_text("{}")
    assert "this file is damaged" in learner.get("/")


def test_credits_are_shown_although_nobody_can_be_asked(learner: Learner) -> None:
    assert "No credential here carries credits" in learner.get("/credits")
    learner.post("/receive", files=upload(learner.institution.file(0)))
    assert "could not be checked" in learner.get("/credits")


def test_serving_refuses_what_is_no_wallet_and_a_taken_port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, other = Program(capsys), tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    refused = program("wallet", "serve", other, "--no-open")
    assert refused.code == 2 and "neither a wallet" in refused.err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = program("wallet", "serve", tmp_path / "new", "--no-open", "--port", port)
    assert refused.code == 2 and "--port" in refused.err
    assert not (tmp_path / "new").exists()
