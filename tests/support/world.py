"""A synthetic issuer for tests: keys, a log published in several anchors, files, and the facts that a chain would give.

Everything follows from the arguments: two worlds made alike are equal to the byte, and no chain is needed.
The log is in `World.tree`, the entries in log order in `World.entries`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

from coincurve import PrivateKey

from rootseal.anchoring import Anchor, BlockRef, Evidence, Promise, Proofs
from rootseal.canonical import Json, dumps
from rootseal.claims import Path
from rootseal.commitment import Home, Subject
from rootseal.ethereum import ZERO_ADDRESS, keccak256
from rootseal.facts import (
    AccreditationFact,
    AnchorFact,
    BlockFact,
    DocumentFact,
    EvidenceFact,
    Facts,
    KeyFact,
    LedgerFacts,
    StatusFact,
)
from rootseal.files import CredentialFile
from rootseal.merkle import Tree, leaf_hash
from rootseal.policy import LedgerPolicy, Policy
from rootseal.presentation import HolderProof, Presentation, PresentedCredential, present
from rootseal.tlog import NoteKey, origin
from rootseal.typed_data import checkpoint_digest
from tests.support.badge_document import DAY, START, credential_document

__all__ = [
    "ACCREDITOR",
    "AUDIENCE",
    "DAY",
    "GENESIS",
    "LEDGER",
    "NONCE",
    "START",
    "Entry",
    "World",
    "address_of",
    "disclose",
    "key",
    "rehome",
    "sign",
]

LEDGER = bytes.fromhex("5fbdb2315678afecb367f032d93f642f64180aa3")
GENESIS = sha256(b"genesis").digest()
ACCREDITOR = bytes.fromhex("a000000000000000000000000000000000000001")
AUDIENCE, NONCE = "employer.example", "n-7c1f"
_ANCHOR_ROLE, _STATUS_ROLE = 1, 2


def key(name: str) -> PrivateKey:
    """The secp256k1 key of a name."""
    return PrivateKey(sha256(b"rootseal test key " + name.encode()).digest())


def address_of(signer: PrivateKey) -> bytes:
    """The 20-byte Ethereum address of a key."""
    return keccak256(signer.public_key.format(compressed=False)[1:])[12:]


def sign(signer: PrivateKey, digest: bytes) -> bytes:
    """65 bytes r‖s‖v over a 32-byte digest; nonces by RFC 6979, hence always the same."""
    raw = signer.sign_recoverable(digest, hasher=None)
    return raw[:64] + bytes([raw[64] + 27])


@dataclass(frozen=True, slots=True)
class Entry:
    """One credential before it has a place: document, seed, subject, and its holder's key or None."""

    document: dict[str, Any]
    seed: bytes
    subject: Subject
    holder: PrivateKey | None

    def file(self, home: Home, proofs: Proofs, issuer_document: Json) -> CredentialFile:
        """The holder's file."""
        return CredentialFile(home, issuer_document, self.document, self.seed, self.subject, proofs)


class World:
    """An issuer whose log grew by `batches` entries at a time: each promised, then anchored a day after the last."""

    def __init__(
        self,
        batches: Sequence[int] = (3, 4, 6),
        *,
        chain_id: int = 31337,
        issuer: int = 1,
        ledger: bytes = LEDGER,
        holders: bool = True,
        until: int | None = None,
        name: str = "world",
    ) -> None:
        self.name, self.batches = name, tuple(batches)
        self.home = Home(chain_id, ledger, issuer)
        self.anchor_key, self.status_key = key(f"{name} anchor"), key(f"{name} status")
        log_key = sha256(f"{name} log".encode()).digest()
        self.issuer_document: dict[str, Any] = {
            "format": "rootseal/issuer/1",
            "id": "did:web:registrar.example.edu",
            "name": "Example University",
            "country": "SI",
            "url": "https://registrar.example.edu",
            "log": "https://registrar.example.edu/log",
            "logKey": {"ed25519": log_key.hex(), "vkey": NoteKey(origin(self.home), log_key).vkey},
        }
        self.tree, self.entries = Tree(), list[Entry]()
        for batch in batches:
            self._append([self._entry(len(self.entries) + i, holders, until) for i in range(batch)])
        self.sizes = tuple(sum(batches[: i + 1]) for i in range(len(batches)))
        self.now = START + len(batches) * DAY + 600

    def _entry(self, number: int, holders: bool, until: int | None) -> Entry:
        tag = f"{self.name} {number}".encode()
        holder = key(f"{self.name} holder {number}") if holders else None
        subject = Subject(
            ZERO_ADDRESS if holder is None else address_of(holder), 500, sha256(b"credit id " + tag).digest()[:16]
        )
        document = credential_document(number, self.issuer_document["id"], until=until)
        return Entry(document, sha256(b"seed " + tag).digest(), subject, holder)

    def _append(self, batch: Iterable[Entry]) -> None:
        """A batch enters the log ordered by commitment."""
        nowhere = Proofs(0, None, ())
        ordered = sorted((entry.file(self.home, nowhere, None).commitment, at, entry) for at, entry in enumerate(batch))
        self.tree.extend([leaf_hash(commitment) for commitment, _, _ in ordered])
        self.entries.extend(entry for _, _, entry in ordered)

    # ------------------------------------------------------------------------------------------------ proofs

    def block(self, sequence: int) -> BlockFact:
        """The block of an anchor; sequences count from 1."""
        return BlockFact(100 + 10 * sequence, sha256(b"block %d" % sequence).digest(), START + sequence * DAY)

    def anchor(self, sequence: int, index: int, *, evidence: bool = False) -> Anchor:
        """Anchor `sequence` with the path of the entry at `index`."""
        size, previous = self.sizes[sequence - 1], self.sizes[sequence - 2] if sequence > 1 else 0
        block = self.block(sequence)
        return Anchor(
            self.home,
            sequence,
            size,
            previous,
            self.tree.root(size),
            self.tree.inclusion_path(index, size),
            sha256(b"transaction %d" % sequence).digest(),
            BlockRef(block.number, block.hash, block.timestamp),
            Evidence(b"\xf9header", 3, (b"\xf8root", b"\xf8leaf"), 1) if evidence else None,
        )

    def promise(self, sequence: int, index: int, signer: PrivateKey | None = None) -> Promise:
        """The checkpoint signed when batch `sequence` was sealed, an hour before its anchor; due an hour after it."""
        size, time = self.sizes[sequence - 1], self.block(sequence).timestamp
        signed_at, anchor_by = time - 3600, time + 3600
        root = self.tree.root(size)
        digest = checkpoint_digest(self.home, size, root, signed_at, anchor_by)
        path = self.tree.inclusion_path(index, size)
        return Promise(size, root, path, signed_at, anchor_by, sign(signer or self.anchor_key, digest))

    def introducing(self, index: int) -> int:
        """The sequence of the anchor in which the entry at `index` first appeared."""
        return next(at for at, size in enumerate(self.sizes, 1) if index < size)

    # ------------------------------------------------------------------------------------------------- files

    def file(
        self,
        index: int = 0,
        *,
        anchors: Sequence[int] | None = None,
        promise: bool = True,
        evidence: bool = False,
    ) -> CredentialFile:
        """The complete file of the entry at `index`, with its introducing anchor unless `anchors` names others."""
        first = self.introducing(index)
        named = (first,) if anchors is None else tuple(anchors)
        proofs = Proofs(
            index,
            self.promise(first, index) if promise else None,
            tuple(self.anchor(sequence, index, evidence=evidence) for sequence in named),
        )
        return self.entries[index].file(self.home, proofs, self.issuer_document)

    def presented(
        self, index: int = 0, show: Callable[[Path], bool] | None = None, *, subject: bool = True, promise: bool = True
    ) -> PresentedCredential:
        """One credential with everything hidden but what `show` asks for and what is always shown."""
        return present(self.file(index, promise=promise), show or (lambda path: False), show_subject=subject)

    def answer(
        self,
        credentials: Sequence[PresentedCredential],
        *signers: PrivateKey,
        audience: str = AUDIENCE,
        nonce: str = NONCE,
        created: int | None = None,
        lifetime: int = 600,
    ) -> Presentation:
        """A presentation that answers a verifier's question, signed by `signers` in order of their addresses."""
        created = self.now if created is None else created
        unsigned = HolderProof(audience, nonce, created, created + lifetime, ())
        bare = Presentation(tuple(credentials))
        digest = unsigned.digest(bare.digest)
        signatures = tuple(sign(signer, digest) for signer in sorted(signers, key=address_of))
        return replace(bare, holder=replace(unsigned, signatures=signatures))

    def holder(self, index: int) -> PrivateKey:
        """The key of the holder at `index`."""
        holder = self.entries[index].holder
        assert holder is not None
        return holder

    # ------------------------------------------------------------------------------------------ facts, policy

    @property
    def document_hash(self) -> bytes:
        """SHA-256 of the issuer document's RFC 8785 bytes, as it is registered."""
        return sha256(dumps(self.issuer_document)).digest()

    @cached_property
    def final(self) -> BlockFact:
        """The final head: ten blocks and ten minutes after the last anchor."""
        last = self.block(len(self.sizes))
        return BlockFact(last.number + 10, sha256(b"final").digest(), last.timestamp + 500)

    def anchor_facts(self) -> dict[bytes, AnchorFact | None]:
        """Every anchor by its root."""
        facts: dict[bytes, AnchorFact | None] = {}
        for sequence, size in enumerate(self.sizes, 1):
            previous = self.sizes[sequence - 2] if sequence > 1 else 0
            facts[self.tree.root(size)] = AnchorFact(sequence, size, previous, 0, self.block(sequence))
        return facts

    def ledger_facts(
        self, *, revoked: Iterable[int] = (), suspended: Iterable[int] = (), **changes: Any
    ) -> LedgerFacts:
        """What the chain says; `revoked` and `suspended` are log indexes, `changes` replace fields."""
        words = (self.sizes[-1] + 255) // 256 if self.sizes else 0
        status = StatusFact(
            BlockFact(self.final.number + 5, sha256(b"latest").digest(), self.final.timestamp + 60),
            _bitmap(revoked, words),
            _bitmap(suspended, words),
        )
        added = START - 60 * DAY
        facts = LedgerFacts(
            chain_id=self.home.chain_id,
            ledger=self.home.ledger,
            issuer=self.home.issuer,
            final=self.final,
            head_size=self.sizes[-1] if self.sizes else 0,
            anchors=self.anchor_facts(),
            keys=(
                KeyFact(address_of(self.anchor_key), _ANCHOR_ROLE, added, 0, 0),
                KeyFact(address_of(self.status_key), _STATUS_ROLE, added, 0, 0),
            ),
            documents=(DocumentFact(self.document_hash, added, 10),),
            accreditations=(self.accreditation(),),
            status=status,
            contract_wallets={entry.subject.holder: None for entry in self.entries if entry.holder is not None},
        )
        return replace(facts, **changes)

    def accreditation(self, **changes: Any) -> AccreditationFact:
        """An accreditation of the document in force, by `ACCREDITOR`, open-ended."""
        fact = AccreditationFact(ACCREDITOR, self.document_hash, START - 50 * DAY, 0, 0, False, "micro-credentials")
        return replace(fact, **changes)

    def facts(self, ledger: LedgerFacts | None = None, evidence: EvidenceFact | None = None) -> Facts:
        """Full facts; `evidence`, where given, is the outcome for every home anchor."""
        judged = {} if evidence is None else {(*self.home.key, root): evidence for root in self.anchor_facts()}
        return Facts({self.home.key: ledger or self.ledger_facts()}, {}, judged)

    def ledger_policy(self, **changes: Any) -> LedgerPolicy:
        """This ledger, its chain pinned, this issuer pinned."""
        pinned = LedgerPolicy(
            self.home.chain_id,
            self.home.ledger,
            GENESIS,
            issuers=((self.home.issuer, "Example University, Ljubljana"),),
        )
        return replace(pinned, **changes)

    @property
    def policy(self) -> Policy:
        """Trusts this issuer by its number."""
        return Policy((self.ledger_policy(),))

    @property
    def accreditor_policy(self) -> Policy:
        """Trusts whom `ACCREDITOR` accredits."""
        return Policy((self.ledger_policy(issuers=(), accreditors=((ACCREDITOR, "Quality Agency"),)),))


def disclose(*tops: str) -> Callable[[Path], bool]:
    """A choice of claims for `present`: those whose dotted path begins with one of `tops`."""
    return lambda path: any(".".join(map(str, path)).startswith(top) for top in tops)


def rehome(file: CredentialFile, home: Home) -> CredentialFile:
    """The same file as if it belonged to another log: home and home anchors renamed, nothing else."""
    anchors = tuple(replace(a, home=home) if a.home == file.home else a for a in file.proofs.anchors)
    return replace(file, home=home, proofs=replace(file.proofs, anchors=anchors))


def _bitmap(indexes: Iterable[int], words: int) -> tuple[int, ...]:
    bits = [0] * words
    for index in indexes:
        bits[index >> 8] |= 1 << (index & 255)
    return tuple(bits)
