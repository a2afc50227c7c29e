"""Somebody who has a copy of a node's hot key: anchors a false credential over the log, and revokes true ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from anchor.calling import Caller, LedgerCall
from anchor.keys import Signer, load_keystore
from anchor.ledger import Ledger
from anchor.ledger_events import anchored_events
from anchor.sender import SendPolicy
from anchor.web3_chain import open_chain
from node.config import read_config
from node.services import Services
from rootseal.anchoring import Anchor, BlockRef, Proofs
from rootseal.canonical import dumps
from rootseal.commitment import Subject
from rootseal.files import CredentialFile
from rootseal.merkle import Tree, leaf_hash
from tests.support.badge_document import credential_document
from tests.support.memory_outbox import MemoryOutbox

__all__ = ["Thief"]


@dataclass
class Thief:
    """Reads the victim's directory and writes only to the chain."""

    node: Path
    signer: Signer
    commitments: list[bytes] = field(default_factory=list)
    false: CredentialFile | None = None

    @classmethod
    def of(cls, node: Path, passphrase: str) -> Thief:
        """With the key that lies in `node` now."""
        with Services.open(node) as services:
            known = services.entries(0, services.newest_checkpoint().size)  # type: ignore[union-attr]
        return cls(node, load_keystore(node / read_config(node).key_file, passphrase), list(known))

    @property
    def ledger(self) -> Ledger:
        """The victim's."""
        config = read_config(self.node)
        return Ledger(open_chain(config.chain_urls[0]), config.home.ledger)

    def send(self, function: str, *arguments: object, signer: Signer | None = None) -> None:
        """One call about the victim, final."""
        config, ledger = read_config(self.node), self.ledger
        call = LedgerCall(function, function, (config.home.issuer, *arguments))
        outbox, policy = MemoryOutbox(), SendPolicy(config.finality)
        Caller(
            ledger.chain, outbox, signer or self.signer, config.pins, ledger.address, policy, lambda _: None
        ).send(call)  # fmt: skip

    def revoke(self, index: int) -> None:
        """A true credential."""
        self.send("revoke", [index >> 8], [1 << (index & 255)], 0)

    def anchor_false(self) -> int:
        """Anchor a credential that nobody awarded; the time of that block."""
        home = read_config(self.node).home
        with Services.open(self.node) as services:
            document = json.loads(services.issuer_document())
        body = credential_document(666, document["id"])
        seed = sha256(b"false").digest()
        self.false = CredentialFile(home, document, body, seed, Subject(), Proofs(len(self.commitments), None, ()))
        self.commitments.append(self.false.commitment)
        return self.anchor()

    def anchor(self, signer: Signer | None = None) -> int:
        """Anchor the log as it is now, by the stolen key or another; the time of that block."""
        head = self.ledger.head(read_config(self.node).home.issuer)
        root = self._tree().root()
        self.send("anchor", head.sequence + 1, len(self.commitments), root, signer=signer)
        record = self.ledger.anchor_of(read_config(self.node).home.issuer, root)
        assert record is not None
        return record.time

    def false_file(self) -> bytes:
        """The false credential with every anchor that holds it, as its holder would show it."""
        assert self.false is not None
        home, ledger, index = read_config(self.node).home, self.ledger, self.false.proofs.index
        last = ledger.chain.block("latest")
        assert last is not None
        anchors = []
        for event in anchored_events(ledger.chain, home.ledger, home.issuer, 0, last.number):
            if event.size <= index or event.log is None:
                continue
            block = ledger.chain.block(event.log.block_number)
            assert block is not None
            path = self._tree().inclusion_path(index, event.size)
            place = BlockRef(block.number, block.hash, block.timestamp)
            anchors.append(
                Anchor(
                    home, event.sequence, event.size, event.previous_size, event.root, path,
                    event.log.transaction, place, None,
                )
            )  # fmt: skip
        proofs = Proofs(index, None, tuple(anchors))
        return dumps(json.loads(self.false.with_proofs(proofs, self.false.issuer_document).to_bytes()))

    def _tree(self) -> Tree:
        return Tree(map(leaf_hash, self.commitments))
