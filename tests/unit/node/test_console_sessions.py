"""The console: who is let in, for how long, and that no form of another site does anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from node.access import Access
from node.app import create_app
from node.config import read_config, write_config
from node.console.ended import EndedSessions
from node.console.secret_key import SECRET_KEY_NAME, SecretKey
from tests.unit.node.conftest import Node
from tests.unit.node.console import PAGES, Officer, anchored, words


@pytest.fixture
def petra(app: Flask, token: Callable[..., str]) -> Officer:
    return Officer(app, token())


# --- being signed in -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_no_page_without_a_session(app: Flask, path: str) -> None:
    answer = Officer(app).client.get(f"/console{path}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/sign-in")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_what_may_run_and_is_kept_by_nobody(petra: Officer, path: str) -> None:
    answer = petra.get(path)
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert "TEST: this ledger is a rehearsal" in answer.text


@pytest.mark.parametrize("text", ["", "x", "rst_0123456789_" + "A" * 43])
def test_a_wrong_token_is_told_beside_its_field(app: Flask, text: str) -> None:
    answer = Officer(app).sign_in(text)
    assert answer.status_code == 422
    assert 'href="#token"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert text == "" or text == "x" or text not in answer.text


def test_the_cookie_is_for_this_site_and_no_script(app: Flask, token: Callable[..., str]) -> None:
    text = token()
    answer = Officer(app).sign_in(text)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert text.rpartition("_")[2] not in cookie


def test_where_the_node_has_an_https_address_the_cookie_is_secure(node: Node, token: Callable[..., str]) -> None:
    text = token()
    write_config(node.directory, replace(read_config(node.directory), public_url="https://node.example.edu"))
    app = create_app(node.reopened())
    client = app.test_client()
    page = client.get("/console/sign-in", base_url="https://node.example.edu")
    (cookie,) = page.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-rootseal-console=")
    assert "; Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    fields = {"csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0], "token": text}
    answer = client.post("/console/sign-in", data=fields, base_url="https://node.example.edu")
    assert answer.headers["Location"] == "/console"


def test_half_an_hour_without_a_click_ends_it(node: Node, petra: Officer) -> None:
    node.clock.now += 29 * 60
    petra.get()
    node.clock.now += 29 * 60
    petra.get()
    node.clock.now += 31 * 60
    assert petra.client.get("/console").headers["Location"] == "/console/sign-in"
    assert "idle for too long" in words(petra.get("/sign-in"))


def test_twelve_hours_are_the_longest(node: Node, petra: Officer) -> None:
    for _ in range(26):
        petra.get()
        node.clock.now += 28 * 60
    petra.get("", 303)


def test_a_clock_that_was_set_back_lengthens_nothing(node: Node, petra: Officer) -> None:
    node.clock.now -= 31 * 60
    petra.get("", 303)


def test_a_revoked_token_ends_its_sessions_at_once(node: Node, app: Flask, token: Callable[..., str]) -> None:
    text = token()
    officer = Officer(app, text)
    Access(node.services.store, node.clock).revoke(text)
    assert officer.client.get("/console").headers["Location"] == "/console/sign-in"


def test_a_restart_does_not_bring_back_who_signed_out(node: Node, app: Flask, token: Callable[..., str]) -> None:
    text = token()
    leaving, staying = Officer(app, text), Officer(app, text)
    copies = [officer.client.get_cookie("rootseal-console") for officer in (leaving, staying)]
    leaving.act("/sign-out", on="")
    again = create_app(node.reopened())
    codes = []
    for copy in copies:
        assert copy is not None
        client = again.test_client()
        client.set_cookie("rootseal-console", copy.value)
        codes.append(client.get("/console").status_code)
    assert codes == [303, 200]


def test_ended_sessions_are_forgotten_when_they_would_have_ended_and_never_too_many(node: Node) -> None:
    ended = EndedSessions(node.services.store, 100)
    for number in range(50):
        ended.add(f"{number:032x}", 1000 + 10 * number)
    fact = node.services.store.facts.get("console-ended")
    assert fact is not None
    assert len(fact) == 24 * 11
    again = EndedSessions(node.services.store, 100)
    assert [f"{number:032x}" in again for number in (0, 38, 39, 49)] == [False, False, True, True]


def test_signing_out_ends_copies_of_the_cookie_too(app: Flask, petra: Officer) -> None:
    thief = app.test_client()
    cookie = petra.client.get_cookie("rootseal-console")
    assert cookie is not None
    thief.set_cookie("rootseal-console", cookie.value)
    assert thief.get("/console").status_code == 200
    assert "You are signed out" in words(petra.act("/sign-out", on=""))
    assert thief.get("/console").status_code == 303


def test_a_bearer_token_is_no_session(app: Flask, token: Callable[..., str]) -> None:
    answer = app.test_client().get("/console", headers={"Authorization": f"Bearer {token()}"})
    assert answer.status_code == 303


def test_a_session_is_no_bearer_token(petra: Officer) -> None:
    assert petra.client.get("/v1/node").status_code == 401


def test_sessions_survive_a_restart_and_not_the_removal_of_the_key(node: Node, petra: Officer) -> None:
    path = node.directory / SECRET_KEY_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    cookie = petra.client.get_cookie("rootseal-console")
    assert cookie is not None
    restarted = create_app(node.reopened()).test_client()
    restarted.set_cookie("rootseal-console", cookie.value)
    assert restarted.get("/console").status_code == 200
    path.unlink()
    restarted.set_cookie("rootseal-console", cookie.value)
    assert restarted.get("/console").status_code == 303


def test_the_key_is_one_for_all_threads_and_a_damaged_one_is_replaced(tmp_path: Path) -> None:
    first = SecretKey(tmp_path).read()
    assert SecretKey(tmp_path).read() == first
    (tmp_path / SECRET_KEY_NAME).write_bytes(b"short")
    assert len(SecretKey(tmp_path).read()) == 32


def test_where_the_key_cannot_be_made_it_is_said(node: Node, app: Flask) -> None:
    (node.directory / SECRET_KEY_NAME).mkdir()
    answer = Officer(app).get("/sign-in", 503)
    assert "cannot write into its own directory" in words(answer)


def test_failures_to_sign_in_are_bounded_and_lock_nobody_out(app: Flask, token: Callable[..., str]) -> None:
    officer = Officer(app)
    client = officer.client
    page = client.get("/console/sign-in")
    fields = {"csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0], "token": "x"}
    codes = [client.post("/console/sign-in", data=fields).status_code for _ in range(32)]
    assert codes[:30] == [422] * 30
    assert codes[30:] == [429] * 2
    assert officer.sign_in(token()).headers["Location"] == "/console"


# --- forms ------------------------------------------------------------------------------------------


def unsafe(app: Flask) -> list[str]:
    """Every rule of the console that takes a form."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("console.")]
    return [rule.rule for rule in rules if "POST" in (rule.methods or ())]


def test_every_form_is_refused_without_its_token(node: Node, app: Flask, petra: Officer) -> None:
    uuid = anchored(node)
    rules = unsafe(app)
    assert len(rules) >= 9
    for rule in rules:
        path = re.sub(r"<uuid:[^>]+>", uuid, rule)
        path = re.sub(r"<any\([^>]+>", "revoke", re.sub(r"<int:[^>]+>", "1", path))
        answer = petra.client.post(re.sub(r"<[^>]+>", "0" * 32, path), data={"sure": "yes", "note": "n", "token": "t"})
        assert answer.status_code == 403, rule
        assert "Nothing was done" in words(answer)
    assert node.services.store.statuses.entries() == ()


def test_another_sessions_form_token_is_refused(app: Flask, petra: Officer, token: Callable[..., str]) -> None:
    other = Officer(app, token(name="Lin"))
    found = re.findall(r'name="csrf_token" value="([^"]+)"', other.get("/credentials").text)[0]
    answer = petra.client.post("/console/credentials", data={"csrf_token": found, "learner": "1"})
    assert answer.status_code == 403


def test_a_form_from_another_site_is_refused_even_with_a_token(petra: Officer) -> None:
    found = re.findall(r'name="csrf_token" value="([^"]+)"', petra.get("/credentials").text)[0]
    answer = petra.client.post(
        "/console/credentials", data={"csrf_token": found, "learner": "1"}, headers={"Sec-Fetch-Site": "same-site"}
    )
    assert answer.status_code == 403


def test_looking_changes_nothing(node: Node, app: Flask, petra: Officer) -> None:
    uuid = anchored(node)
    store = node.services.store
    acts, before = store.acts.all(), [store.entries.counts(), store.outbox.counts()]
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(("console.", "anchors."))]
    for rule in rules:
        if "GET" not in (rule.methods or ()) or rule.endpoint.endswith("static"):
            continue
        for act in ("withdraw", "revoke", "suspend", "reinstate"):
            path = re.sub(r"<any\([^>]+>", act, re.sub(r"<uuid:[^>]+>", uuid, rule.rule))
            path = re.sub(r"<[^>]+>", "0" * 32, re.sub(r"<int:[^>]+>", "1", path))
            assert petra.client.get(path).status_code in (200, 303, 404, 409), path
    assert [store.entries.counts(), store.outbox.counts()] == before
    # Whoever takes a learner's file is written down, and nothing else is.
    assert {act.act for act in store.acts.all()[len(acts) :]} == {"file"}
