"""Addresses, keccak and signatures: the standards' own vectors, and eth-account as a second opinion."""

from __future__ import annotations

import pytest
from eth_account import Account

from rootseal.errors import InputError
from rootseal.ethereum import address_text, checksum_address, keccak256, parse_address, recover, signature_problem
from tests.support.world import address_of, key, sign

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
EIP_55 = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
DIGEST = keccak256(b"a question")


def test_keccak_is_not_sha3() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@pytest.mark.parametrize("text", EIP_55)
def test_checksum_is_eip_55(text: str) -> None:
    address = parse_address(text)
    assert checksum_address(address) == text
    assert address_text(address) == text.lower()
    assert parse_address(text.lower()) == parse_address("0x" + text[2:].upper()) == address


@pytest.mark.parametrize("text", EIP_55[4:])
def test_mistyped_letter_case_is_a_wrong_checksum(text: str) -> None:
    at = next(i for i in range(2, 42) if text[i].isalpha())
    with pytest.raises(InputError, match="EIP-55"):
        parse_address(text[:at] + text[at].swapcase() + text[at + 1 :])


@pytest.mark.parametrize(
    "text", ["", "0x", "52908400098527886E0F7030069857D2E4169EE7", "0X" + "0" * 40, "0x" + "0" * 39, "0x" + "0" * 41,
             "0x" + "g" * 40, "0x" + "٠" * 40, "0x" + "0" * 40 + "\n", None, 5]
)  # fmt: skip
def test_address_refuses(text: object) -> None:
    with pytest.raises(InputError, match=r"^ledger: "):
        parse_address(text, "ledger")


@pytest.mark.parametrize("number", range(20))
def test_recover_agrees_with_eth_account(number: int) -> None:
    account = Account.from_key(key(f"{number}").secret)
    digest = keccak256(b"%d" % number)
    signed = account.unsafe_sign_hash(digest)
    assert (
        recover(digest, bytes(signed.signature)) == bytes.fromhex(account.address[2:]) == address_of(key(f"{number}"))
    )
    assert bytes(signed.signature) == sign(key(f"{number}"), digest)


def _parts(r: int, s: int, v: int) -> bytes:
    return r.to_bytes(32) + s.to_bytes(32) + bytes([v])


def _refused() -> dict[str, bytes]:
    good = sign(key("signer"), DIGEST)
    r, s, v = int.from_bytes(good[:32]), int.from_bytes(good[32:64]), good[64]
    return {
        "empty": b"",
        "64 bytes": good[:64],
        "66 bytes": good + b"\0",
        "v 0": _parts(r, s, v - 27),
        "v 29": _parts(r, s, 29),
        "v of EIP-155": _parts(r, s, 37),
        "v 255": _parts(r, s, 255),
        "high s": _parts(r, ORDER - s, 55 - v),
        "r 0": _parts(0, s, v),
        "s 0": _parts(r, 0, v),
        "r of the order": _parts(ORDER, s, v),
        "r above the order": _parts(2**256 - 1, s, v),
        "s of the order": _parts(r, ORDER, v),
        "s just above half": _parts(r, ORDER // 2 + 1, v),
    }


@pytest.mark.parametrize("defect", _refused())
def test_signature_is_refused(defect: str) -> None:
    assert signature_problem(_refused()[defect]) is not None
    assert recover(DIGEST, _refused()[defect]) is None


def test_other_parity_recovers_another_address() -> None:
    good = sign(key("signer"), DIGEST)
    other = good[:64] + bytes([55 - good[64]])
    assert recover(DIGEST, other) not in (None, address_of(key("signer")))


@pytest.mark.parametrize("r", [5, ORDER - 1, ORDER - 3, 2**255, 7, 10**20])
@pytest.mark.parametrize("v", [27, 28])
def test_recover_of_any_point_is_an_address_or_none(r: int, v: int) -> None:
    # Half of all r are the x of no point of the curve.
    found = recover(DIGEST, _parts(r, 1, v))
    assert found is None or len(found) == 20


def test_recover_of_the_point_at_infinity_is_none() -> None:
    # With R = G and digest = s the recovered key r⁻¹(s·R − e·G) is the point at infinity.
    x = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798
    for v in (27, 28):
        for digest in (5, ORDER - 5):
            found = recover(digest.to_bytes(32), _parts(x, 5, v))
            assert found is None or len(found) == 20
    assert None in [recover(d.to_bytes(32), _parts(x, 5, v)) for v in (27, 28) for d in (5, ORDER - 5)]


@pytest.mark.parametrize("digest", [bytes(32), b"\xff" * 32])
def test_recover_of_extreme_digests_does_not_raise(digest: bytes) -> None:
    found = recover(digest, sign(key("signer"), DIGEST))
    assert found is None or len(found) == 20
