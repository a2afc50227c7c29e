"""Every outcome of every check: its stable code, whether it passes, and its plain sentence. One catalogue.

A code is `check.word`. Sentences are read by learners and employers: no jargon, no accusation where
something could merely not be shown.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["CATALOGUE", "CHECKS", "LIMITS", "UNCHECKED", "Outcome"]

Outcome = Literal["pass", "fail", "unknown"]

CHECKS = ("format", "integrity", "inclusion", "anchor", "issuer", "status", "validity", "holder")
"""The checks of DESIGN §7 in order; check 1 is `format`."""

UNCHECKED = "unchecked"
"""The word of the code of a check that an earlier failure left without a question."""

CATALOGUE: dict[str, tuple[Outcome, str]] = {
    "format.ok": ("pass", "The file is well formed."),
    "format.malformed": ("fail", "The file is not a credential or presentation of Rootseal: {problem}."),
    "integrity.ok": ("pass", "The parts of the file agree with each other."),
    "integrity.document": ("fail", "The document lacks what every credential states: {problem}."),
    "integrity.dates": ("fail", "The dates shown differ from the dates that were committed to."),
    "integrity.credits": ("fail", "The credits shown differ from the credits that were committed to."),
    "integrity.unchecked": ("unknown", "Not checked, because the file could not be read."),
    "inclusion.ok": ("pass", "What is shown is exactly what the issuer entered in its log."),
    "inclusion.mismatch": (
        "fail",
        "What is shown is not what the issuer entered in its log: it was altered, or belongs to another place.",
    ),
    "inclusion.index": ("fail", "The file names place {index} of a log that has only {size} entries."),
    "inclusion.none": (
        "unknown",
        "The file holds neither a promise nor an anchor, so there is nothing to compare it with.",
    ),
    "inclusion.unchecked": ("unknown", "Not checked, because the file could not be read."),
    "anchor.ok": ("pass", "The log was published on the chain on {date} (anchor {sequence})."),
    "anchor.block_hash": ("pass", "The log was published in the block that you named, on {date} (anchor {sequence})."),
    "anchor.pending": (
        "unknown",
        "Not published on the chain yet. The issuer promised to do so by {date}. Ask again after that.",
    ),
    "anchor.overdue": (
        "unknown",
        "Not shown to be published on the chain, although the issuer promised it by {date}. Ask the issuer; "
        "`rootseal update` may find it.",
    ),
    "anchor.not_final": ("unknown", "The block that the file names is not final yet. Ask again later."),
    "anchor.none": ("unknown", "The file names no publication on the chain of its own issuer."),
    "anchor.introducing": (
        "unknown",
        "The file names a later publication, but not the one in which this credential first appeared.",
    ),
    "anchor.unreachable": ("unknown", "The chain could not be asked: {problem}"),
    "anchor.absent": (
        "fail",
        "The ledger has no such publication, although the chain is past the block that the file names.",
    ),
    "anchor.moved": (
        "unknown",
        "The ledger has this publication, but in another block or at another time than the file says.",
    ),
    "anchor.evidence": ("fail", "The chain evidence in the file does not fit: {problem}."),
    "anchor.promise": ("fail", "The promise in the file was not signed by a key of this issuer."),
    "anchor.equivocation": (
        "unknown",
        "The issuer signed one state of its log and published another of the same size.",
    ),
    "anchor.unchecked": ("unknown", "Not checked, because what is shown is not what was entered."),
    "issuer.pinned": ("pass", "Issued by {name}, an issuer that you trust."),
    "issuer.accredited": ("pass", "Issued by {name}, accredited by {accreditor} when it was issued{scope}."),
    "issuer.no_policy": ("unknown", "You have not said yet whom you trust, so nothing is known about who issued this."),
    "issuer.untrusted": (
        "unknown",
        "The issuer calls itself {name}. Neither you nor anyone whom you trust vouches for it, so this shows who it "
        "says it is and no more.",
    ),
    "issuer.unreachable": ("unknown", "The register of issuers could not be asked: {problem}"),
    "issuer.unanchored": ("unknown", "Who issued it is decided by its publication on the chain, which was not shown."),
    "issuer.document_missing": (
        "unknown",
        "The file does not carry the issuer's own description yet; `rootseal update` adds it.",
    ),
    "issuer.document": (
        "unknown",
        "The issuer's description in the file is not the one registered when this was issued.",
    ),
    "issuer.lapsed": ("unknown", "It was accredited when it issued this, but is not any more, and you ask for both."),
    "issuer.compromised": ("fail", "It was published with a key that the issuer had declared stolen for that time."),
    "issuer.mismatch": ("fail", "The document names another issuer than the one whose log holds it."),
    "issuer.unchecked": ("unknown", "Not checked, because what is shown is not what was entered."),
    "status.ok": ("pass", "Neither revoked nor suspended, as of {date}."),
    "status.revoked": ("fail", "The issuer has revoked it (as of {date})."),
    "status.suspended": ("fail", "The issuer has suspended it for the time being (as of {date})."),
    "status.stale": ("unknown", "The newest status known is of {date}, which is older than you accept."),
    "status.unreachable": ("unknown", "Whether it was revoked is not known: {problem}"),
    "status.unanchored": ("unknown", "The status on the chain does not cover this credential yet."),
    "status.unchecked": ("unknown", "Not checked, because what is shown is not what was entered."),
    "validity.ok": ("pass", "Valid on {date}{until}."),
    "validity.expired": ("fail", "It expired on {date}."),
    "validity.not_yet": ("fail", "It is valid only from {date}."),
    "validity.unchecked": ("unknown", "Not checked, because the file could not be read."),
    "holder.ok": (
        "pass",
        "The person who presents it holds the key that it was issued to, and answered your question.",
    ),
    "holder.absent": ("unknown", "Nobody was asked to prove that it is theirs."),
    "holder.unasked": (
        "unknown",
        "It carries an answer to somebody's question; without the audience "
        "and nonce that you asked for it proves nothing.",
    ),
    "holder.hidden": ("unknown", "It does not show to whom it was issued, so who presents it could not be checked."),
    "holder.none": ("unknown", "It was issued to no key, so a signature cannot show whose it is."),
    "holder.contract": ("unknown", "It was issued to a contract wallet, which could not be asked: {problem}"),
    "holder.signature": ("fail", "The answer was not signed by the key that it was issued to."),
    "holder.audience": ("fail", "The answer was made for somebody else."),
    "holder.nonce": ("fail", "The answer belongs to another question."),
    "holder.expired": ("fail", "The answer expired on {date}."),
    "holder.not_yet": ("fail", "The answer is dated in the future, {date}."),
    "holder.unchecked": ("unknown", "Not checked, because the file could not be read."),
}  # fmt: skip

LIMITS = (
    "A pass shows what was issued, by whom, and since when it existed at the latest. It does not show that the person "
    "in front of you is the learner unless check 8 passed, nor how good the course was, nor anything that is hidden."
)
"""What no verdict proves, in words."""
