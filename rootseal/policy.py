"""Whom a verifier trusts: `policy.toml`, format `rootseal/policy/1` (DESIGN §7).

Trust comes from here and never from a file that is being verified. Reading is strict: a setting that
is not known is an error, for a mistyped limit must not silently be no limit.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from typing import Any, cast

import tomli_w

from rootseal.canonical import Json
from rootseal.commitment import Home, parse_chain
from rootseal.errors import ConfigError, InputError
from rootseal.ethereum import checksum_address, parse_address
from rootseal.strict import array, ethereum_hex, integer, members, string

__all__ = [
    "DEFAULT_MAX_STATUS_AGE",
    "POLICY_FORMAT",
    "TEST_CHAINS",
    "CreditsContract",
    "LedgerPolicy",
    "Policy",
    "format_policy",
    "is_test",
    "parse_policy",
    "parse_trust",
]

POLICY_FORMAT = "rootseal/policy/1"
TEST_CHAINS = frozenset({1337, 31337, 31338})
DEFAULT_MAX_STATUS_AGE = 86_400
_FINALITY = re.compile(r"tag|depth:[1-9][0-9]{0,5}", re.ASCII)
_NAME = 200


@dataclass(frozen=True, slots=True)
class CreditsContract:
    """The one contract whose credits count on a ledger: its address, and keccak-256 of its runtime code (32 bytes)."""

    address: bytes
    code: bytes


@dataclass(frozen=True, slots=True)
class LedgerPolicy:
    """One ledger contract and whom to believe on it.

    `genesis` and `code` (keccak-256 of the runtime code) are 32 bytes or None where not pinned;
    `finality` is `tag` or `depth:N`; `max_status_age` in seconds; `issuers` maps pinned issuer numbers,
    `accreditors` trusted accreditors' addresses, to the names that the verifier gave them. `credits` None: no
    credits on this ledger count.
    """

    chain_id: int
    address: bytes
    genesis: bytes | None = None
    code: bytes | None = None
    rpcs: tuple[str, ...] = ()
    finality: str = "tag"
    marked_test: bool = False
    max_status_age: int = DEFAULT_MAX_STATUS_AGE
    issuers: tuple[tuple[int, str], ...] = ()
    accreditors: tuple[tuple[bytes, str], ...] = ()
    name: str = ""
    credits: CreditsContract | None = None

    @property
    def test(self) -> bool:
        """True where no verdict may be mistaken for a real one: marked so, a development chain, or nothing pinned."""
        return self.marked_test or self.chain_id in TEST_CHAINS or self.genesis is None

    def issuer_name(self, issuer: int) -> str | None:
        """The verifier's name for a pinned issuer, or None where the issuer is not pinned."""
        return dict(self.issuers).get(issuer)

    def accreditor_name(self, address: bytes) -> str | None:
        """The verifier's name for a trusted accreditor, or None."""
        return dict(self.accreditors).get(address)


@dataclass(frozen=True, slots=True)
class Policy:
    """The ledgers that a verifier looks at, and what it asks for beyond checks 1 to 7."""

    ledgers: tuple[LedgerPolicy, ...] = ()
    holder_required: bool = False
    accredited_now: bool = False

    def ledger(self, home: Home) -> LedgerPolicy | None:
        """The policy for a home's chain and ledger, if it is covered."""
        return next((p for p in self.ledgers if (p.chain_id, p.address) == (home.chain_id, home.ledger)), None)

    def with_trust(self, trust: LedgerPolicy) -> Policy:
        """This policy and one more trust (see `parse_trust`); what is pinned already stays pinned."""
        known = next((p for p in self.ledgers if (p.chain_id, p.address) == (trust.chain_id, trust.address)), None)
        if known is None:
            return replace(self, ledgers=(*self.ledgers, trust))
        merged = replace(
            known,
            issuers=tuple({**dict(trust.issuers), **dict(known.issuers)}.items()),
            accreditors=tuple({**dict(trust.accreditors), **dict(known.accreditors)}.items()),
            rpcs=tuple(dict.fromkeys((*known.rpcs, *trust.rpcs))),
        )
        return replace(self, ledgers=tuple(merged if p is known else p for p in self.ledgers))


def parse_trust(text: str) -> LedgerPolicy:
    """`eip155:1:0xLEDGER/0xACCREDITOR` or `eip155:1:0xLEDGER/ISSUER`: one trust, nothing pinned.

    Raises `InputError`.
    """
    where = "--trust"
    chain_and_ledger, slash, whom = text.partition("/")
    chain, _, ledger = chain_and_ledger.rpartition(":")
    if not slash or not chain:
        raise InputError(where, "must be eip155:CHAIN:0xLEDGER/ISSUER or eip155:CHAIN:0xLEDGER/0xACCREDITOR", text)
    base = LedgerPolicy(parse_chain(chain, where), parse_address(ledger, where))
    if whom.isascii() and whom.isdigit() and 0 < len(whom) <= 15 and int(whom) > 0:
        return replace(base, issuers=((int(whom), f"issuer {int(whom)}"),))
    address = parse_address(whom, where)
    return replace(base, accreditors=((address, checksum_address(address)),))


def parse_policy(text: str) -> Policy:
    """Read `policy.toml`. Raises `ConfigError` naming the setting and its value."""
    try:
        value = cast(Json, tomllib.loads(text))
        m = members(value, "policy", ("format",), ("holder", "accredited_now", "ledgers"))
        if m["format"] != POLICY_FORMAT:
            raise InputError("policy.format", f"must be {POLICY_FORMAT}", m["format"])
        policy = Policy(
            array(m.get("ledgers", []), "policy.ledgers", _ledger, 0, 1000),
            _choice(m.get("holder", "optional"), "policy.holder", ("optional", "required")) == "required",
            _boolean(m.get("accredited_now", False), "policy.accredited_now"),
        )
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError("policy", f"is not TOML: {error}") from error
    except InputError as error:
        raise ConfigError(error.where, error.problem, error.value) from error
    places = [(ledger.chain_id, ledger.address) for ledger in policy.ledgers]
    if len(set(places)) != len(places):
        raise ConfigError("policy.ledgers", "names one ledger twice")
    return policy


def is_test(home: Home, policy: Policy | None) -> bool:
    """Whether what has this home is a rehearsal: a development chain, or a ledger that the policy counts as a test."""
    ledger = None if policy is None else policy.ledger(home)
    return home.chain_id in TEST_CHAINS or (ledger is not None and ledger.test)


def format_policy(policy: Policy) -> str:
    """The TOML text that `parse_policy` reads back to an equal policy."""
    return tomli_w.dumps(
        {
            "format": POLICY_FORMAT,
            "holder": "required" if policy.holder_required else "optional",
            "accredited_now": policy.accredited_now,
            "ledgers": [_ledger_table(ledger) for ledger in policy.ledgers],
        }
    )


def _ledger(value: Json, where: str) -> LedgerPolicy:
    optional = (
        "name",
        "genesis",
        "code",
        "rpcs",
        "finality",
        "test",
        "max_status_age",
        "issuers",
        "accreditors",
        "credits",
    )
    m = members(value, where, ("chain", "address"), optional)
    finality = string(m.get("finality", "tag"), f"{where}.finality")
    if not _FINALITY.fullmatch(finality):
        raise InputError(f"{where}.finality", "must be tag or depth:N", finality)
    return LedgerPolicy(
        parse_chain(m["chain"], f"{where}.chain"),
        parse_address(m["address"], f"{where}.address"),
        ethereum_hex(m["genesis"], f"{where}.genesis", 32) if "genesis" in m else None,
        ethereum_hex(m["code"], f"{where}.code", 32) if "code" in m else None,
        array(m.get("rpcs", []), f"{where}.rpcs", _url, 0, 16),
        finality,
        _boolean(m.get("test", False), f"{where}.test"),
        integer(m.get("max_status_age", DEFAULT_MAX_STATUS_AGE), f"{where}.max_status_age", 1),
        array(m.get("issuers", []), f"{where}.issuers", _issuer),
        array(m.get("accreditors", []), f"{where}.accreditors", _accreditor),
        string(m.get("name", ""), f"{where}.name", _NAME),
        _credits(m["credits"], f"{where}.credits") if "credits" in m else None,
    )


def _ledger_table(ledger: LedgerPolicy) -> dict[str, Any]:
    pinned = {"genesis": ledger.genesis, "code": ledger.code}
    return {
        "name": ledger.name,
        "chain": f"eip155:{ledger.chain_id}",
        "address": checksum_address(ledger.address),
        **{name: "0x" + value.hex() for name, value in pinned.items() if value is not None},
        "rpcs": list(ledger.rpcs),
        "finality": ledger.finality,
        "test": ledger.marked_test,
        "max_status_age": ledger.max_status_age,
        "issuers": [{"number": number, "name": name} for number, name in ledger.issuers],
        "accreditors": [{"address": checksum_address(a), "name": name} for a, name in ledger.accreditors],
        **({} if ledger.credits is None else {"credits": _credits_table(ledger.credits)}),
    }


def _issuer(value: Json, where: str) -> tuple[int, str]:
    m = members(value, where, ("number", "name"))
    return integer(m["number"], f"{where}.number", 1), string(m["name"], f"{where}.name", _NAME)


def _accreditor(value: Json, where: str) -> tuple[bytes, str]:
    m = members(value, where, ("address", "name"))
    return parse_address(m["address"], f"{where}.address"), string(m["name"], f"{where}.name", _NAME)


def _credits(value: Json, where: str) -> CreditsContract:
    m = members(value, where, ("address", "code"))
    return CreditsContract(
        parse_address(m["address"], f"{where}.address"), ethereum_hex(m["code"], f"{where}.code", 32)
    )


def _credits_table(contract: CreditsContract) -> dict[str, str]:
    return {"address": checksum_address(contract.address), "code": "0x" + contract.code.hex()}


def _url(value: Json, where: str) -> str:
    url = string(value, where, 2048)
    if not url.startswith(("http://", "https://")):
        raise InputError(where, "must be an http:// or https:// address", url)
    return url


def _boolean(value: Json, where: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(where, "must be true or false", value)
    return value


def _choice(value: Json, where: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise InputError(where, f"must be one of {', '.join(choices)}", value)
    return str(value)
