"""The policy file: strict reading, round trip, what is always a test, and one more trust from the command line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rootseal.commitment import Home
from rootseal.errors import ConfigError, InputError
from rootseal.policy import TEST_CHAINS, CreditsContract, LedgerPolicy, Policy, format_policy, parse_policy, parse_trust

LEDGER = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
FULL = f"""
format = "rootseal/policy/1"
holder = "required"
accredited_now = true
[[ledgers]]
name = "Main"
chain = "eip155:100"
address = "{LEDGER}"
genesis = "0x{"11" * 32}"
code = "0x{"22" * 32}"
rpcs = ["https://rpc.example", "http://127.0.0.1:8545"]
finality = "depth:12"
test = false
max_status_age = 3600
issuers = [{{number = 7, name = "Univerza"}}]
accreditors = [{{address = "0x{"a0" * 20}", name = "Agency"}}]
credits = {{address = "0x{"c0" * 20}", code = "0x{"33" * 32}"}}
"""


def test_reads_every_setting() -> None:
    ledger = LedgerPolicy(
        100, bytes.fromhex(LEDGER[2:]), b"\x11" * 32, b"\x22" * 32, ("https://rpc.example", "http://127.0.0.1:8545"),
        "depth:12", False, 3600, ((7, "Univerza"),), ((b"\xa0" * 20, "Agency"),), "Main",
        CreditsContract(b"\xc0" * 20, b"\x33" * 32),
    )  # fmt: skip
    assert parse_policy(FULL) == Policy((ledger,), True, True)
    assert ledger.issuer_name(7) == "Univerza" and ledger.issuer_name(8) is None
    assert ledger.accreditor_name(b"\xa0" * 20) == "Agency" and ledger.accreditor_name(bytes(20)) is None
    assert not ledger.test


def test_writes_what_it_reads() -> None:
    for policy in (Policy(), parse_policy(FULL), Policy((parse_trust(f"eip155:1:{LEDGER}/5"),))):
        assert parse_policy(format_policy(policy)) == policy


WRONG = {
    "empty": "",
    "not TOML": "format = ",
    "another format": 'format = "rootseal/policy/2"',
    "unknown setting": 'format = "rootseal/policy/1"\nmax_age = 5',
    "unknown setting of a ledger": FULL.replace("max_status_age", "max_statusage"),
    "holder misspelt": FULL.replace('"required"', '"requird"'),
    "accredited_now as text": FULL.replace("accredited_now = true", 'accredited_now = "true"'),
    "chain without a number": FULL.replace("eip155:100", "eip155:"),
    "address too short": FULL.replace(LEDGER, LEDGER[:-1]),
    "address with a wrong checksum": FULL.replace(LEDGER, LEDGER.replace("f", "F", 1)),
    "genesis in capitals": FULL.replace("11" * 32, "AB" * 32),
    "genesis too short": FULL.replace("11" * 32, "11" * 31),
    "finality misspelt": FULL.replace("depth:12", "deep:12"),
    "finality of depth 0": FULL.replace("depth:12", "depth:0"),
    "RPC that is a file": FULL.replace("https://rpc.example", "file:///etc/passwd"),
    "status age 0": FULL.replace("3600", "0"),
    "status age with a fraction": FULL.replace("3600", "36.5"),
    "status age infinite": FULL.replace("3600", "inf"),
    "status age a date": FULL.replace("3600", "2026-10-01"),
    "issuer 0": FULL.replace("number = 7", "number = 0"),
    "issuer without a name": FULL.replace(', name = "Univerza"', ""),
    "credits without their code": FULL.replace(f', code = "0x{"33" * 32}"', ""),
    "credits with a code too short": FULL.replace("33" * 32, "33" * 31),
    "credits at no address": FULL.replace("c0" * 20, "c0" * 19),
    "credits as text": FULL[: FULL.index("credits = ")] + 'credits = "yes"',
    "a ledger twice": FULL + FULL[FULL.index("[[ledgers]]") :],
    "nested too deep": "x = " + "[" * 20_000,
}


@pytest.mark.parametrize("defect", WRONG)
def test_wrong_policy_is_refused_by_name(defect: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_policy(WRONG[defect])
    assert caught.value.key.startswith("policy")


@pytest.mark.parametrize("chain", sorted(TEST_CHAINS))
def test_development_chains_are_always_a_test(chain: int) -> None:
    assert LedgerPolicy(chain, bytes(20), b"\x11" * 32).test


def test_nothing_pinned_or_marked_is_a_test() -> None:
    pinned = LedgerPolicy(1, bytes(20), b"\x11" * 32)
    assert not pinned.test
    assert replace(pinned, marked_test=True).test and replace(pinned, genesis=None).test
    assert parse_trust(f"eip155:1:{LEDGER}/5").test


def test_trust_reads_issuer_and_accreditor() -> None:
    assert parse_trust(f"eip155:1:{LEDGER}/5").issuers == ((5, "issuer 5"),)
    assert parse_trust(f"eip155:1:{LEDGER}/{LEDGER}").accreditors[0][0] == bytes.fromhex(LEDGER[2:])


@pytest.mark.parametrize(
    "text", ["", "/", "5", f"{LEDGER}/5", f"eip155:1:{LEDGER}", f"eip155:1:{LEDGER}/", f"eip155:1:{LEDGER}/0",
             f"eip155:1:{LEDGER}/-1", f"eip155:1:{LEDGER}/٥", f"eip155:1:{LEDGER}/5/6", f"eip155:x:{LEDGER}/5",
             f"eip155:1:{LEDGER}/" + "9" * 5000]
)  # fmt: skip
def test_trust_refuses(text: str) -> None:
    with pytest.raises(InputError):
        parse_trust(text)


def test_trust_adds_and_never_unpins() -> None:
    policy = parse_policy(FULL)
    more = policy.with_trust(parse_trust(f"eip155:100:{LEDGER}/7")).with_trust(parse_trust(f"eip155:100:{LEDGER}/8"))
    (ledger,) = more.ledgers
    assert ledger.genesis == b"\x11" * 32 and ledger.code == b"\x22" * 32 and not ledger.test
    assert (
        dict(ledger.issuers) == {7: "Univerza", 8: "issuer 8"} and ledger.accreditors == policy.ledgers[0].accreditors
    )
    other = policy.with_trust(parse_trust(f"eip155:5:{LEDGER}/7"))
    assert len(other.ledgers) == 2
    assert other.ledger(Home(5, bytes.fromhex(LEDGER[2:]), 7)) == other.ledgers[1]
    assert other.ledger(Home(6, bytes.fromhex(LEDGER[2:]), 7)) is None
