"""Copies as an institution issues them: each in a batch of its own, among other learners' credentials."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256

from rootseal.canonical import Json
from rootseal.ethereum import ZERO_ADDRESS
from rootseal.files import CredentialFile
from rootseal.merkle import leaf_hash, root_of
from tests.support.issued import Institution

__all__ = ["add_copies", "address", "issue_copies", "nobodys", "own_values", "place_of", "public_values"]

_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9a-f]{16,}(?![0-9A-Za-z])")


def address(number: int) -> bytes:
    """Somebody's address, another for each number."""
    return sha256(b"address %d" % number).digest()[:20]


def place_of(institution: Institution, number: int) -> int:
    """Where the credential with that number in its id stands in the log."""
    name = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
    return next(at for at, file in enumerate(institution.sealed) if file.credential["id"] == name)


def issue_copies(
    institution: Institution,
    holders: Sequence[bytes],
    learner: str = "Ana Novak",
    *,
    others: int = 3,
    publish: bool = True,
) -> list[CredentialFile]:
    """One copy a holder, the first with the credits; every one published by another anchor."""
    first = _batch(institution, lambda: institution.issue(learner, holders[0]), others, publish)
    return [institution.file(first), *add_copies(institution, first, holders[1:], others=others, publish=publish)]


def add_copies(
    institution: Institution, first: int, holders: Sequence[bytes], *, others: int = 3, publish: bool = True
) -> list[CredentialFile]:
    """More copies of what stands at `first`."""
    places = [
        _batch(institution, lambda holder=holder: institution.copy(first, holder), others, publish)  # type: ignore[misc]
        for holder in holders
    ]
    return [institution.file(place) for place in places]


def nobodys(count: int) -> list[bytes]:
    """Holders of copies that are bound to no address."""
    return [ZERO_ADDRESS] * count


def own_values(data: bytes) -> set[str]:
    """Every run of 16 or more hex digits in a file, with or without 0x: hashes, salts, signatures, addresses."""
    return set(_hashes(json.loads(data)))


def public_values(institution: Institution, *files: CredentialFile) -> set[str]:
    """Everything of 16 hex digits and more that two presentations of one log may share, whoever's they are.

    * the home: the ledger's address stands in every file of the institution, also within the issuer's id;
    * the issuer document, which is one for all;
    * nodes of the published log that stand above neither of the two: every path past them has them. A node above
      one leaf alone is another learner's entry, as the log publishes it;
    * anchored roots, which stand on the chain: one file's anchor may be a node in the other's path, as it is for
      everybody of those batches.
    """
    roots = {anchor.root.hex() for anchor in institution.anchors}
    home = set(_hashes(json.loads(files[0].to_bytes())["home"]))
    document = set(_hashes(institution.document))
    return home | document | roots | _log_nodes(institution, [file.proofs.index for file in files])


def _hashes(value: Json) -> Iterator[str]:
    """Every run of 16 or more hex digits below `value`."""
    if isinstance(value, str):
        yield from (found.removeprefix("0x") for found in _HEX.findall(value))
    elif isinstance(value, dict):
        for item in value.values():
            yield from _hashes(item)
    elif isinstance(value, list):
        for item in value:
            yield from _hashes(item)


def _log_nodes(institution: Institution, places: Sequence[int]) -> set[str]:
    tree, found = institution.tree, set[str]()
    for start in range(tree.size):
        for end in range(start + 1, tree.size + 1):
            width = end - start
            aligned = start % (1 << (width - 1).bit_length()) == 0
            if aligned and not any(start <= place < end for place in places):
                found.add(root_of([leaf_hash(file.commitment) for file in institution.sealed[start:end]]).hex())
    return found


def _batch(institution: Institution, issue: object, others: int, publish: bool) -> int:
    assert callable(issue)
    number = len(institution.sealed) + len(institution.waiting)
    issue()
    for other in range(others):
        institution.issue(f"Other {number + other}", address(1_000 + number + other))
    institution.seal(1_790_820_000 + number)
    if publish:
        institution.publish()
    return place_of(institution, number)
