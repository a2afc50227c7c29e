"""Asking the chain that the user named, before anything is written into a credential file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from anchor.collecting import Sources, check_evidence, ledger_facts, ledger_policy
from rootseal.anchoring import Anchor
from rootseal.commitment import Home
from rootseal.errors import RootsealError, UndeterminedError
from rootseal.facts import Facts, LedgerFacts
from rootseal.files import CredentialFile
from rootseal.policy import Policy
from rootseal.verification import verify
from wallet.merging import is_anchored
from wallet.phrases import Phrase, Remark
from wallet.proving import CheckFailedError
from wallet.settling import Known

__all__ = ["ChainCheck", "no_answer", "require_agreement"]


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """The node of the chain at `rpc`, else those of `policy`, which may also pin what they must serve."""

    rpc: str | None
    policy: Policy | None

    def is_named(self, home: Home) -> bool:
        """True iff there is anybody to ask about `home`."""
        return bool(self._rpcs(home))

    def ask(self, ours: CredentialFile, theirs: CredentialFile) -> Known:
        """What the chains say of all that either account names; of the home always."""
        roots: dict[Home, dict[bytes, None]] = {ours.home: {}}
        for proofs in (ours.proofs, theirs.proofs):
            if proofs.promise is not None:
                roots[ours.home][proofs.promise.root] = None
            for anchor in proofs.anchors:
                # A witness that is here already is nobody's business; only a new one is asked about.
                if anchor.home == ours.home or anchor not in ours.proofs.anchors:
                    roots.setdefault(anchor.home, {})[anchor.root] = None
        return {home: self._ask(home, tuple(named), ours.home) for home, named in roots.items()}

    def complete(self, anchor: Anchor) -> Anchor:
        """`anchor`, which the chain confirmed, with its transaction and evidence, as far as a node shows them."""
        from anchor.evidence import build, check
        from anchor.ledger_events import anchored_events
        from anchor.web3_chain import open_chain

        if anchor.evidence is not None and check(anchor, anchor.evidence).problem is not None:
            anchor = replace(anchor, evidence=None)
        for rpc in self._rpcs(anchor.home):
            number = anchor.block.number
            try:
                chain = open_chain(rpc)
                events = anchored_events(chain, anchor.home.ledger, anchor.home.issuer, number, number)
                log = next((event.log for event in events if event.root == anchor.root), None)
                if log is None:
                    continue
                evidence = anchor.evidence or build(chain, anchor)
            except RootsealError:
                continue
            return replace(anchor, transaction=log.transaction, evidence=evidence)
        if anchor.transaction == bytes(32):
            said = "the chain's node does not show the event of the publication"
            raise UndeterminedError(Phrase(said), "chain.unavailable")
        return anchor

    def _ask(self, home: Home, roots: Sequence[bytes], file_home: Home) -> LedgerFacts | str:
        rpc = self.rpc
        if home != file_home:
            # An unlisted ledger may be anybody's: what a witness there says is worth nothing.
            listed = self.policy is not None and self.policy.ledger(home) is not None
            rpc = self.rpc if listed and home.chain_id == file_home.chain_id else None
        found = ledger_facts(home, roots, (), self.policy, Sources(rpc))
        return Remark(found, no_answer(self._rpcs(home))) if isinstance(found, str) else found

    def _rpcs(self, home: Home) -> tuple[str, ...]:
        if self.rpc is not None:
            return (self.rpc,)
        listed = ledger_policy(home, self.policy, Sources(None))
        return () if listed is None else listed.rpcs


def no_answer(addresses: Sequence[str]) -> Phrase:
    """In short that no node of a chain told anything."""
    return Phrase("no node of the chain gave an answer that can be used ({addresses})", addresses=", ".join(addresses))


def require_agreement(file: CredentialFile, facts: LedgerFacts, now: int) -> None:
    """The chain must say of a file with its anchor that it is published and final.

    Raises `VerificationError` where it says otherwise, `UndeterminedError` where it does not say.
    """
    data = file.to_bytes()
    known = Facts({file.home.key: facts}, {}, check_evidence(data))
    anchor = verify(data, None, known, now=now).credentials[0].checks[3]
    if anchor.outcome == "fail":
        raise CheckFailedError(anchor)
    if anchor.outcome == "unknown" and is_anchored(file):
        raise UndeterminedError(Phrase("nothing was changed: {reason}", reason=anchor), anchor.code)
