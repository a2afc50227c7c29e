"""Claims and the commitment, with the example of the specification."""

from __future__ import annotations

from hashlib import sha256, shake_256
from typing import Any

import pytest

from rootseal.anchoring import Proofs
from rootseal.canonical import Json, dumps
from rootseal.claims import MAX_CLAIMS, Claim, encode_claim, encode_document, salt_claims, walk
from rootseal.commitment import Home, Subject, claims_root, commit, parse_chain
from rootseal.errors import InputError
from rootseal.files import CredentialFile
from rootseal.merkle import leaf_hash, root_of

EXAMPLE: dict[str, Json] = {"a": [1, "x"], "b": {}}
EXAMPLE_HOME = Home(31337, bytes(20), 1)
EXAMPLE_SUBJECT = Subject(credits=500, credit_id=(1).to_bytes(16))
EXAMPLE_COMMITMENT = "7f223fc85fff388200d5941ac476070ec9f1c4b0afde3ef010016bbc36f7cd0a"


def test_example_of_the_specification() -> None:
    file = CredentialFile(EXAMPLE_HOME, None, EXAMPLE, bytes(32), EXAMPLE_SUBJECT, Proofs(0, None, ()))
    assert file.commitment.hex() == EXAMPLE_COMMITMENT


def test_example_computed_by_hand() -> None:
    h = lambda data: sha256(data).digest()  # noqa: E731
    stream = shake_256(b"rootseal/salts/1" + bytes(32)).digest(16 * 9)
    salts = [stream[at : at + 16] for at in range(0, len(stream), 16)]
    encodings = [b'[["a",0],1]', b'[["a",1],"x"]', b'[["b"],{}]']
    leaves = sorted(
        [h(b"\x00" + salt + encoding) for salt, encoding in zip(salts[1:4], encodings, strict=True)]
        + [h(b"\x00" + salt) for salt in salts[4:]]
    )
    assert len(leaves) == 8
    pairs = [h(b"\x01" + leaves[i] + leaves[i + 1]) for i in range(0, 8, 2)]
    tree = h(b"\x01" + h(b"\x01" + pairs[0] + pairs[1]) + h(b"\x01" + pairs[2] + pairs[3]))
    claims = h(b"\x02" + bytes([0, 0, 0, 8]) + bytes(8) + bytes(8) + tree)
    subject = h(b"\x00" + salts[0] + bytes(20) + (500).to_bytes(8, "big") + bytes(15) + b"\x01")
    log = h(b"rootseal/log/1" + (31337).to_bytes(8, "big") + bytes(20) + (1).to_bytes(8, "big"))
    assert h(b"\x03" + log + claims + subject).hex() == EXAMPLE_COMMITMENT


def test_walk_is_depth_first_in_rfc_8785_order() -> None:
    document: Json = {"b": [[], {"\u20ac": None, "\U0001f600": 1, "\uff21": 2}], "a": {"z": "", "y": False}, "": 0.5}
    assert [(claim.path, claim.value) for claim in walk(document)] == [
        (("",), 0.5),
        (("a", "y"), False),
        (("a", "z"), ""),
        (("b", 0), []),
        (("b", 1, "\u20ac"), None),
        (("b", 1, "\U0001f600"), 1),
        (("b", 1, "\uff21"), 2),
    ]


def test_array_element_and_member_named_like_a_number_differ() -> None:
    array, member = encode_document(["x"]), encode_document({"0": "x"})
    assert (array, member) == ([b'[[0],"x"]'], [b'[["0"],"x"]'])


def test_empty_document_is_one_claim_at_the_empty_path() -> None:
    assert list(walk({})) == [Claim((), {})] and encode_document({}) == [b"[[],{}]"]


@pytest.mark.parametrize(
    "value", [1e21, -1e21, 1e-7, 5e-324, 2.0**53, 1e20, 2**53, float("nan"), "\ud800", {"\ud800": 1}]
)
def test_what_no_file_can_carry_cannot_be_committed_to(value: Any) -> None:
    with pytest.raises(InputError):
        encode_document({"x": value})


def test_a_document_is_encoded_claim_by_claim() -> None:
    document: Json = {"a": {"b": [1, {"c": "d"}]}, "e": [2]}
    assert encode_document(document) == [encode_claim(claim) for claim in walk(document)]


@pytest.mark.parametrize(("claims", "count"), [(1, 8), (7, 8), (8, 8), (9, 16), (4095, 4096), (4096, 4096)])
def test_decoys_pad_to_a_multiple_of_eight(claims: int, count: int) -> None:
    salted = salt_claims([b"%d" % i for i in range(claims)], bytes(32))
    assert salted.count == count == len(set(salted.leaves))
    assert list(salted.leaves) == sorted(salted.leaves)
    for i in (0, claims - 1):
        assert salted.leaves[salted.positions[i]] == leaf_hash(salted.salts[i] + b"%d" % i)
    assert salted.root == root_of(salted.leaves)


@pytest.mark.parametrize("claims", [0, MAX_CLAIMS + 1])
def test_no_claims_and_too_many_are_refused(claims: int) -> None:
    with pytest.raises(InputError, match="credential"):
        salt_claims([b"x"] * claims, bytes(32))


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_seed_has_32_bytes(length: int) -> None:
    with pytest.raises(InputError, match="seed"):
        salt_claims([b"x"], bytes(length))


def test_equal_values_get_different_leaves() -> None:
    assert len(set(salt_claims([b"same"] * 64, bytes(32)).leaves)) == 64


def test_claims_root_binds_count_dates_and_tree() -> None:
    base = (8, 1, 2, bytes(32))
    roots = {claims_root(*base)} | {
        claims_root(*(*base[:i], v, *base[i + 1 :])) for i, v in enumerate((16, 2, 0, b"\1" * 32))
    }  # type: ignore[arg-type]
    assert len(roots) == 5


def test_commitment_binds_chain_ledger_and_issuer() -> None:
    homes = [Home(1, bytes(20), 1), Home(2, bytes(20), 1), Home(1, b"\1" * 20, 1), Home(1, bytes(20), 2)]
    claims, subject = claims_root(8, 0, 0, bytes(32)), Subject().hash(bytes(16))
    assert len({commit(home, claims, subject) for home in homes}) == 4


def test_subject_binds_holder_credits_and_credit_id() -> None:
    one = (1).to_bytes(16)
    subjects = [Subject(), Subject(b"\1" * 20), Subject(credits=1, credit_id=one), Subject(credits=2, credit_id=one),
                Subject(credits=1, credit_id=(2).to_bytes(16))]  # fmt: skip
    assert len({subject.hash(bytes(16)) for subject in subjects} | {Subject().hash(b"\1" * 16)}) == 6


@pytest.mark.parametrize(("credits", "credit_id"), [(1, 0), (0, 1), (-1, 1), (2**64, 1)])
def test_credit_id_stands_exactly_where_credits_do(credits: int, credit_id: int) -> None:
    with pytest.raises(InputError, match="subject"):
        Subject(credits=credits, credit_id=credit_id.to_bytes(16))


@pytest.mark.parametrize(
    ("text", "chain"), [("eip155:1", 1), ("eip155:31337", 31337), (f"eip155:{2**64 - 1}", 2**64 - 1)]
)
def test_chain_names(text: str, chain: int) -> None:
    assert parse_chain(text) == chain
    assert Home(chain, bytes(20), 1).chain == text


@pytest.mark.parametrize(
    "text", ["eip155:0", "eip155:01", "eip155:", "eip155:-1", f"eip155:{2**64}", "eip155:1" + "0" * 30, "EIP155:1", "1",
             1, None, "eip155:1\n", "eip155:١", "eip155: 1"]
)  # fmt: skip
def test_chain_names_refused(text: object) -> None:
    with pytest.raises(InputError, match="chain"):
        parse_chain(text)


def test_home_reads_the_forms_of_the_files() -> None:
    home = Home.of("eip155:31337", "0x5FbDB2315678afecb367f032d93F642f64180aa3", 7)
    assert home.key == (31337, bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3"), 7)
    assert str(home) == "eip155:31337 ledger 0x5fbdb2315678afecb367f032d93f642f64180aa3 issuer 7"


def test_canonical_form_of_a_claim_is_what_is_hashed() -> None:
    claim = Claim(("a", 0, "é"), "x\n")
    assert encode_claim(claim) == dumps([["a", 0, "é"], "x\n"]) == '[["a",0,"é"],"x\\n"]'.encode()
