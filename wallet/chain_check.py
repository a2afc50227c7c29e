"""Comparing an updated credential with the chain that the user named, before it is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rootseal.anchoring import Anchor, BlockRef, Promise, Proofs
from rootseal.errors import UndeterminedError, VerificationError
from rootseal.facts import AnchorFact, LedgerFacts
from rootseal.files import CredentialFile
from rootseal.issuer_check import document_in_force
from rootseal.policy import Policy
from rootseal.verification import verify
from wallet.collecting import Sources, collect_facts, ledger_facts
from wallet.merging import is_anchored, merge

__all__ = ["ChainCheck"]


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """One node of the chain, at `rpc`; `policy` may pin what chain and contract it must serve."""

    rpc: str
    policy: Policy | None

    def complete(self, file: CredentialFile) -> CredentialFile:
        """Where the very checkpoint of the promise was published, the promise's path is the anchor's too.

        Any other anchor needs a path that only the issuer's log has. Raises `UndeterminedError`.
        """
        promise = file.proofs.promise
        if promise is None or is_anchored(file):
            return file
        fact = self._facts(file, (promise.root,)).anchors.get(promise.root)
        if fact is None or fact.size != promise.size or not fact.previous_size <= file.proofs.index < fact.size:
            return file
        anchor = self._anchor(file, promise, fact)
        return merge(file, file.with_proofs(Proofs(file.proofs.index, promise, (anchor,)), file.issuer_document))

    def require_agreement(self, file: CredentialFile, now: int) -> None:
        """The chain must say of a file with its anchor that it is published and final.

        Raises `VerificationError` where it says otherwise, `UndeterminedError` where it does not say.
        """
        data = file.to_bytes()
        facts = collect_facts(data, self.policy, Sources(self.rpc))
        anchor = verify(data, self.policy, facts, now=now).credentials[0].checks[3]
        if anchor.outcome == "fail":
            raise VerificationError(anchor.code, anchor.reason)
        if anchor.outcome == "unknown" and is_anchored(file):
            raise UndeterminedError(f"nothing was changed: {anchor.reason}", anchor.code)

    def require_registered(self, file: CredentialFile, document_hash: bytes) -> None:
        """The document must be the one in force when the credential was introduced. Raises `VerificationError`."""
        introducing = file.proofs.introducing(file.home)
        documents = self._facts(file, ()).documents
        found = None if introducing is None else document_in_force(documents, introducing.block.number)
        if found is None or found.document_hash != document_hash:
            raise VerificationError(
                "update.document", "it is not the description that was registered when the credential was published"
            )

    def _facts(self, file: CredentialFile, roots: tuple[bytes, ...]) -> LedgerFacts:
        found = ledger_facts(file.home, roots, (), self.policy, Sources(self.rpc))
        if isinstance(found, str):
            raise UndeterminedError(f"the chain could not be asked: {found}", "chain.unavailable")
        return found

    def _anchor(self, file: CredentialFile, promise: Promise, fact: AnchorFact) -> Anchor:
        from anchor.evidence import build
        from anchor.ledger_events import anchored_events
        from anchor.web3_chain import open_chain

        chain, number = open_chain(self.rpc), fact.block.number
        events = anchored_events(chain, file.home.ledger, file.home.issuer, number, number)
        log = next((event.log for event in events if event.root == promise.root), None)
        if log is None:
            raise UndeterminedError("the chain's node does not show the event of the publication", "chain.unavailable")
        anchor = Anchor(
            file.home, fact.sequence, fact.size, fact.previous_size, promise.root, promise.path, log.transaction,
            BlockRef(number, fact.block.hash, fact.block.timestamp), None,
        )  # fmt: skip
        return replace(anchor, evidence=build(chain, anchor))
