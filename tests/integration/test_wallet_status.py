"""What the issuer has revoked or suspended is told to the learner: by `update`, in the list, before showing it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from rootseal.errors import InputError
from rootseal.verdict import check
from tests.support.issued import ChainPublisher, Institution
from tests.support.program import Program
from wallet.box import Box
from wallet.page.app import create_page
from wallet.page.gate import Gate
from wallet.page.site import Site
from wallet.standing import Standing, read_standings, remember
from wallet.updating import Outcome, exit_code_of

_NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def institution(publisher: ChainPublisher) -> Institution:
    institution = publisher.register()
    institution.issue("Ana Novak")
    institution.seal()
    institution.publish()
    return institution


@pytest.fixture
def box(tmp_path: Path, institution: Institution, monkeypatch: pytest.MonkeyPatch) -> Box:
    """One that holds the published credential and has no key."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    box = Box.create(tmp_path / "box")
    box.keep(institution.file(0))
    return box


def set_status(publisher: ChainPublisher, institution: Institution, purpose: str, value: int = 1) -> None:
    """As the issuer does it. Suspensions come and go."""
    if purpose == "revoked":
        publisher.revoke(institution.home, 0)
    else:
        publisher.send("suspend" if value else "reinstate", institution.home.issuer, [0], [1], 0)


def at_page(box: Box, rpc: str) -> tuple[FlaskClient, str]:
    gate = Gate()
    client = create_page(Site(box.directory, rpc=rpc), gate).test_client()
    assert client.get(f"{gate.prefix}/open/{gate.token}").status_code == 303
    return client, gate.prefix


def post(client: FlaskClient, prefix: str, path: str, **fields: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(f"{prefix}/add").text)
    assert found is not None
    answer = client.post(prefix + path, data={"csrf_token": found[1], **fields}, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("state", ["revoked", "suspended"])
def test_update_tells_what_the_issuer_took_back_and_the_wallet_remembers_it(
    box: Box, institution: Institution, publisher: ChainPublisher, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    program, short = Program(capsys), institution.file(0).commitment.hex()[:12]
    good = program("wallet", "update", box.directory, "--rpc", publisher.url, "--json")
    assert (good.code, good.objects[0]["status"]) == (0, "good")
    assert not box.status.exists()

    set_status(publisher, institution, state)
    block = publisher.chain.block("latest")
    assert block is not None
    told = program("wallet", "update", box.directory, "--rpc", publisher.url, "--json")
    (result,) = told.objects
    assert (told.code, result["status"], result["statusAt"]) == (1, state, block.timestamp)
    assert (result["outcome"], result["anchored"], result["compared"]) == ("unchanged", True, True)
    text = " ".join(program("wallet", "update", box.directory, "--rpc", publisher.url).out.split())
    assert f"{short}: {state.upper()} by its issuer" in text and "the issuer says in its mail" in text

    # A chain that cannot be asked makes nothing good again.
    silent = program("wallet", "update", box.directory, "--rpc", _NOBODY, "--json")
    assert (silent.code, silent.objects[0]["status"]) == (3, state)
    assert f"{state.upper()} by its issuer" in " ".join(
        program("wallet", "update", box.directory, "--rpc", _NOBODY).out.split()
    )
    (listed,) = program("wallet", "list", box.directory, "--json").objects[0]["credentials"]
    assert (listed["status"], listed["statusAt"], listed["state"]) == (state, block.timestamp, "anchored")
    assert f"{state.upper()} by its issuer" in program("wallet", "list", box.directory).out
    shown = program("wallet", "present", box.directory, short, "--disclose", "title", "--dry-run")
    assert f"{state.upper()} by its issuer" in shown.err

    path = box.directory.parent / "a.credential.json"
    path.write_bytes(institution.file(0).to_bytes())
    alone = program("update", path, "--rpc", publisher.url, "--json")
    assert (alone.code, alone.objects[0]["status"]) == (1, state)


def test_a_suspension_that_ended_is_forgotten(
    box: Box, institution: Institution, publisher: ChainPublisher, capsys: pytest.CaptureFixture[str]
) -> None:
    program = Program(capsys)
    set_status(publisher, institution, "suspended")
    assert program("wallet", "update", box.directory, "--rpc", publisher.url).code == 1
    set_status(publisher, institution, "suspended", 0)
    assert program("wallet", "update", box.directory, "--rpc", publisher.url).code == 0
    assert read_standings(box) == {}


def test_what_is_older_or_unknown_takes_no_bad_news_back(box: Box, institution: Institution) -> None:
    held, bad = institution.file(0).commitment, Standing("revoked", 1_790_000_000)
    assert remember(box, held, bad) == bad
    for said in (None, Standing("unknown", 1_800_000_000), Standing("good", bad.at - 1)):
        assert remember(box, held, said) == bad
    assert read_standings(box) == {held: bad}
    again = replace(bad, state="good", at=bad.at + 1)
    assert remember(box, held, again) == again
    assert read_standings(box) == {}
    box.status.write_text('{"format":"rootseal/wallet-status/1"')
    assert read_standings(box) == {}
    assert remember(box, held, bad) == bad and read_standings(box) == {held: bad}
    box.status.unlink()
    box.status.mkdir()
    with pytest.raises(InputError):
        remember(box, held, bad)


def test_a_status_that_was_not_told_is_not_called_good() -> None:
    told = Standing("unknown", 1_790_000_000, check("status.stale", date="2026-09-21"))
    outcome = Outcome("unchanged", True, True, standing=told)
    assert exit_code_of(outcome) == 3
    assert outcome.sentence.endswith(
        "proof of publication. The newest status known is of 2026-09-21, which is older than you accept."
    )
    assert exit_code_of(replace(outcome, standing=replace(told, state="good"))) == 0


@pytest.mark.parametrize(
    ("language", "state", "words"),
    [
        ("en", "revoked", "Revoked: its issuer took it back"),
        ("de", "revoked", "Widerrufen: Sein Aussteller"),
        ("sl", "revoked", "Preklicano: izdajatelj"),
        ("en", "suspended", "Suspended: its issuer"),
    ],
)
def test_the_page_warns_before_a_revoked_one_is_shown(
    box: Box, institution: Institution, publisher: ChainPublisher, language: str, state: str, words: str
) -> None:
    set_status(publisher, institution, state)
    name = institution.file(0).commitment.hex()
    client, prefix = at_page(box, publisher.url)
    assert client.get(f"{prefix}/?language={language}").status_code == 200
    updated = post(client, prefix, "/update", id=name, node="")
    notice = updated.partition('class="notice"')[2].partition("</div>")[0]
    assert words in notice
    assert "Up to date" not in updated

    client, prefix = at_page(box, _NOBODY)  # another run, which asks nobody
    client.get(f"{prefix}/?language={language}")
    pages = [client.get(f"{prefix}{path}").text for path in ("/", f"/credential/{name}", f"/present?id={name}")]
    pages += [post(client, prefix, "/preview", id=name, show=f"{name}:title", life="3600")]
    for page in pages:
        assert words in page
        assert 'class="state good"' not in page
    assert (
        words in post(client, prefix, "/update", id=name, node="").partition('class="notice"')[2].partition("</div>")[0]
    )
