"""Promises by compromised keys, which a real chain's test reaches only with much waiting: pure."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from anchor.audit.promise_files import PromiseFile, read_promises
from anchor.audit.promises import judge
from anchor.audit.state import AnchorEntry, IssuerState
from anchor.keys import signer_from_secret
from rootseal.anchoring import Promise
from rootseal.commitment import Home
from rootseal.errors import InputError
from rootseal.facts import KeyFact
from rootseal.typed_data import checkpoint_digest

HOME = Home(31338, bytes(20), 1)
SIGNER = signer_from_secret(sha256(b"key").digest())
ROOTS = {size: sha256(b"%d" % size).digest() for size in (5, 10, 20)}


def promised(size: int, anchor_by: int, root: bytes | None = None) -> PromiseFile:
    signed = ROOTS[size] if root is None else root
    signature = SIGNER.sign_digest(checkpoint_digest(HOME, size, signed, 100, anchor_by))
    return PromiseFile("a.json", HOME, Promise(size, signed, (), 100, anchor_by, signature))


def issuer(compromised_since: int = 0) -> IssuerState:
    """Anchors of 10 and 20 entries at seconds 200 and 300; the one key is retired at 400."""
    state = IssuerState(1, keys=[KeyFact(SIGNER.address, 1, 50, 400, compromised_since)])
    for sequence, (size, time) in enumerate(((10, 200), (20, 300)), 1):
        state.anchors.append(AnchorEntry(sequence, size, size - 10, ROOTS[size], SIGNER.address, 0, 1, time, bytes(32)))
    return state


def outcome(state: IssuerState, file: PromiseFile, now: int = 500) -> tuple[str, list[str], int | None]:
    judged = judge(HOME, state, [file], ROOTS, now)[0]
    return judged.outcome, [found.code for found in judged.findings], judged.anchor


@pytest.mark.parametrize(
    ("size", "anchor_by", "expected"),
    [
        (10, 200, ("kept", [], 1)),
        (10, 199, ("broken", ["promise.unkept"], None)),
        (5, 250, ("kept", [], 1)),
        (20, 250, ("broken", ["promise.unkept"], None)),
        (20, 300, ("kept", [], 2)),
    ],
)
def test_kept_iff_anchored_in_time(size: int, anchor_by: int, expected: tuple[str, list[str], int | None]) -> None:
    assert outcome(issuer(), promised(size, anchor_by)) == expected


def test_promise_by_a_compromised_key_binds_only_where_an_earlier_anchor_bears_it_out() -> None:
    assert outcome(issuer(compromised_since=250), promised(10, 200)) == ("kept", [], 1)
    assert outcome(issuer(compromised_since=250), promised(20, 300)) == ("void", ["promise.compromised"], None)
    forged = promised(10, 300, sha256(b"thief").digest())
    assert outcome(issuer(compromised_since=250), forged) == ("void", ["promise.compromised"], None)
    assert outcome(issuer(), forged) == ("contradicted", ["promise.equivocation"], None)


def test_promise_altered_after_signing_is_not_the_issuers() -> None:
    file = promised(10, 200)
    later = replace(file, promise=replace(file.promise, anchor_by=10_000))
    assert outcome(issuer(), later) == ("void", ["promise.signature"], None)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"format":"rootseal/proof/1"}', b'{"format":"rootseal/status/1"}'])
def test_file_without_a_promise_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read_promises("a.json", data)
