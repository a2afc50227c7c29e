"""Everything that outlives an institution, as plain files that any library can host when the node is gone.

Published already, all of it: the log, its signed checkpoints, proofs by fingerprint, the register with storage proofs,
the evidence of an audit, the programs, the specification, the page that verifies. Nobody's credential is in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from anchor.audit.auditing import AuditRequest, audit
from anchor.audit.costs import ChainGas
from anchor.audit.html_report import report_html
from anchor.audit.package import Packing
from anchor.audit.report import AuditReport
from anchor.audit.sources import DirectorySource
from anchor.audit.tarball import TarSpool
from anchor.files import sync_directory
from node.publishing import LogPublisher
from rootseal.anchoring import home_json
from rootseal.canonical import Json, dumps
from rootseal.errors import InputError, UndeterminedError
from rootseal.ethereum import address_text, keccak256

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["Bundle", "write_bundle"]

Tell = Callable[[str], None]
_PAGE: Final = 1000

_README: Final = """{name}: what outlives the institution
{line}

This folder is all that is needed to check credentials of this institution when it has no computer of its own any more.
It holds no credential and no name of a learner: learners keep their files themselves. Put it on any web server, or on
a shelf. Nobody has to be trusted for it: what matters is proven, or stands on the chain.

Institution   {name}, number {issuer} of the ledger {ledger} on {chain}
Log           {size} entries, {anchored} of them published on the chain
Made after    block {block}

For an employer
    Open verify.html in a browser and give it the credential file. Or, with Rootseal installed:
        rootseal verify FILE --policy policy.toml --rpc ADDRESS-OF-A-NODE
    With no connection to the chain at all, with the block's hash from somebody you trust (it should be {hash}):
        rootseal verify FILE --policy policy.toml --status register.snapshot.json --block-hash {chain}:{hash}

For a learner
    A file that holds only a promise can be completed: v1/proofs/FINGERPRINT holds the proofs of each entry.

For an auditor
    rootseal audit --from evidence.tar --out report
    rootseal audit --rpc ADDRESS-OF-A-NODE --ledger {ledger} --issuer {issuer} --log . --out report

What is here
    log/                    the log as C2SP tlog-tiles, its signed summary, the institution's description
    v1/                     the same answers as the institution's node gave: issuer, checkpoints, proofs
    checkpoints.json        every signed summary there ever was
    register.snapshot.json  keys, descriptions, accreditations, publications and statuses, with storage proofs
    evidence.tar            the whole history with headers and receipt proofs, and the report of an audit
    policy.toml             what an employer may begin with: this ledger and this institution
    artifacts/              the programs on the chain
    spec/                   how all of this is written and checked, so that other software can be made for it
    verify.html             a page that checks credentials, in one file
    SHA256SUMS              sha256sum -c SHA256SUMS
{missing}
After {block} the register may change: a library that keeps this folder should say of what day it is.
"""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was written. `missing` names what could not be, and why; `unanchored` sealed entries are on no chain yet."""

    path: Path
    files: int
    size: int
    anchored: int
    block: int
    block_hash: bytes
    verdict: str
    missing: tuple[str, ...]

    @property
    def unanchored(self) -> int:
        """Sealed entries that nothing on the chain shows: anchor them before the node goes."""
        return self.size - self.anchored

    @property
    def complete(self) -> bool:
        """True iff nothing is missing and everything sealed is anchored."""
        return not self.missing and not self.unanchored


def write_bundle(services: Services, out: Path, progress: Tell, *, proofs: bool = True) -> Bundle:
    """Write the folder `out`, which must be new; it appears when it is whole. `proofs`: a file for each entry.

    Raises `InputError` for a folder that is there, `UndeterminedError` where the chain cannot be asked, or nothing is
    sealed yet.
    """
    if out.exists() or out.is_symlink():
        raise InputError("OUT", "is there already; name a new folder", str(out))
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        bundle = _written(services, part, out, progress, proofs)
        part.rename(out)
        sync_directory(out.parent)
    except OSError as error:
        raise InputError("OUT", f"cannot be written: {error.strerror}", str(out)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return bundle


def _written(services: Services, part: Path, out: Path, progress: Tell, proofs: bool) -> Bundle:
    progress("writing the log")
    size = LogPublisher(services).write(part / "log").size
    _put(part / "v1" / "issuer", services.issuer_document())
    _put(part / "checkpoints.json", _checkpoints(services))
    shutil.copyfile(part / "checkpoints.json", part / "v1" / "checkpoints")
    if proofs:
        _proofs(services, part / "v1" / "proofs", progress)
    missing = list(_still_files(part))
    progress("auditing")
    report = _evidence(services, part, progress)
    missing += _snapshot(services, part, report, progress)
    _put(part / "policy.toml", _policy(services).encode())
    final = report.subject.basis.final
    anchored = report.issuers[0].state.size if report.issuers else 0
    _put(part / "README.txt", _readme(services, report, size, anchored, missing).encode())
    files = _sums(part)
    return Bundle(out, files, size, anchored, final.number, final.hash, report.verdict, tuple(missing))


def _checkpoints(services: Services) -> bytes:
    rows: list[Json] = []
    after = 0
    while found := services.checkpoints(after, _PAGE):
        after = found[-1].size
        rows += [
            {
                "size": row.size,
                "root": row.root.hex(),
                "signedAt": row.signed_at,
                "anchorBy": row.anchor_by,
                "signature": "0x" + row.signature.hex(),
            }
            for row in found
        ]
    home: Json = home_json(services.home)
    return dumps({"format": "rootseal/checkpoints/1", "home": home, "checkpoints": rows, "next": None})


def _proofs(services: Services, folder: Path, progress: Tell) -> None:
    folder.mkdir(parents=True)
    total = services.store.log.size()
    for start in range(0, total, _PAGE):
        progress(f"writing proofs: {start} of {total}")
        for entry in services.store.entries.sealed(start, min(start + _PAGE, total)):
            found = services.proof(entry.commitment)
            if found is not None and found.proofs is not None:
                name = entry.commitment.hex()
                value = {"format": "rootseal/proof/1", "commitment": name, **found.proofs.to_json()}
                (folder / name).write_bytes(dumps(value))


def _still_files(part: Path) -> Iterator[str]:
    """Files that are the same for every institution; what this installation lacks."""
    for name in ("CredentialLedger", "EctxCredits"):
        data = resources.files("anchor.artifacts").joinpath(f"{name}.json").read_bytes()
        _put(part / "artifacts" / f"{name}.json", data)
    spec = Path(__file__).resolve().parents[1] / "docs" / "spec"
    if spec.is_dir():
        shutil.copytree(spec, part / "spec")
    else:
        yield "spec/: this installation came without the specification; copy docs/spec of the sources there"
    page = resources.files("node").joinpath("pages", "verify.html")
    if page.is_file():
        _put(part / "verify.html", page.read_bytes())
    else:
        yield "verify.html: this installation came without the page; 'npm run build' makes it"


def _evidence(services: Services, part: Path, progress: Tell) -> AuditReport:
    home, chain = services.home, services.connection.chain
    request = AuditRequest(
        chain,
        home.ledger,
        (DirectorySource(part / "log"),),
        (home.issuer,),
        finality=services.config.finality,
        credits=_credits(services),
        gas=ChainGas(chain),
    )
    with TarSpool() as spool:
        packing = Packing(request, spool)
        report = audit(packing.request, progress)
        packing.finish(report, part / "evidence.tar", progress)
    _put(part / "report.html", report_html(report).encode())
    return report


def _credits(services: Services) -> bytes | None:
    """The credits contract that the node's own policy names, where there is one."""
    from node.init_policy import POLICY_NAME
    from rootseal.policy import parse_policy

    path = services.directory / POLICY_NAME
    if not path.exists():
        return None
    ledger = parse_policy(path.read_text(encoding="utf-8")).ledger(services.home)
    return None if ledger is None or ledger.credits is None else ledger.credits.address


def _snapshot(services: Services, part: Path, report: AuditReport, progress: Tell) -> list[str]:
    """The register under storage proofs; on chains without Ethereum's state there is none, and that is said."""
    from anchor.snapshot import build_snapshot
    from anchor.web3_chain import Web3Chain

    progress("asking for proofs of the register")
    proofs = Web3Chain(services.config.chain_urls[0])
    final = services.connection.chain.block(report.subject.basis.final.number)
    if final is None or not report.issuers:
        return ["register.snapshot.json: the chain does not show the register"]
    state = report.issuers[0].state
    roots = [anchor.root for anchor in state.anchors]
    try:
        made = build_snapshot(proofs, proofs, services.home, final, roots, sorted(state.accreditations))
    except UndeterminedError as error:
        return [f"register.snapshot.json: {error.reason}"]
    _put(part / "register.snapshot.json", made.to_bytes())
    assert keccak256(made.header) == final.hash
    return []


def _policy(services: Services) -> str:
    from node.init_policy import public_policy
    from rootseal.policy import format_policy

    return format_policy(public_policy(services.config))


def _readme(services: Services, report: AuditReport, size: int, anchored: int, missing: list[str]) -> str:
    home, final = services.home, report.subject.basis.final
    absent = "" if not missing else "\nNot here, and why\n" + "".join(f"    {item}\n" for item in missing)
    return _README.format(
        name=services.config.name,
        line="=" * (len(services.config.name) + len(": what outlives the institution")),
        issuer=home.issuer,
        ledger=address_text(home.ledger),
        chain=home.chain,
        size=size,
        anchored=anchored,
        block=final.number,
        hash="0x" + final.hash.hex(),
        missing=absent,
    )


def _sums(part: Path) -> int:
    files = sorted(path for path in part.rglob("*") if path.is_file())
    lines = [f"{sha256(path.read_bytes()).hexdigest()}  {path.relative_to(part)}\n" for path in files]
    _put(part / "SHA256SUMS", "".join(lines).encode())
    return len(files) + 1


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
