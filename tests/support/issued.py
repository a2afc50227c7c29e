"""An institution for tests, straight on the core: it issues, seals, promises, and publishes where it is told to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Protocol

from coincurve import PrivateKey

from anchor.chain import Chain, Receipt
from anchor.deploying import deploy_unlocked, wait_for_receipt
from anchor.evidence import build
from anchor.ledger import call_data
from anchor.ledger_events import registered_issuer
from anchor.pins import read_pins
from node.samples import templates
from rootseal.anchoring import Anchor, BlockRef, Promise, Proofs
from rootseal.canonical import Json, dumps
from rootseal.commitment import Home, Subject
from rootseal.credential import Award, DocumentBuilder, IssuerProfile
from rootseal.ethereum import ZERO_ADDRESS, keccak256
from rootseal.files import CredentialFile
from rootseal.merkle import Tree, leaf_hash
from rootseal.policy import LedgerPolicy, Policy
from rootseal.typed_data import checkpoint_digest

DAY = 86_400
_GAS = 2_000_000


def sign(key: PrivateKey, digest: bytes) -> bytes:
    """65 bytes r‖s‖v, v 27 or 28."""
    signature = key.sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([signature[64] + 27])


def address_of(key: PrivateKey) -> bytes:
    """The 20-byte address of a key."""
    return keccak256(key.public_key.format(compressed=False)[1:])[12:]


class Publisher(Protocol):
    """Where checkpoints go."""

    def publish(self, home: Home, sequence: int, size: int, previous: int, root: bytes) -> Anchor:
        """Publish one and say where it stands, with an empty path."""


class PaperPublisher:
    """Publishes nowhere: anchors that hang together and stand on no chain."""

    def publish(self, home: Home, sequence: int, size: int, previous: int, root: bytes) -> Anchor:
        block = BlockRef(100 + sequence, sha256(root).digest(), 1_790_900_000 + 100 * sequence)
        return Anchor(home, sequence, size, previous, root, (), sha256(b"t" + root).digest(), block, None)


@dataclass
class Institution:
    """One issuer's log: `issue`, then `seal`, then `publish`; `files` gives everything issued so far."""

    home: Home
    publisher: Publisher = field(default_factory=PaperPublisher)
    name: str = "Example University"
    key: PrivateKey = field(default_factory=lambda: PrivateKey(b"\x11" * 32))
    tree: Tree = field(default_factory=Tree)
    sealed: list[CredentialFile] = field(default_factory=list)
    waiting: list[CredentialFile] = field(default_factory=list)
    anchors: list[Anchor] = field(default_factory=list)

    @property
    def issuer_id(self) -> str:
        """The DESIGN §8 name of an issuer without a host."""
        return f"urn:rootseal:{self.home.chain}:0x{self.home.ledger.hex()}:{self.home.issuer}"

    @property
    def document(self) -> dict[str, Json]:
        """The issuer document."""
        return {"format": "rootseal/issuer/1", "id": self.issuer_id, "name": self.name, "country": "SI"}

    @property
    def document_hash(self) -> bytes:
        """What is registered."""
        return sha256(dumps(self.document)).digest()

    def issue(
        self, learner: str = "Ana Novak", holder: bytes = ZERO_ADDRESS, template: str = "fintech-innovation"
    ) -> None:
        """Accept one award; it waits for the next seal."""
        number = len(self.sealed) + len(self.waiting)
        sample = templates()[template]
        given, _, family = learner.partition(" ")
        award = Award(f"{number:08}", given, family, "2026-10-01", "71" if sample.grading else None, holder=None)
        builder = DocumentBuilder(sample, IssuerProfile(self.issuer_id, self.name, country="SI"))
        built = builder.build(award, f"urn:uuid:00000000-0000-4000-8000-{number:012}")
        credit_id = sha256(b"%d" % number).digest()[:16] if built.credits else bytes(16)
        self.waiting.append(
            CredentialFile(
                self.home, None, built.document, sha256(b"seed%d" % number).digest(),
                Subject(holder, built.credits, credit_id), Proofs(0, None, ()),
            )
        )  # fmt: skip

    def copy(self, index: int, holder: bytes = ZERO_ADDRESS) -> None:
        """Accept one more copy of what stands at `index`: id, seed and address of its own, and no credits."""
        number, first = len(self.sealed) + len(self.waiting), self.sealed[index]
        document: dict[str, Json] = {**first.credential, "id": f"urn:uuid:00000000-0000-4000-8000-{number:012}"}
        seed = sha256(b"seed%d" % number).digest()
        self.waiting.append(
            CredentialFile(self.home, None, document, seed, Subject(holder, 0, bytes(16)), Proofs(0, None, ()))
        )

    def seal(self, now: int | None = None) -> None:
        """Enter what waits, ordered by commitment, and sign the checkpoint."""
        batch = sorted(self.waiting, key=lambda file: file.commitment)
        first = self.tree.size
        self.tree.extend(leaf_hash(file.commitment) for file in batch)
        self.waiting.clear()
        signed_at = int(time.time()) if now is None else now
        for index, file in enumerate(batch, first):
            self.sealed.append(file.with_proofs(Proofs(index, self._promise(index, signed_at), ()), None))

    def _promise(self, index: int, signed_at: int) -> Promise:
        size, root = self.tree.size, self.tree.root()
        digest = checkpoint_digest(self.home, size, root, signed_at, signed_at + DAY)
        path = self.tree.inclusion_path(index)
        return Promise(size, root, path, signed_at, signed_at + DAY, sign(self.key, digest))

    def publish(self) -> Anchor:
        """Anchor the newest checkpoint."""
        previous = self.anchors[-1].size if self.anchors else 0
        sequence, size = len(self.anchors) + 1, self.tree.size
        self.anchors.append(self.publisher.publish(self.home, sequence, size, previous, self.tree.root()))
        return self.anchors[-1]

    def proofs(self, index: int) -> Proofs:
        """The newest proofs of one entry: its promise, and its introducing anchor where there is one."""
        anchors = tuple(
            replace(anchor, path=self.tree.inclusion_path(index, anchor.size))
            for anchor in self.anchors
            if anchor.introduces(index)
        )
        return Proofs(index, self.sealed[index].proofs.promise, anchors)

    def file(self, index: int = 0, *, document: bool = True) -> CredentialFile:
        """The holder's file with everything known by now."""
        proofs = self.proofs(index)
        return self.sealed[index].with_proofs(proofs, self.document if document and proofs.anchors else None)

    def proof_answer(self, index: int) -> bytes:
        """What GET /v1/proofs/<commitment> answers."""
        commitment = self.sealed[index].commitment.hex()
        return dumps({"format": "rootseal/proof/1", "commitment": commitment, **self.proofs(index).to_json()})


def paper_institution(
    learners: Sequence[str] = ("Ana Novak",), holder: bytes = ZERO_ADDRESS, *, publish: bool = True
) -> Institution:
    """One with everything issued and sealed, on a ledger that does not exist."""
    institution = Institution(Home(31337, b"\x05" * 20, 1))
    for learner in learners:
        institution.issue(learner, holder)
    institution.seal(1_790_820_000)
    if publish:
        institution.publish()
    return institution


class ChainPublisher:
    """A ledger on a development chain whose first unlocked account is every issuer's administrator."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.ledger = deploy_unlocked(chain).address
        self.account = chain.accounts()[0]
        self.url = ""

    def register(self, name: str = "Example University", key: PrivateKey | None = None) -> Institution:
        """An issuer with its document registered, and two keys: the account to anchor, `key` to promise."""
        key = key or PrivateKey(b"\x11" * 32)
        receipt = self.send("register", name, "", bytes(32))
        number = registered_issuer(receipt, self.ledger)
        assert number is not None
        institution = Institution(Home(self.chain.chain_id(), self.ledger, number), self, name, key)
        self.send("setDocument", number, institution.document_hash)
        self.send("addKey", number, self.account, 3)
        self.send("addKey", number, address_of(key), 1)
        return institution

    def send(self, function: str, *arguments: object) -> Receipt:
        """A call that changes the ledger, mined and successful."""
        data = call_data(function, *arguments)
        receipt = wait_for_receipt(
            self.chain, self.chain.send_unlocked(self.account, self.ledger, data, 0, _GAS), timeout=30
        )
        assert receipt.status == 1, function
        return receipt

    def publish(self, home: Home, sequence: int, size: int, previous: int, root: bytes) -> Anchor:
        """Anchor it, mined, with evidence."""
        receipt = self.send("anchor", home.issuer, sequence, size, root)
        block = self.chain.block(receipt.block_number)
        assert block is not None
        place = BlockRef(block.number, block.hash, block.timestamp)
        anchor = Anchor(home, sequence, size, previous, root, (), receipt.transaction, place, None)
        return replace(anchor, evidence=build(self.chain, anchor))

    def revoke(self, home: Home, index: int) -> None:
        """Revoke one entry."""
        self.send("revoke", home.issuer, [index >> 8], [1 << (index & 255)], 0)

    def policy(self, home: Home, *rpcs: str, name: str = "Example University") -> Policy:
        """A verifier's policy that pins chain, contract and the one issuer."""
        pins = read_pins(self.chain, self.ledger)
        ledger = LedgerPolicy(
            home.chain_id,
            home.ledger,
            pins.genesis,
            pins.code_hash,
            rpcs,
            marked_test=True,
            issuers=((home.issuer, name),),
        )
        return Policy((ledger,))
