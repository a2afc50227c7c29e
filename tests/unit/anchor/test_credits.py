"""The binding to the credits contract without a chain: sentences, digests, files, and what is given up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from anchor.credits import claim_arguments, credits_abi, redeem_arguments
from anchor.credits_errors import CREDITS_SENTENCES
from anchor.keys import signer_from_secret
from anchor.ledger import ledger_abi
from anchor.ledger_abi import encode_values
from anchor.ledger_errors import decode_revert
from anchor.ledger_intents import settled
from anchor.outbox import Intent
from node.connection import is_credit_call
from rootseal.canonical import dumps, loads
from rootseal.commitment import Home, Subject
from rootseal.consents import Claim, Redemption, award_hash, claim_of
from rootseal.errors import InputError, UndeterminedError
from rootseal.reason import Reason
from tests.support.fake_chain import FakeChain
from tests.support.world import World

CONTRACT = b"\x0c" * 20
ERRORS = sorted(credits_abi().errors.values(), key=lambda entry: entry.name)
ZEROS = {"address": bytes(20), "bytes32": bytes(32)}


@pytest.mark.parametrize("name", [entry.name for entry in ERRORS])
def test_every_custom_error_has_a_sentence_with_its_values(name: str) -> None:
    entry = next(error for error in ERRORS if error.name == name)
    values = [ZEROS.get(kind, number) for number, kind in enumerate(entry.inputs, 3)]
    data = entry.selector + encode_values(name, entry.inputs, values)
    for found in (decode_revert(data), decode_revert(data, credits_abi())):
        assert (found.name, found.arguments) == (name, dict(zip(entry.names, values, strict=True)))
        assert "{" not in str(found)
        assert "refused the call" not in str(found)


def test_no_sentence_is_for_an_error_that_there_is_not() -> None:
    assert set(CREDITS_SENTENCES) <= {entry.name for entry in ERRORS}


def test_the_two_contracts_can_be_told_apart_by_the_selectors_of_their_functions() -> None:
    ours = {entry.selector for entry in credits_abi().functions.values()}
    assert not ours & {entry.selector for entry in ledger_abi().functions.values()}
    shared = {entry.selector for entry in ERRORS} & set(ledger_abi().errors)
    assert {credits_abi().errors[selector].name for selector in shared} <= {"ValueTooLarge"}


def typed(name: str, fields: list[tuple[str, str]], values: dict[str, object], contract: bytes, chain: int) -> bytes:
    """The digest by another implementation of EIP-712."""
    domain = {"name": "Rootseal", "version": "1", "chainId": chain, "verifyingContract": "0x" + contract.hex()}
    types = {name: [{"name": field, "type": kind} for field, kind in fields]}
    secret = (7).to_bytes(32)
    return bytes(Account.from_key(secret).sign_message(encode_typed_data(domain, types, values)).signature)


def test_what_is_signed_is_what_other_software_signs() -> None:
    signer = signer_from_secret((7).to_bytes(32))
    claim = world_claim()
    expected = typed("Claim", [("commitment", "bytes32"), ("deadline", "uint64")],
                     {"commitment": claim.commitment, "deadline": claim.deadline}, CONTRACT, 31337)  # fmt: skip
    assert signer.sign_digest(claim.digest) == expected
    redemption = Redemption(claim.home, CONTRACT, claim.commitment, b"\1" * 20, 7, "Modul Č", b"\2" * 32, 99)
    fields = [("tokenId", "uint256"), ("receiver", "uint64"), ("award", "bytes32"), ("deadline", "uint64")]
    values: dict[str, object] = {"tokenId": int.from_bytes(claim.commitment), "receiver": 7,
                                 "award": award_hash("Modul Č", b"\2" * 32), "deadline": 99}  # fmt: skip
    assert signer.sign_digest(redemption.digest) == typed("Redeem", fields, values, CONTRACT, 31337)
    reason = Reason(claim.home, claim.commitment, "revoke", "Ker", 5, 6)
    fields = [("issuer", "uint64"), ("commitment", "bytes32"), ("act", "string"), ("reason", "string"),
              ("actAt", "uint64"), ("signedAt", "uint64")]  # fmt: skip
    values = {"issuer": claim.home.issuer, "commitment": claim.commitment, "act": "revoke", "reason": "Ker",
              "actAt": 5, "signedAt": 6}  # fmt: skip
    assert signer.sign_digest(reason.digest) == typed("Reason", fields, values, claim.home.ledger, 31337)
    assert reason.signed(signer.sign_digest(reason.digest)).key == signer.address


def world_claim() -> Claim:
    world = World()
    return claim_of(world.file(5), CONTRACT, 2_000_000_000)


def test_a_claim_computes_the_commitment_of_its_credential() -> None:
    world = World()
    for index in range(len(world.entries)):
        claim = claim_of(world.file(index), CONTRACT, 2_000_000_000)
        assert claim.commitment == world.file(index).commitment
        assert claim.root == next(a.root for a in world.file(index).proofs.anchors if a.introduces(index))


def test_files_come_back_and_are_read_strictly() -> None:
    claim = world_claim().signed(b"\x01" * 65)
    redemption = Redemption(claim.home, CONTRACT, claim.commitment, b"\1" * 20, 7, "A", b"\2" * 32, 99, b"\3" * 65)
    signer = signer_from_secret((7).to_bytes(32))
    reason = Reason(claim.home, claim.commitment, "suspend", "Ker", 5, 6)
    reason = reason.signed(signer.sign_digest(reason.digest))
    assert Claim.from_bytes(claim.to_bytes()) == claim
    assert Redemption.from_bytes(redemption.to_bytes()) == redemption
    assert Reason.from_bytes(reason.to_bytes()) == reason
    for read, data in (
        (Claim.from_bytes, claim.to_bytes()),
        (Redemption.from_bytes, redemption.to_bytes()),
        (Reason.from_bytes, reason.to_bytes()),
    ):
        value = loads(data)
        assert isinstance(value, dict)
        for name in value:
            with pytest.raises(InputError, match=name):
                read(dumps({key: item for key, item in value.items() if key != name}))
        with pytest.raises(InputError, match="is not a known member"):
            read(dumps({**value, "title": "Ledgers"}))
        with pytest.raises(InputError, match="format"):
            read(dumps({**value, "format": "rootseal/claim/2"}))


@pytest.mark.parametrize(
    ("member", "value"),
    [("holder", "0x" + "0" * 40), ("credits", 0), ("creditId", "0" * 32), ("index", 1 << 48), ("root", "00"),
     ("signature", "0x"), ("path", ["0" * 64] * 49), ("deadline", -1), ("contract", "0X" + "0" * 40)],
)  # fmt: skip
def test_a_claim_with_a_wrong_member_is_refused_by_its_name(member: str, value: object) -> None:
    good = loads(world_claim().signed(b"\x01" * 65).to_bytes())
    assert isinstance(good, dict)
    with pytest.raises(InputError, match=member):
        Claim.from_bytes(dumps({**good, member: value}))  # type: ignore[dict-item]


def test_what_has_no_credits_no_key_or_no_anchor_cannot_be_claimed() -> None:
    file = World().file(5)
    with pytest.raises(InputError, match="no key"):
        claim_of(replace(file, subject=Subject(bytes(20), 500, b"\1" * 16)), CONTRACT, 1)
    with pytest.raises(InputError, match="no credits"):
        claim_of(replace(file, subject=Subject(file.subject.holder)), CONTRACT, 1)
    with pytest.raises(UndeterminedError, match="wallet update"):
        claim_of(file.with_proofs(replace(file.proofs, anchors=()), None), CONTRACT, 1)


def test_the_arguments_fit_the_contract() -> None:
    claim = world_claim().signed(b"\x01" * 65)
    assert credits_abi().encode_call("claim", *claim_arguments(claim))
    redemption = Redemption(
        Home(1, b"\4" * 20, 2), CONTRACT, claim.commitment, b"\1" * 20, 7, "A", b"\2" * 32, 9, b"\3"
    )
    name, arguments = credits_abi().decode_call(credits_abi().encode_call("redeem", *redeem_arguments(redemption))) or (
        "",
        (),
    )
    assert (name, arguments[0].to_bytes(32), arguments[1]) == ("redeem", claim.commitment, 7)


def test_a_call_of_neither_contract_is_never_settled() -> None:
    assert not settled(FakeChain(), Intent("x", bytes(20), CONTRACT, b"\x01\x02\x03\x04"))


def test_only_credit_calls_may_be_given_up() -> None:
    assert is_credit_call(Intent("credits/claim/00/1", bytes(20), CONTRACT, b""))
    for name in ("anchor/1", "status/1/revoke", "call/ab/addKey/cd/1", "init/register"):
        assert not is_credit_call(Intent(name, bytes(20), CONTRACT, b""))
