"""A file must prove itself before it is kept: the same checks that an employer's verifier will make."""

from __future__ import annotations

from anchor.collecting import check_evidence
from rootseal.canonical import loads
from rootseal.errors import InputError, VerificationError
from rootseal.facts import Facts
from rootseal.files import CredentialFile
from rootseal.presentation import PRESENTATION_FORMAT
from rootseal.verdict import Check
from rootseal.verification import verify
from wallet.phrases import Phrase

__all__ = ["CheckFailedError", "require_proof"]

_NOTHING = Facts()


class CheckFailedError(VerificationError):
    """A verifier's own check says no; it can say so in every language of the catalogue."""

    def __init__(self, check: Check) -> None:
        self.check = check
        super().__init__(check.code, check.reason)


def require_proof(data: bytes, now: int) -> CredentialFile:
    """The complete credential in `data`, read strictly, its commitment and inclusion recomputed.

    Format, integrity and inclusion must pass, and neither the chain evidence nor the issuer's description
    may contradict the rest; whether it was published, revoked or has expired is not asked. `now` is UTC seconds. Raises
    `InputError` for what is no credential file, `VerificationError` with the check's code and reason.
    """
    file = _complete(data)
    facts = Facts(evidence=check_evidence(data)) if any(a.evidence for a in file.proofs.anchors) else _NOTHING
    checks = verify(data, None, facts, now=now).credentials[0].checks
    for found in checks[:5]:
        if found.outcome == "fail" or (found.number <= 3 and found.outcome != "pass"):
            raise CheckFailedError(found)
    return file


def _complete(data: bytes) -> CredentialFile:
    value = loads(data)
    if isinstance(value, dict) and value.get("format") == PRESENTATION_FORMAT:
        raise InputError(
            "file",
            Phrase("is a presentation, which hides parts; only complete credentials (*.credential.json) can be kept"),
        )
    return CredentialFile.from_json(value)
