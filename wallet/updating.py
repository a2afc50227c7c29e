"""From promise to anchor: ask the issuer's node, believe nothing, keep what proves itself.

The order is the design: the answer is read strictly, put beside the credential, proven (inclusion,
evidence, same commitment), merged so that nothing better is lost, compared with the chain where the user
named one, and only then written, in one step. A crash or a false answer leaves the file as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal

from rootseal.anchoring import Proofs
from rootseal.canonical import MAX_BYTES, Json, dumps, loads
from rootseal.errors import InputError, RootsealError, UndeterminedError, VerificationError
from rootseal.files import CredentialFile
from rootseal.policy import Policy
from rootseal.strict import hex_bytes, members
from wallet.chain_check import ChainCheck
from wallet.disk import read_file, write_atomically
from wallet.issuer_http import IssuerNode
from wallet.merging import is_anchored, merge
from wallet.proving import require_proof

__all__ = ["Outcome", "Updater", "exit_code_of"]

_PROOF_FORMAT = "rootseal/proof/1"
_ISSUER_FORMAT = "rootseal/issuer/1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one credential. `document_hash` is the SHA-256 of an issuer document that was added."""

    change: Literal["updated", "unchanged"]
    anchored: bool
    notes: tuple[str, ...] = ()
    document_hash: str | None = None

    @property
    def sentence(self) -> str:
        """For a person."""
        state = "it holds its proof of publication" if self.anchored else "not published yet as far as could be found"
        words = "brought up to date" if self.change == "updated" else "nothing new"
        added = (
            "" if self.document_hash is None else f" The issuer's description was added (SHA-256 {self.document_hash})."
        )
        return f"{words}; {state}.{added}" + "".join(f" {note}" for note in self.notes)

    def to_json(self) -> dict[str, Json]:
        """Members of the JSON answers of `update` and `wallet update`."""
        return {
            "outcome": self.change,
            "anchored": self.anchored,
            "issuerDocumentHash": self.document_hash,
            "notes": list(self.notes),
        }


def exit_code_of(outcome: Outcome) -> int:
    """0 where the file holds its introducing anchor, 3 while that is not possible yet."""
    return 0 if outcome.anchored else 3


@dataclass(frozen=True, slots=True)
class Updater:
    """Where to ask: the issuer's node, the chain, or both. `now` in UTC seconds."""

    node: IssuerNode | None
    chain: ChainCheck | None
    now: int

    @classmethod
    def of(cls, node_url: str | None, rpc: str | None, policy: Policy | None, now: int) -> Updater:
        """From what the user named. Raises `InputError` where nobody was."""
        if node_url is None and rpc is None:
            raise InputError("--from", "name the issuer's node (--from URL), a node of the chain (--rpc URL), or both")
        node = None if node_url is None else IssuerNode(node_url)
        return cls(node, None if rpc is None else ChainCheck(rpc, policy), now)

    def update_file(self, path: Path) -> Outcome:
        """Update the file at `path` in place. Raises `InputError`, `VerificationError` or `UndeterminedError`."""
        ours = require_proof(read_file(path), self.now)
        updated, outcome = self.update(ours)
        if updated != ours:
            write_atomically(path, updated.to_bytes())
        return outcome

    def update(self, ours: CredentialFile) -> tuple[CredentialFile, Outcome]:
        """The credential with better proofs, and what changed. Raises as `update_file`."""
        notes: list[str] = []
        merged = self._from_node(ours, notes) if self.node is not None else ours
        if self.chain is not None:
            merged = self.chain.complete(merged)
        merged, document_hash = self._with_document(merged, notes)
        if merged != ours:
            merged = require_proof(_bounded(merged), self.now)
            if self.chain is not None:
                self.chain.require_agreement(merged, self.now)
        change: Literal["updated", "unchanged"] = "unchanged" if merged == ours else "updated"
        return merged, Outcome(change, is_anchored(merged), tuple(notes), document_hash)

    def _from_node(self, ours: CredentialFile, notes: list[str]) -> CredentialFile:
        assert self.node is not None
        answer = self.node.proof(ours.commitment)
        if answer.status == 202:
            notes.append("The issuer has accepted it and not published it yet.")
            return ours
        if answer.status == 404:
            raise UndeterminedError(f"{self.node.url} does not know this credential", "node.unknown")
        if answer.status != 200:
            raise UndeterminedError(f"{self.node.url} answered with HTTP {answer.status}", "node.refused")
        proofs = read_proofs(answer.body, ours.commitment, self.node.url)
        theirs = require_proof(_bounded(ours.with_proofs(proofs, ours.issuer_document)), self.now)
        return merge(ours, theirs)

    def _with_document(self, file: CredentialFile, notes: list[str]) -> tuple[CredentialFile, str | None]:
        """Add the issuer's document where it is missing; trouble with it must not cost the proofs."""
        if self.node is None or file.issuer_document is not None or not is_anchored(file):
            return file, None
        try:
            document = self._document(file)
        except RootsealError as error:
            notes.append(f"The issuer's description was not added: {error.diagnostics()}.")
            return file, None
        return replace(file, issuer_document=document), sha256(dumps(document)).hexdigest()

    def _document(self, file: CredentialFile) -> Json:
        assert self.node is not None
        answer = self.node.issuer_document()
        if answer.status != 200:
            raise UndeterminedError(f"{self.node.url} answered with HTTP {answer.status}", "node.refused")
        document = read_issuer_document(answer.body, file, self.node.url)
        if self.chain is not None:
            self.chain.require_registered(file, sha256(dumps(document)).digest())
        return document


def read_proofs(body: bytes, commitment: bytes, source: str) -> Proofs:
    """The answer of GET /v1/proofs/<commitment>, read strictly.

    Raises `UndeterminedError` for what is no such answer, `VerificationError` for one about another credential.
    """
    try:
        m = members(loads(body, "answer"), "answer", ("format", "commitment", "index", "promise", "anchors"))
        if m["format"] != _PROOF_FORMAT:
            raise InputError("answer.format", f"must be {_PROOF_FORMAT}", m["format"])
        named = hex_bytes(m["commitment"], "answer.commitment", 32)
        proofs = Proofs.from_json(m, "answer")
    except InputError as error:
        raise UndeterminedError(f"{source} gave no usable answer: {error}", "node.malformed") from error
    if named != commitment:
        raise VerificationError("update.commitment", f"{source} answered about another credential")
    return proofs


def read_issuer_document(body: bytes, file: CredentialFile, source: str) -> Json:
    """The issuer document of GET /v1/issuer; its `id` must be that of the credential's issuer."""
    try:
        document = loads(body, "issuer document")
        if not isinstance(document, dict) or document.get("format") != _ISSUER_FORMAT:
            raise InputError("issuer document", f"must be {_ISSUER_FORMAT}")
    except InputError as error:
        raise UndeterminedError(f"{source} gave no usable description: {error}", "node.malformed") from error
    if document.get("id") != file.open().issuer_id:
        raise VerificationError("update.issuer", f"{source} describes another issuer than the credential names")
    return document


def _bounded(file: CredentialFile) -> bytes:
    data = file.to_bytes()
    if len(data) > MAX_BYTES:
        raise VerificationError("update.large", f"with the answer the file would be larger than {MAX_BYTES} bytes")
    return data
