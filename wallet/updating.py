"""From promise to anchor: ask the issuer's node, believe nothing, write what the chain confirms.

The order is the design: the answer is read strictly, put beside the credential, proven (inclusion,
evidence, same commitment), settled with the chain, and only then written, in one step. A crash or a false
answer leaves the file as it was; without a chain to ask nothing is written at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal

from rootseal.anchoring import Proofs
from rootseal.canonical import MAX_BYTES, Json, dumps, loads
from rootseal.errors import InputError, RootsealError, UndeterminedError, VerificationError
from rootseal.facts import LedgerFacts
from rootseal.files import CredentialFile
from rootseal.issuer_check import document_in_force
from rootseal.policy import Policy
from rootseal.strict import hex_bytes, members
from wallet.chain_check import ChainCheck, require_agreement
from wallet.disk import read_file, write_atomically
from wallet.issuer_http import IssuerNode, NodeAnswer
from wallet.merging import is_anchored, merge
from wallet.phrases import Phrase, Remark
from wallet.proving import CheckFailedError, require_proof
from wallet.settling import is_confirmed, settle
from wallet.standing import Standing, of_chain, told_json, warning

__all__ = ["Outcome", "Updater", "exit_code_of"]

_PROOF_FORMAT = "rootseal/proof/1"
_ISSUER_FORMAT = "rootseal/issuer/1"
_NAME_A_CHAIN = Phrase(
    "name a chain (--rpc, or a policy with one) so that this can be checked before it is written; nothing was changed"
)
_OTHERWISE = Phrase("the issuer's node says otherwise than the file")
_NO_ANSWER_OF_OURS = Phrase("it is not what an issuer's node answers")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one credential. `document_hash` is the SHA-256 of an issuer document that was put in.

    `compared` is True iff a chain was asked, and agrees with what the file holds; `standing` is then its status.
    """

    change: Literal["updated", "unchanged"]
    anchored: bool
    compared: bool
    notes: tuple[str, ...] = ()
    document_hash: str | None = None
    standing: Standing | None = None

    @property
    def sentence(self) -> str:
        """For a person. What a verifier refuses it for stands first."""
        bad = warning(self.standing)
        return " ".join([*([bad] if bad else []), *self.phrases])

    @property
    def phrases(self) -> tuple[str, ...]:
        """What changed and what did not, sentence by sentence."""
        words = Phrase("brought up to date") if self.change == "updated" else Phrase("nothing new")
        added = "The issuer's description was added (SHA-256 {hash})."
        description = () if self.document_hash is None else (Phrase(added, hash=self.document_hash),)
        return Phrase("{change}; {state}", change=words, state=self._state), *description, *self.notes

    @property
    def _state(self) -> Phrase:
        if not self.anchored:
            return Phrase("not published yet as far as could be found.")
        if not self.compared:
            return Phrase("it names a publication, which no chain was asked about (--rpc, or a policy with a chain).")
        if self.standing is not None and self.standing.found is not None and self.standing.state == "unknown":
            return Phrase("it holds its proof of publication. {reason}", reason=self.standing.found)
        return Phrase("it holds its proof of publication.")

    def to_json(self) -> dict[str, Json]:
        """Members of the JSON answers of `update` and `wallet update`."""
        return {
            "outcome": self.change,
            "anchored": self.anchored,
            "compared": self.compared,
            "issuerDocumentHash": self.document_hash,
            **told_json(self.standing),
            "notes": list(self.notes),
        }


def exit_code_of(outcome: Outcome) -> int:
    """0 where the file holds its introducing anchor and the chain agrees; 1 where its issuer revoked or suspended it.

    3 while that cannot be said.
    """
    if outcome.standing is not None and outcome.standing.is_bad:
        return 1
    unsaid = outcome.standing is not None and outcome.standing.state == "unknown"
    return 0 if outcome.anchored and outcome.compared and not unsaid else 3


@dataclass(frozen=True, slots=True)
class Updater:
    """Where to ask: the issuer's node, if one is named, and the chain. `now` in UTC seconds."""

    node: IssuerNode | None
    chain: ChainCheck
    now: int

    @classmethod
    def of(cls, node_url: str | None, rpc: str | None, policy: Policy | None, now: int) -> Updater:
        """From what the user named. Raises `InputError` where there is nobody to ask."""
        asked = rpc is not None or (policy is not None and any(ledger.rpcs for ledger in policy.ledgers))
        if node_url is None and not asked:
            said = "name the issuer's node (--from URL), a node of the chain (--rpc URL), or both"
            raise InputError("--from", Phrase(said))
        return cls(None if node_url is None else IssuerNode(node_url), ChainCheck(rpc, policy), now)

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
        theirs = ours if self.node is None else self._from_node(self.node, ours, notes)
        if not self.chain.is_named(ours.home) and self.node is not None:
            _require_nothing_new(ours, theirs, _NAME_A_CHAIN)
            return ours, Outcome("unchanged", is_anchored(ours), False, tuple(notes))
        known = self.chain.ask(ours, theirs)
        facts = known[ours.home]
        if isinstance(facts, str):
            said = "this could not be checked, so nothing was changed: {reason}"
            _require_nothing_new(ours, theirs, Phrase(said, reason=facts))
            raise UndeterminedError(Phrase("the chain could not be asked: {reason}", reason=facts), "chain.unavailable")
        settled, told = settle(ours, theirs, known, self.chain.complete)
        notes += told
        self._require_agreement(settled, facts)
        settled, document_hash = self._with_document(settled, facts, notes)
        if settled != ours:
            settled = require_proof(_bounded(settled), self.now)
        change: Literal["updated", "unchanged"] = "unchanged" if settled == ours else "updated"
        standing = of_chain(settled, facts, self.chain.policy, self.now)
        return settled, Outcome(change, is_anchored(settled), True, tuple(notes), document_hash, standing)

    def _require_agreement(self, file: CredentialFile, facts: LedgerFacts) -> None:
        try:
            require_agreement(file, facts, self.now)
        except VerificationError as error:
            if self.node is not None:
                raise
            said = "{reason} The issuer's node may have what is true (--from URL)."
            reason = error.check if isinstance(error, CheckFailedError) else error.reason
            raise VerificationError(error.code, Phrase(said, reason=reason)) from error

    def _from_node(self, node: IssuerNode, ours: CredentialFile, notes: list[str]) -> CredentialFile:
        """The same credential with the node's proofs, which prove themselves; whether they are true is not asked."""
        answer = node.proof(ours.commitment)
        if answer.status == 202:
            notes.append(Phrase("The issuer has accepted it and not published it yet."))
            return ours
        if answer.status == 404:
            raise UndeterminedError(Phrase("{node} does not know this credential", node=node.url), "node.unknown")
        if answer.status != 200:
            raise _refused(node, answer)
        proofs = read_proofs(answer.body, ours.commitment, node.url)
        return require_proof(_bounded(ours.with_proofs(proofs, None)), self.now)

    def _with_document(
        self, file: CredentialFile, facts: LedgerFacts, notes: list[str]
    ) -> tuple[CredentialFile, str | None]:
        """With the issuer's document that was in force; trouble with it must not cost the proofs."""
        introducing = file.proofs.introducing(file.home)
        if introducing is None or not is_confirmed(introducing, facts):
            return file, None
        found = document_in_force(facts.documents, introducing.block.number)
        in_force = None if found is None else found.document_hash
        held = None if file.issuer_document is None else sha256(dumps(file.issuer_document)).digest()
        if held is not None and held == in_force:
            return file, None
        if held is not None:
            notes.append(
                Phrase(
                    "The issuer's description in the file is not the one that was registered when the credential was "
                    "published; name the issuer's node (--from URL) to replace it."
                )
                if self.node is None
                else Phrase(
                    "The issuer's description in the file is not the one that was registered when the credential was "
                    "published."
                )
            )
        if self.node is None:
            return file, None
        try:
            document = _document(self.node, file, in_force)
        except RootsealError as error:
            reason = error.reason if isinstance(error, (UndeterminedError, VerificationError)) else error.diagnostics()
            notes.append(Phrase("The issuer's description was not added: {reason}.", reason=reason))
            return file, None
        return replace(file, issuer_document=document), sha256(dumps(document)).hexdigest()


def _document(node: IssuerNode, file: CredentialFile, in_force: bytes | None) -> Json:
    answer = node.issuer_document()
    if answer.status != 200:
        raise _refused(node, answer)
    document = read_issuer_document(answer.body, file, node.url)
    if sha256(dumps(document)).digest() != in_force:
        raise VerificationError(
            "update.document",
            Phrase("it is not the description that was registered when the credential was published"),
        )
    return document


def _refused(node: IssuerNode, answer: NodeAnswer) -> UndeterminedError:
    said = "{node} answered with HTTP {status}"
    return UndeterminedError(Phrase(said, node=node.url, status=answer.status), "node.refused")


def _require_nothing_new(ours: CredentialFile, theirs: CredentialFile, why: Phrase) -> None:
    """Raises `UndeterminedError` where there is no chain to tell whether what the node says is true."""
    says = _OTHERWISE
    try:
        # Its own document is not among the node's answers, and is no difference.
        if merge(ours, theirs) == ours:
            return
        introducing = theirs.proofs.introducing(theirs.home)
        if introducing is not None and not is_anchored(ours):
            said = "the issuer's node says it is published in anchor {anchor}"
            says = Phrase(said, anchor=introducing.sequence)
        elif introducing is not None:
            said = "the issuer's node says more than the file about its publication in anchor {anchor}"
            says = Phrase(said, anchor=introducing.sequence)
    except VerificationError as error:
        says = Phrase("{says}: {reason}", says=says, reason=error.reason)
    raise UndeterminedError(Phrase("{says}; {why}", says=says, why=why), "chain.unavailable")


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
        said = "{node} gave no usable answer: {why}"
        why = Remark(str(error), _NO_ANSWER_OF_OURS)
        raise UndeterminedError(Phrase(said, node=source, why=why), "node.malformed") from error
    if named != commitment:
        raise VerificationError("update.commitment", Phrase("{node} answered about another credential", node=source))
    return proofs


def read_issuer_document(body: bytes, file: CredentialFile, source: str) -> Json:
    """The issuer document of GET /v1/issuer; its `id` must be that of the credential's issuer."""
    try:
        document = loads(body, "issuer document")
        if not isinstance(document, dict) or document.get("format") != _ISSUER_FORMAT:
            raise InputError("issuer document", f"must be {_ISSUER_FORMAT}")
    except InputError as error:
        said = "{node} gave no usable description: {why}"
        why = Remark(str(error), _NO_ANSWER_OF_OURS)
        raise UndeterminedError(Phrase(said, node=source, why=why), "node.malformed") from error
    if document.get("id") != file.open().issuer_id:
        said = "{node} describes another issuer than the credential names"
        raise VerificationError("update.issuer", Phrase(said, node=source))
    return document


def _bounded(file: CredentialFile) -> bytes:
    data = file.to_bytes()
    if len(data) > MAX_BYTES:
        said = "with the answer the file would be larger than {size} bytes"
        raise VerificationError("update.large", Phrase(said, size=MAX_BYTES))
    return data
