"""`rootseal trust`: adding, removing, showing; nothing is written that does not read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from rootseal.errors import ConfigError, InputError
from rootseal.policy import CreditsContract, LedgerPolicy, Policy, parse_policy
from tests.support.program import Program, Run
from wallet.settings import default_policy_path, load_policy, read_policy, write_policy

LEDGER = "eip155:1:0x" + "05" * 20
BODY = "0x" + "0a" * 20


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "rootseal" / "policy.toml"


@pytest.fixture
def trust(capsys: pytest.CaptureFixture[str], config: Path):  # type: ignore[no-untyped-def]
    program = Program(capsys)

    def run(*words: object) -> Run:
        return program("trust", *words)

    return run


def test_nobody_is_trusted_at_first(trust, config: Path) -> None:  # type: ignore[no-untyped-def]
    run = trust("list")
    assert run.code == 0
    assert "You trust nobody yet" in run.out
    assert not config.exists()


def test_an_issuer_under_ones_own_name(trust, config: Path) -> None:  # type: ignore[no-untyped-def]
    genesis, code = "0x" + "ab" * 32, "0x" + "cd" * 32
    run = trust(
        "add", LEDGER, "--issuer", "7=University of Example", "--accreditor", f"{BODY}=Quality Agency", "--rpc",
        "https://node.example", "--genesis", genesis, "--code", code, "--finality", "depth:12",
        "--max-status-age", 3600, "--name", "Public ledger",
    )  # fmt: skip
    assert run.code == 0
    for words in ("University of Example (issuer 7)", "every issuer that Quality Agency", "https://node.example"):
        assert words in " ".join(run.out.split())
    assert "TEST" not in run.out
    (ledger,) = parse_policy(config.read_text()).ledgers
    assert ledger == LedgerPolicy(
        1, b"\x05" * 20, b"\xab" * 32, b"\xcd" * 32, ("https://node.example",), "depth:12", False, 3600,
        ((7, "University of Example"),), ((b"\x0a" * 20, "Quality Agency"),), "Public ledger",
    )  # fmt: skip
    assert trust("list", "--json").objects[0]["ledgers"][0]["issuers"] == [
        {"number": 7, "name": "University of Example"}
    ]


def test_what_is_there_stays(trust, config: Path) -> None:  # type: ignore[no-untyped-def]
    trust("add", LEDGER, "--issuer", "7=One", "--genesis", "0x" + "ab" * 32)
    trust("add", f"{LEDGER}/8", "--rpc", "https://node.example")
    trust("add", f"{LEDGER}/7")
    (ledger,) = read_policy(config).ledgers
    assert ledger.issuers == ((7, "One"), (8, "issuer 8"))
    assert ledger.genesis == b"\xab" * 32


def test_without_a_genesis_it_is_a_test_ledger(trust) -> None:  # type: ignore[no-untyped-def]
    run = trust("add", f"{LEDGER}/7")
    assert "verdicts say TEST" in " ".join(run.out.split())
    assert run.code == 0


def test_removing(trust, config: Path) -> None:  # type: ignore[no-untyped-def]
    trust("add", LEDGER, "--issuer", "7=One", "--issuer", "8=Two", "--accreditor", f"{BODY}=Body")
    assert trust("remove", f"{LEDGER}/7").code == 0
    assert trust("remove", f"{LEDGER}/{BODY}").code == 0
    (ledger,) = read_policy(config).ledgers
    assert (ledger.issuers, ledger.accreditors) == (((8, "Two"),), ())
    for gone in (f"{LEDGER}/7", "eip155:1:0x" + "06" * 20):
        before = config.read_bytes()
        assert trust("remove", gone).code == 2
        assert config.read_bytes() == before
    assert trust("remove", LEDGER).code == 0
    assert read_policy(config).ledgers == ()


@pytest.mark.parametrize(
    "words",
    [
        ["0x" + "05" * 20],
        ["eip155:1:0x05"],
        ["eip155:0:0x" + "05" * 20],
        [LEDGER + "/0"],
        [LEDGER + "/x"],
        [LEDGER, "--issuer", "7"],
        [LEDGER, "--issuer", "0=Zero"],
        [LEDGER, "--issuer", "7= "],
        [LEDGER, "--issuer", "7=" + "x" * 201],
        [LEDGER, "--accreditor", "0x12=Body"],
        [LEDGER, "--rpc", "ftp://node.example"],
        [LEDGER, "--genesis", "0x12"],
        [LEDGER, "--code", "zz"],
        [LEDGER, "--finality", "soon"],
        [LEDGER, "--finality", "depth:0"],
        [LEDGER, "--max-status-age", "0"],
        [LEDGER, "--name", "x" * 201],
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_written(trust, config: Path, words: list[str]) -> None:  # type: ignore[no-untyped-def]
    run = trust("add", *words)
    assert run.code == 2
    assert run.err
    assert not config.exists()


def test_a_damaged_policy_is_named_and_left_alone(trust, config: Path) -> None:  # type: ignore[no-untyped-def]
    config.parent.mkdir(parents=True)
    for text in ("format = 3", "[[", 'format="rootseal/policy/1"\nholders="required"'):
        config.write_text(text)
        run = trust("add", LEDGER)
        assert run.code == 2
        assert str(config) in run.err
        assert config.read_text() == text


def test_a_hostile_name_is_shown_harmless(trust) -> None:  # type: ignore[no-untyped-def]
    run = trust("add", LEDGER, "--issuer", "7=\x1b[31mUniversity\u202e")
    assert "\x1b" not in run.out
    assert "\u202e" not in run.out


def test_load_policy_takes_the_named_then_the_own_then_none(tmp_path: Path, config: Path) -> None:
    assert load_policy(None, ()) is None
    own, named = Policy(holder_required=True), Policy(accredited_now=True)
    write_policy(config, own)
    write_policy(tmp_path / "named.toml", named)
    assert load_policy(None, ()) == own
    assert load_policy(tmp_path / "named.toml", ()) == named
    with pytest.raises(InputError, match="nowhere"):
        load_policy(tmp_path / "nowhere", ())


def test_trust_on_the_command_line_adds_to_the_policy(config: Path) -> None:
    policy = load_policy(None, (f"{LEDGER}/7", f"{LEDGER}/{BODY}"))
    assert policy is not None
    (ledger,) = policy.ledgers
    assert ledger.issuers == ((7, "issuer 7"),)
    assert len(ledger.accreditors) == 1
    assert ledger.test
    with pytest.raises(InputError, match="--trust"):
        load_policy(None, ("7",))


def test_a_relative_config_home_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_policy_path() == tmp_path / ".config" / "rootseal" / "policy.toml"


def test_a_policy_that_would_not_read_back_is_not_written(tmp_path: Path) -> None:
    broken = Policy((LedgerPolicy(1, b"\x05" * 20, max_status_age=0),))
    with pytest.raises(ConfigError):
        write_policy(tmp_path / "p.toml", broken)
    assert not (tmp_path / "p.toml").exists()


def test_the_one_credits_contract(trust, config: Path) -> None:  # type: ignore[no-untyped-def]
    contract, code = "0x" + "0c" * 20, "0x" + "33" * 32
    assert trust("add", LEDGER, "--credits", contract).code == 2, "an address alone pins no code"
    assert trust("add", LEDGER, "--credits-code", code).code == 2
    run = trust("add", LEDGER, "--credits", contract, "--credits-code", code, "--json")
    assert run.objects[0]["ledgers"][0]["credits"] == {"address": contract, "code": code}
    trust("add", f"{LEDGER}/7")
    (ledger,) = read_policy(config).ledgers
    assert ledger.credits == CreditsContract(b"\x0c" * 20, b"\x33" * 32), "it stays until it is given again"
    assert "credits count in the contract 0x" in " ".join(trust("list").out.split())
