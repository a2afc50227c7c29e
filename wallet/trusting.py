"""What a policy means, in words, and the small changes that `rootseal trust` makes to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rootseal.canonical import Json
from rootseal.commitment import parse_chain
from rootseal.errors import InputError
from rootseal.ethereum import checksum_address, keccak256, parse_address
from rootseal.policy import CreditsContract, LedgerPolicy, Policy, parse_trust

__all__ = [
    "Place",
    "credits_contract",
    "described",
    "parse_named_accreditor",
    "parse_named_issuer",
    "parse_place",
    "pinned_from_chain",
    "removed",
    "to_json",
]


@dataclass(frozen=True, slots=True)
class Place:
    """A ledger contract, and at most one of: an issuer number on it, an accreditor's address."""

    chain_id: int
    ledger: bytes
    issuer: int | None = None
    accreditor: bytes | None = None


def parse_place(text: str) -> Place:
    """`eip155:1:0xLEDGER`, `…/ISSUER` or `…/0xACCREDITOR`. Raises `InputError`."""
    if "/" not in text:
        chain, _, ledger = text.rpartition(":")
        return Place(parse_chain(chain, "LEDGER"), parse_address(ledger, "LEDGER"))
    trust = parse_trust(text)
    issuer = trust.issuers[0][0] if trust.issuers else None
    accreditor = trust.accreditors[0][0] if trust.accreditors else None
    return Place(trust.chain_id, trust.address, issuer, accreditor)


def parse_named_issuer(text: str) -> tuple[int, str]:
    """`7=University of Example`. Raises `InputError`."""
    number, equals, name = text.partition("=")
    if not (equals and name.strip() and number.isascii() and number.isdigit() and len(number) <= 15 and int(number)):
        raise InputError("--issuer", 'must be NUMBER=NAME, such as "7=University of Example"', text)
    return int(number), name.strip()


def parse_named_accreditor(text: str) -> tuple[bytes, str]:
    """`0x…=Quality Agency`. Raises `InputError`."""
    address, equals, name = text.partition("=")
    if not equals or not name.strip():
        raise InputError("--accreditor", 'must be ADDRESS=NAME, such as "0x…=Quality Agency"', text)
    return parse_address(address.strip(), "--accreditor"), name.strip()


def pinned_from_chain(ledger: LedgerPolicy, url: str) -> LedgerPolicy:
    """With genesis and code hash as the node at `url` gives them, and that node among those to ask.

    A pin that is there already must agree. Raises `UndeterminedError` (`WrongChain` among them).
    """
    from anchor.pins import Pins, read_pins
    from anchor.web3_chain import open_chain

    chain = open_chain(url)
    Pins(ledger.chain_id, ledger.genesis, ledger.address, ledger.code).check(chain)
    found = read_pins(chain, ledger.address)
    return replace(ledger, genesis=found.genesis, code=found.code_hash, rpcs=tuple(dict.fromkeys((*ledger.rpcs, url))))


def credits_contract(ledger: LedgerPolicy, address: str, code: bytes | None, url: str | None) -> CreditsContract:
    """The credits contract at `address`, with the code hash given, else as the node at `url` tells it.

    Raises `InputError` where neither is there or the contract reads another ledger; `UndeterminedError`
    where the node serves another chain or does not answer.
    """
    place = parse_address(address, "--credits")
    if url is None:
        if code is None:
            raise InputError("--credits", "needs its code hash too: --credits-code 0x…, or --pin-from URL", address)
        return CreditsContract(place, code)
    found = _credits_code(ledger, place, url)
    if code not in (None, found):
        raise InputError(
            "--credits-code", "is not the hash of the code at this address", "0x" + bytes(code or b"").hex()
        )
    return CreditsContract(place, found)


def _credits_code(ledger: LedgerPolicy, address: bytes, url: str) -> bytes:
    """The hash of its code, once it has said that it reads this very ledger."""
    from anchor.chain import Reverted
    from anchor.pins import Pins, read_pins
    from anchor.web3_chain import open_chain

    chain = open_chain(url)
    Pins(ledger.chain_id, ledger.genesis, ledger.address, ledger.code).check(chain)
    found = read_pins(chain, address).code_hash
    try:
        answer = chain.call(address, keccak256(b"ledger()")[:4])
    except Reverted:
        answer = b""
    if found is None or answer != bytes(12) + ledger.address:
        raise InputError("--credits", "is not a credits contract of this ledger", checksum_address(address))
    return found


def removed(policy: Policy, place: Place) -> Policy:
    """Without the ledger, or without the one issuer or accreditor on it. Raises `InputError` where it is not there."""
    known = next((p for p in policy.ledgers if (p.chain_id, p.address) == (place.chain_id, place.ledger)), None)
    if known is None:
        raise InputError("LEDGER", "is not in the policy", f"eip155:{place.chain_id}:0x{place.ledger.hex()}")
    if place.issuer is None and place.accreditor is None:
        return replace(policy, ledgers=tuple(p for p in policy.ledgers if p is not known))
    less = replace(
        known,
        issuers=tuple(item for item in known.issuers if item[0] != place.issuer),
        accreditors=tuple(item for item in known.accreditors if item[0] != place.accreditor),
    )
    if less == known:
        raise InputError("LEDGER/WHOM", "is not trusted by the policy, so there is nothing to remove")
    return replace(policy, ledgers=tuple(less if p is known else p for p in policy.ledgers))


def described(policy: Policy) -> list[str]:
    """The policy in plain sentences."""
    if not policy.ledgers:
        return ["You trust nobody yet, so no credential can be called genuine. Add somebody with: rootseal trust add"]
    sentences: list[str] = []
    for ledger in policy.ledgers:
        sentences += _ledger_sentences(ledger)
    if policy.holder_required:
        sentences.append("Whoever presents a credential must prove that it is theirs.")
    if policy.accredited_now:
        sentences.append("An issuer must be accredited when it issued and also today.")
    return sentences


def to_json(policy: Policy) -> dict[str, Json]:
    """Members of the JSON answer of `rootseal trust`."""
    return {
        "holderRequired": policy.holder_required,
        "accreditedNow": policy.accredited_now,
        "ledgers": [_ledger_json(ledger) for ledger in policy.ledgers],
    }


def _ledger_sentences(ledger: LedgerPolicy) -> list[str]:
    name = f"“{ledger.name}”, " if ledger.name else ""
    sentences = [f"On the ledger {name}{checksum_address(ledger.address)} of the chain eip155:{ledger.chain_id}:"]
    sentences += [f"- you trust {issuer_name} (issuer {number})." for number, issuer_name in ledger.issuers]
    sentences += [
        f"- you trust every issuer that {accreditor_name} ({checksum_address(address)}) accredited."
        for address, accreditor_name in ledger.accreditors
    ]
    if not ledger.issuers and not ledger.accreditors:
        sentences.append("- you trust nobody yet.")
    if ledger.credits is not None:
        sentences.append(f"- credits count in the contract {checksum_address(ledger.credits.address)} alone.")
    if ledger.test:
        why = "" if ledger.marked_test else _why_test(ledger)
        sentences.append(f"- it counts as a test ledger{why}: verdicts say TEST.")
    asked = ", ".join(ledger.rpcs) if ledger.rpcs else "nobody, until you give a node with --rpc"
    sentences.append(f"- to be asked: {asked}; revocation data may be {ledger.max_status_age} seconds old.")
    return sentences


def _why_test(ledger: LedgerPolicy) -> str:
    if ledger.genesis is None:
        return ", because its chain's first block is not pinned (--pin-from or --genesis)"
    return ", because the chain id is one of development chains"


def _ledger_json(ledger: LedgerPolicy) -> Json:
    return {
        "name": ledger.name,
        "chain": f"eip155:{ledger.chain_id}",
        "address": "0x" + ledger.address.hex(),
        "genesis": None if ledger.genesis is None else "0x" + ledger.genesis.hex(),
        "code": None if ledger.code is None else "0x" + ledger.code.hex(),
        "rpcs": list(ledger.rpcs),
        "finality": ledger.finality,
        "test": ledger.test,
        "maxStatusAge": ledger.max_status_age,
        "issuers": [{"number": number, "name": name} for number, name in ledger.issuers],
        "accreditors": [{"address": "0x" + address.hex(), "name": name} for address, name in ledger.accreditors],
        "credits": None
        if ledger.credits is None
        else {"address": "0x" + ledger.credits.address.hex(), "code": "0x" + ledger.credits.code.hex()},
    }
