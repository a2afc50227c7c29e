"""`rootseal issuer`: the dated history of an issuer, and accrediting one with a keystore, on the embedded chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from anchor.keys import create_keystore
from rootseal.ethereum import address_text, checksum_address
from rootseal.policy import LedgerPolicy, Policy, format_policy
from tests.support.ledger_world import ACCOUNTS, LedgerWorld, WorldIssuer, embedded_chain
from tests.support.program import Program, Run
from tests.support.serving import serving

AGENCY, STRANGER = 5, 6


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with embedded_chain() as chain:
        yield chain.info.url


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Program(capsys)


@pytest.fixture
def world(url: str) -> LedgerWorld:
    return LedgerWorld(url)


def place(issuer: WorldIssuer) -> str:
    return f"{issuer.home.chain}:{issuer.world.address_text}/{issuer.number}"


def policy(world: LedgerWorld, folder: Path, *accreditors: tuple[bytes, str]) -> Path:
    ledger = LedgerPolicy(world.chain.chain_id(), world.address, rpcs=(world.url,), accreditors=accreditors)
    path = folder / "policy.toml"
    path.write_text(format_policy(Policy((ledger,))))
    return path


def flat(run: Run) -> str:
    assert run.code == 0, run.err
    return " ".join(run.out.split())


def test_the_whole_history_is_told_with_dates(program: Program, world: LedgerWorld, tmp_path: Path) -> None:
    issuer, heir = world.register("Evil\x1b[31m University", account=1, key=2), world.register("Heir", account=3)
    digest = sha256(issuer.document).digest()
    world.send(AGENCY, "accredit", issuer.number, digest, "EQF 5 to 7", 0)
    world.send(STRANGER, "accredit", issuer.number, digest, "anything", 0)
    issuer.anchor(3)
    world.send(issuer.key, "revoke", issuer.number, [0], [0b101], 0)
    issuer.send("retireKey", ACCOUNTS[issuer.key].address, world.now - 1)
    issuer.send("annul", [0], [0b001])
    world.send(AGENCY, "withdraw", issuer.number, digest)
    issuer.send("transferAdmin", ACCOUNTS[4].address)
    world.send(4, "acceptAdmin", issuer.number)
    world.send(4, "succeed", issuer.number, heir.number)
    world.send(3, "acceptSuccession", issuer.number)
    known = policy(world, tmp_path, (ACCOUNTS[AGENCY].address, "Quality Agency"))
    told = flat(program("issuer", "show", place(issuer), "--policy", known))
    in_order = [
        "registered it", "was added to anchor and write status", "A new issuer document came into force",
        "Quality Agency accredited the document", "declared compromised since", "annulled 1 revocations",
        "Quality Agency withdrew", "was invited to become admin", "became admin in the place of",
        "was invited to succeed it", f"Issuer {heir.number} succeeded issuer {issuer.number}", "Now",
        "It has anchored 1 time, 3 entries", "1 revoked, 0 suspended", "1 others, whom your policy does not trust",
    ]  # fmt: skip
    places = [told.find(sentence) for sentence in in_order]
    assert -1 not in places, in_order[places.index(-1)]
    assert "anything" not in told, "a stranger's words are not shown"
    assert "\x1b" not in told
    shown = program("issuer", "show", place(issuer), "--policy", known, "--json").objects[0]
    assert (shown["format"], shown["successor"]) == ("rootseal/issuer-history/1", heir.number)
    assert [key["compromisedSince"] is not None for key in shown["keys"]] == [True]
    assert "succeeded issuer" in flat(program("issuer", "show", place(heir), "--rpc", world.url))


@pytest.mark.parametrize("text", ["eip155:31338:0xAB/1", "eip155:31338:0x" + "11" * 20, "1"])
def test_a_place_that_is_none_is_2(program: Program, world: LedgerWorld, text: str) -> None:
    assert program("issuer", "show", text, "--rpc", world.url).code == 2


def test_an_unknown_issuer_is_2_and_another_chain_3(program: Program, world: LedgerWorld) -> None:
    base = f"eip155:{world.chain.chain_id()}:{world.address_text}"
    assert program("issuer", "show", f"{base}/9", "--rpc", world.url).code == 2
    assert program("issuer", "show", f"eip155:1:{world.address_text}/1", "--rpc", world.url).code == 3
    assert program("issuer", "show", f"{base}/1").code == 2, "nobody said whom to ask"


def test_an_accreditor_needs_a_keystore_and_nothing_else(program: Program, world: LedgerWorld, tmp_path: Path) -> None:
    issuer = world.register("University", account=1)
    signer = create_keystore(tmp_path / "agency.json", "secret", "pbkdf2", 2)
    (tmp_path / "secret.txt").write_text("secret\n")
    (tmp_path / "issuer.json").write_bytes(issuer.document)
    (tmp_path / "other.json").write_bytes(issuer.document + b" ")
    who = ["--rpc", world.url, "--key", tmp_path / "agency.json", "--passphrase-file", tmp_path / "secret.txt"]
    give = ["issuer", "accredit", place(issuer), *who, "--scope", "EQF 5"]
    wrong = program(*give, "--document", tmp_path / "other.json", "--yes")
    assert (wrong.code, "not the document" in wrong.err) == (1, True)
    tried = program(*give, "--document", tmp_path / "issuer.json", "--dry-run")
    assert (tried.code, "Example University" in tried.out) == (0, True)
    assert world.ledger.accreditations(issuer.number, signer.address) == ()
    assert program(*give, "--document", tmp_path / "issuer.json").code == 2, "it asks before it sends"
    for _ in range(2):
        run = program(*give, "--document", tmp_path / "issuer.json", "--yes", "--json")
        assert (run.code, run.objects[0]["done"]) == (0, True)
    given = world.ledger.accreditations(issuer.number, signer.address)
    assert [(entry.scope, entry.ended_at) for entry in given] == [("EQF 5", 0)], "typed twice, given once"
    known = policy(world, tmp_path, (signer.address, "Agency"))
    assert "Agency accredited the document" in flat(program("issuer", "show", place(issuer), "--policy", known))
    assert program("issuer", "withdraw", place(issuer), *who, "--yes").code == 0
    assert world.ledger.accreditations(issuer.number, signer.address)[0].ended_at > 0
    assert program("issuer", "withdraw", place(issuer), *who, "--yes").code == 2


def test_where_the_accreditor_signs_elsewhere_the_call_is_printed(
    program: Program, world: LedgerWorld, tmp_path: Path
) -> None:
    issuer = world.register("University", account=1)
    (tmp_path / "issuer.json").write_bytes(issuer.document)
    sender = checksum_address(ACCOUNTS[AGENCY].address)
    words = ["issuer", "accredit", place(issuer), "--rpc", world.url, "--sender", sender]
    words += ["--document", tmp_path / "issuer.json"]
    run = program(*words, "--json")
    call = run.objects[0]["calls"][0]
    assert (run.code, call["from"], call["to"]) == (3, address_text(ACCOUNTS[AGENCY].address), world.address_text)
    data = bytes.fromhex(call["data"][2:])
    world.chain.send_unlocked(ACCOUNTS[AGENCY].address, world.address, data, 0, 10**6)
    assert program(*words).code == 0


def test_a_domain_is_asked_only_on_demand_and_shown_with_its_date(
    program: Program, world: LedgerWorld, tmp_path: Path
) -> None:
    issuer = world.register("University", account=1)
    answers: dict[str, bytes] = {"/v1/issuer": issuer.document}
    with served(answers) as address:
        issuer.send("setUri", address)
        words = ["issuer", "show", place(issuer), "--rpc", world.url]
        assert "Nobody looked yet" in flat(program(*words))
        assert "Last seen on" in flat(program(*words, "--check-domain"))
        answers["/v1/issuer"] = b"{}"
        changed = program(*words, "--check-domain")
        assert (changed.code, "does not show the document in force" in changed.out) == (3, True)
    remembered = program(*words, "--json").objects[0]
    assert remembered["domain"]["current"] is True
    assert "domain may have changed hands" in flat(program(*words))


def test_new_key_is_never_written_over(program: Program, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret\n")
    words = ["issuer", "new-key", tmp_path / "k.json", "--passphrase-file", tmp_path / "secret.txt", "--json"]
    assert program(*words).objects[0]["address"].startswith("0x")
    assert program(*words).code == 2


def served(answers: dict[str, bytes]) -> AbstractContextManager[str]:
    """A web server on this machine that answers what `answers` has."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
