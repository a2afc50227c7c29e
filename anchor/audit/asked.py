"""What an audit was asked, as JSON: the member `asked.json` of an evidence archive. It holds no credential.

Of a credential file stay its name, its home, its commitment, its date and its proofs: what the audit looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from anchor.audit.auditing import AuditRequest
from anchor.audit.conduct import Standards
from anchor.audit.given_files import GivenFile
from anchor.audit.promise_files import PromiseFile
from anchor.audit.report import tool_version
from anchor.audit.sampling import Sample
from rootseal.anchoring import Proofs
from rootseal.canonical import Json
from rootseal.commitment import Commitment, Home
from rootseal.ethereum import address_text, parse_address
from rootseal.opened import OpenedCredential

__all__ = ["ASKED_FORMAT", "Asked"]

ASKED_FORMAT: Final = "rootseal/evidence/1"


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything of an `AuditRequest` but the places that were asked: `logs` and `providers` are how many."""

    version: str
    ledger: bytes
    credits: bytes | None
    issuers: tuple[int, ...]
    finality: str
    from_block: int | None
    providers: int
    logs: int
    owners: Mapping[int, int]
    standards: Standards
    promises: tuple[PromiseFile, ...]
    files: tuple[GivenFile, ...]
    sample: Sample | None
    replay: bool
    gas: bool

    @classmethod
    def of(cls, request: AuditRequest) -> Asked:
        """What `request` asks."""
        return cls(
            tool_version(),
            request.ledger,
            request.credits,
            request.issuers,
            request.finality,
            request.from_block,
            1 if request.second is None else 2,
            len(request.logs),
            request.owners,
            request.standards,
            request.promises,
            request.files,
            request.sample,
            request.replayer is not None,
            request.gas is not None,
        )

    def to_json(self) -> Json:
        """The whole file."""
        return {
            "format": ASKED_FORMAT,
            "tool": {"name": "rootseal", "version": self.version},
            "ledger": address_text(self.ledger),
            "credits": None if self.credits is None else address_text(self.credits),
            "issuers": list(self.issuers),
            "finality": self.finality,
            "fromBlock": self.from_block,
            "providers": self.providers,
            "logs": self.logs,
            "owners": {str(at): issuer for at, issuer in sorted(self.owners.items())},
            "policy": _standards_json(self.standards),
            "promises": [_promise_json(file) for file in self.promises],
            "files": [_file_json(file) for file in self.files],
            "sample": None if self.sample is None else self.sample.to_json(),
            "replay": self.replay,
            "gas": self.gas,
        }

    @classmethod
    def from_json(cls, value: Any) -> Asked:
        """Read it back. Raises ValueError, TypeError, KeyError or `InputError` where it is not what was written."""
        if value["format"] != ASKED_FORMAT:
            raise ValueError("another format")
        sample, credits = value["sample"], value["credits"]
        return cls(
            str(value["tool"]["version"]),
            parse_address(value["ledger"], "ledger"),
            None if credits is None else parse_address(credits, "credits"),
            tuple(map(int, value["issuers"])),
            str(value["finality"]),
            None if value["fromBlock"] is None else int(value["fromBlock"]),
            int(value["providers"]),
            int(value["logs"]),
            {int(at): int(issuer) for at, issuer in value["owners"].items()},
            _standards(value["policy"]),
            tuple(_promise(item) for item in value["promises"]),
            tuple(_file(item) for item in value["files"]),
            None if sample is None else Sample(str(sample["seed"]), int(sample["count"]), int(sample["of"])),
            bool(value["replay"]),
            bool(value["gas"]),
        )


def _standards_json(standards: Standards) -> Json:
    return {
        "accreditors": [address_text(accreditor) for accreditor in standards.accreditors],
        "silence": standards.silence,
        "silenceOf": {str(number): seconds for number, seconds in sorted(standards.silence_of.items())},
        "backdating": standards.backdating,
    }


def _standards(value: Any) -> Standards:
    return Standards(
        tuple(parse_address(text, "accreditors") for text in value["accreditors"]),
        None if value["silence"] is None else int(value["silence"]),
        {int(number): int(seconds) for number, seconds in value["silenceOf"].items()},
        int(value["backdating"]),
    )


def _promise_json(file: PromiseFile) -> Json:
    home = None if file.home is None else _home_json(file.home)
    return {"file": file.file, "home": home, "promise": file.promise.to_json()}


def _promise(value: Any) -> PromiseFile:
    proofs = Proofs.from_json({"index": 0, "promise": value["promise"], "anchors": []}, "promises")
    if proofs.promise is None:
        raise ValueError("a promise is missing")
    return PromiseFile(str(value["file"]), None if value["home"] is None else _home(value["home"]), proofs.promise)


def _file_json(given: GivenFile) -> Json:
    credential = given.credential
    return {
        "file": given.file,
        "home": _home_json(credential.home),
        "commitment": credential.commitment.hex(),
        "validFrom": credential.valid_from,
        "proofs": credential.proofs.to_json(),
    }


def _file(value: Any) -> GivenFile:
    """A credential of which nothing is known but what was looked at."""
    commitment = Commitment(bytes.fromhex(value["commitment"]))
    proofs = Proofs.from_json(value["proofs"], "files")
    dated = int(value["validFrom"])
    home = _home(value["home"])
    return GivenFile(str(value["file"]), OpenedCredential(home, None, (), False, 0, dated, 0, None, commitment, proofs))


def _home_json(home: Home) -> Json:
    return {"chain": home.chain, "ledger": address_text(home.ledger), "issuer": home.issuer}


def _home(value: Any) -> Home:
    return Home.of(value["chain"], value["ledger"], int(value["issuer"]))
