"""Two employers who compare what they were given find nothing that tells that both saw the same learner."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

from coincurve import PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rootseal.checks import Expected
from rootseal.files import CredentialFile
from rootseal.verification import verify
from tests.support.copies import address, issue_copies, nobodys, own_values, public_values
from tests.support.issued import address_of, paper_institution, sign
from wallet.disclosing import PRESETS
from wallet.presenting import Answer, Question, answered, assemble

KEYS = [PrivateKey(bytes([number]) * 32) for number in range(1, 5)]
NOW = 1_795_000_000


def presentation(file: CredentialFile, wishes: list[str], asked: int | None) -> bytes:
    """What one employer is given: answered and signed with the copy's own key where somebody asked."""
    made = assemble([file], wishes, asked is not None)
    if asked is None:
        return made.to_bytes()
    key = KEYS[asked]
    question = Question(f"Employer {asked}", f"nonce {asked}", NOW - 10 - asked, NOW + 600 + asked)
    answer = Answer(address_of(key), lambda digest: sign(key, digest))
    return answered(made, question, answer).to_bytes()


@settings(max_examples=25)
@given(
    wishes=st.lists(st.sampled_from(sorted(PRESETS)), min_size=1, max_size=3, unique=True),
    others=st.integers(0, 4),
    signed=st.booleans(),
    bound=st.booleans(),
)
def test_no_hash_salt_index_address_or_id_is_shared(wishes: list[str], others: int, signed: bool, bound: bool) -> None:
    institution = paper_institution(("Bor Kos", "Cene Zupan", "Dana Kolar"))
    holders = [address_of(key) for key in KEYS] if bound else nobodys(4)
    files = issue_copies(institution, holders, others=others)
    made = [presentation(file, wishes, at if signed and bound else None) for at, file in enumerate(files)]
    for (one, first), (other, second) in combinations(zip(files, made, strict=True), 2):
        shared = own_values(first) & own_values(second)
        assert shared <= public_values(institution, one, other), shared
        assert_all_else_differs(json.loads(first)["credentials"][0], json.loads(second)["credentials"][0])
        assert len(own_values(first)) > 20  # the walk finds what it looks for


def assert_all_else_differs(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one["index"] != other["index"]
    assert one["promise"]["signature"] != other["promise"]["signature"]
    assert {anchor["root"] for anchor in one["anchors"]}.isdisjoint(anchor["root"] for anchor in other["anchors"])
    assert {claim["salt"] for claim in one["shown"]}.isdisjoint(claim["salt"] for claim in other["shown"])
    assert set(one["hidden"]).isdisjoint(other["hidden"])
    assert one["subject"] != other["subject"]
    ids = [[claim["value"] for claim in each["shown"] if claim["path"] == ["id"]] for each in (one, other)]
    assert ids[0] != ids[1] or ids == [[], []]


def test_the_walk_finds_what_a_second_showing_of_one_copy_shares() -> None:
    """The property above can fail: one copy shown twice shares salts, hidden roots and the place in the log."""
    institution = paper_institution(("Bor Kos",))
    first, second = issue_copies(institution, [address(1), address(2)])
    shared = own_values(presentation(first, ["title"], None)) & own_values(presentation(first, ["grade"], None))
    assert shared - public_values(institution, first, second)


def test_the_complete_files_share_nothing_either() -> None:
    institution = paper_institution(("Bor Kos",))
    files = issue_copies(institution, [address(number) for number in range(4)])
    for one, other in combinations(files, 2):
        assert own_values(one.to_bytes()) & own_values(other.to_bytes()) <= public_values(institution, one, other)


def test_every_copy_proves_itself_and_answers_with_its_own_key() -> None:
    institution = paper_institution(("Bor Kos",))
    files = issue_copies(institution, [address_of(key) for key in KEYS])
    for at, file in enumerate(files):
        expected = Expected(f"Employer {at}", f"nonce {at}")
        (credential,) = verify(presentation(file, ["title"], at), now=NOW, expected=expected).credentials
        assert [check.outcome for check in credential.checks[:3]] == ["pass"] * 3
        assert credential.checks[7].outcome == "pass"
