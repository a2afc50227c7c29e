"""The wallet's page without a browser: who gets in, how answers are hardened, what is not there."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.support.program import Program
from tests.support.wallet_learner import Learner, page, upload


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
