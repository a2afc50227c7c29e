"""One audit from beginning to end: chain, replay, comparison, logs, promises, files, report.

Each step rests on the one before: on another program at the address, between providers that disagree, or
on a history with holes, nothing further is judged, because its findings would accuse the wrong party.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anchor.audit.chain_audit import ChainAudit, audit_chain
from anchor.audit.collecting import Basis, Progress, events, read_basis, read_credits_basis
from anchor.audit.comparing_credits import unpublished_claims
from anchor.audit.conduct import Standards, judge_conduct
from anchor.audit.costs import GasReader, GasUse, gas_spent
from anchor.audit.credits_view import CreditsView
from anchor.audit.crosscheck import TwinChain, common_basis
from anchor.audit.database import AuditDatabase
from anchor.audit.findings import Finding, Unchecked, finding
from anchor.audit.given_files import GivenFile, JudgedFile, judge_file
from anchor.audit.log_audit import AuditedLog, audit_log, heads_by_issuer
from anchor.audit.promise_files import PromiseFile
from anchor.audit.promises import JudgedPromise, judge, signer_of
from anchor.audit.reexecution import Replayer, ReplayOutcome
from anchor.audit.report import AuditReport, CreditsSummary, IssuerReport, Subject
from anchor.audit.sampling import Sample
from anchor.audit.sources import Source
from anchor.audit.state import IssuerState, LedgerState
from anchor.chain import Chain, ChainUnavailable
from anchor.ledger import Ledger, ledger_abi
from anchor.ledger_abi import load_contract
from rootseal.commitment import Home

__all__ = ["AuditRequest", "audit"]


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What to audit. No `issuers`: all of them. `finality` is `tag` or `depth:N`.

    `owners` maps positions in `logs` to the issuers that they were given for; other logs are told by their
    origin. `second` is another provider of the same chain. `database` keeps what was read; None: nothing is kept.
    `replayer` plays the history again on a fresh chain; `gas` tells what each transaction cost.
    `sample` says how `files` were drawn.
    """

    chain: Chain
    ledger: bytes
    logs: tuple[Source, ...] = ()
    issuers: tuple[int, ...] = ()
    promises: tuple[PromiseFile, ...] = ()
    finality: str = "tag"
    from_block: int | None = None
    files: tuple[GivenFile, ...] = ()
    owners: Mapping[int, int] = field(default_factory=dict)
    credits: bytes | None = None
    second: Chain | None = None
    standards: Standards = field(default_factory=Standards)
    database: Path | None = None
    replayer: Replayer | None = None
    gas: GasReader | None = None
    sample: Sample | None = None


@dataclass(slots=True)
class _Audit:
    """One run: what was asked, what it stands on, and what was found so far."""

    request: AuditRequest
    basis: Basis
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)
    events: int = 0
    replay: ReplayOutcome | None = None
    gas: tuple[GasUse, ...] | None = None

    def report(
        self,
        issuers: Sequence[IssuerReport] = (),
        promises: Sequence[JudgedPromise] = (),
        files: Sequence[JudgedFile] = (),
    ) -> AuditReport:
        request = self.request
        subject = Subject(
            self.basis,
            ledger_abi().code_hash,
            request.finality,
            self.events,
            request.issuers,
            request.standards,
            1 if request.second is None else 2,
        )
        return AuditReport.of(
            subject, self.findings, self.unchecked, issuers, promises, files, self.replay, self.gas, request.sample
        )

    def ended(self, found: Sequence[Finding], what: str, why: str) -> AuditReport:
        """The report where nothing further can be judged."""
        self.findings += found
        self.unchecked.append(Unchecked(what, why))
        return self.report()


def audit(request: AuditRequest, progress: Progress) -> AuditReport:
    """Run it. `progress` hears a short sentence now and then.

    Raises `InputError` for what was asked wrongly, `UndeterminedError` where the chain cannot be asked at all,
    `StoreError` where the database cannot be used.
    """
    with AuditDatabase(request.database) as database:
        return _audited(request, database, progress)


def _audited(request: AuditRequest, database: AuditDatabase, progress: Progress) -> AuditReport:
    progress("asking the chain")
    basis = read_basis(request.chain, request.ledger, request.finality, request.from_block)
    if request.credits is not None:
        basis = read_credits_basis(request.chain, basis, request.credits)
    run = _Audit(request, basis)
    wrong = [*_programs(request.chain, basis)]
    if wrong:
        return run.ended(wrong, "everything else", "another program than the published one stands at an address")
    second, found = _second(run, progress)
    if found is not None:
        return run.ended([found], "everything else", "the two providers show different chains")
    chain = request.chain if second is None else TwinChain(request.chain, second)
    told = audit_chain(chain, second, run.basis, request.issuers, request.from_block, database, progress)
    run.events = told.events
    run.unchecked += told.unchecked
    if told.ended is not None:
        return run.ended(told.findings, *told.ended)
    run.findings += told.findings
    _played(run, told, database, progress)
    return _off_chain(run, told, progress)


def _played(run: _Audit, told: ChainAudit, database: AuditDatabase, progress: Progress) -> None:
    """What only those ask for who want it: the replay on a fresh chain, and the cost of everything."""
    request = run.request
    if request.replayer is not None:
        run.replay = request.replayer.replay(told, run.basis, database, progress)
        run.findings += run.replay.findings
        run.unchecked += run.replay.unchecked
    if request.gas is not None:
        progress("reading what the transactions cost")
        run.gas = gas_spent(events(run.basis, database), request.gas)


def _programs(chain: Chain, basis: Basis) -> Iterator[Finding]:
    """Findings where ledger or credits contract are not the published programs, or do not belong together."""
    expected = ledger_abi().code_hash
    if basis.code_hash != expected:
        yield finding("ledger.code", found="0x" + basis.code_hash.hex(), expected="0x" + expected.hex())
        return
    if basis.credits is None:
        return
    expected = load_contract("EctxCredits").code_hash
    if basis.credits.code_hash != expected:
        yield finding("credits.code", found="0x" + basis.credits.code_hash.hex(), expected="0x" + expected.hex())
        return
    ledger = CreditsView(chain, basis.credits.address, basis.final.number).ledger()
    if ledger != basis.ledger:
        yield finding("credits.ledger", found="0x" + ledger.hex(), expected="0x" + basis.ledger.hex())


def _second(run: _Audit, progress: Progress) -> tuple[Chain | None, Finding | None]:
    """The second provider where it can be asked, and in what it disagrees at once."""
    second = run.request.second
    if second is None:
        return None, None
    progress("asking the second provider")
    try:
        common = common_basis(run.basis, run.request.chain, second, run.request.finality)
    except ChainUnavailable as error:
        run.unchecked.append(Unchecked("the second provider", error.reason))
        return None, None
    if isinstance(common, Finding):
        return None, common
    run.basis = common
    return second, None


def _off_chain(run: _Audit, told: ChainAudit, progress: Progress) -> AuditReport:
    """Published logs, conduct, promises and files, against the state that the chain bore out."""
    request, basis, states = run.request, run.basis, told.states
    logs = _logs(run, told, progress)
    for log in logs:
        run.findings += log.findings
        run.unchecked += log.unchecked
    for state, log in zip(states, logs, strict=True):
        run.findings += judge_conduct(state, request.standards, basis.final.timestamp)
        run.findings += unpublished_claims(told.ledger, state.number, log.entries)
    promises = _promises(run, states, logs)
    files = _files(run, states, logs)
    outcomes: list[JudgedPromise | JudgedFile] = [*promises, *files]
    for judged in outcomes:
        run.findings += judged.findings
        run.unchecked += judged.unchecked
    issuers = [
        IssuerReport(state, log, None if basis.credits is None else CreditsSummary.of(told.ledger, state.number))
        for state, log in zip(states, logs, strict=True)
    ]
    return run.report(issuers, promises, files)


def _logs(run: _Audit, told: ChainAudit, progress: Progress) -> tuple[AuditedLog, ...]:
    request = run.request
    homes = {state.number: _home(run.basis, state) for state in told.states}
    heads = heads_by_issuer(request.logs, request.owners, homes)
    run.unchecked += heads.unmatched
    ledger = Ledger(request.chain, request.ledger)
    audited = []
    for state in told.states:
        home = homes[state.number]
        sizes = [p.promise.size for p in request.promises if p.home in (None, home)]
        places = _places(told.ledger, state.number) + [f.index for f in request.files if f.home == home]
        newest = ledger.documents(state.number) if state.number in heads.found else ()
        audited.append(audit_log(heads, state, newest, sizes, places, progress))
    return tuple(audited)


def _places(ledger: LedgerState, issuer: int) -> list[int]:
    return [token.index for token in ledger.credits.tokens.values() if token.issuer == issuer]


def _promises(run: _Audit, states: Sequence[IssuerState], logs: Sequence[AuditedLog]) -> tuple[JudgedPromise, ...]:
    request, basis = run.request, run.basis
    judged: list[JudgedPromise] = []
    claimed: set[int] = set()
    for state, log in zip(states, logs, strict=True):
        home = _home(basis, state)
        own = [
            i
            for i, file in enumerate(request.promises)
            if i not in claimed and _belongs(file, home, state, len(states))
        ]
        claimed.update(own)
        judged += judge(home, state, [request.promises[i] for i in own], log.roots, basis.final.timestamp)
    strays = [file for i, file in enumerate(request.promises) if i not in claimed]
    run.unchecked += [_stray(f"the promise in {file.file}") for file in strays]
    return tuple(judged)


def _belongs(file: PromiseFile, home: Home, state: IssuerState, audited: int) -> bool:
    """By the home that the file names; a proof names none, and is its signer's, or the only issuer's."""
    if file.home is not None:
        return file.home == home
    return audited == 1 or state.key_index(signer_of(home, file) or b"") >= 0


def _files(run: _Audit, states: Sequence[IssuerState], logs: Sequence[AuditedLog]) -> tuple[JudgedFile, ...]:
    audited = {_home(run.basis, state): (state, log) for state, log in zip(states, logs, strict=True)}
    judged = []
    for given in run.request.files:
        if given.home in audited:
            state, log = audited[given.home]
            judged.append(judge_file(given, state, log.entries, run.request.standards))
        else:
            run.unchecked.append(_stray(f"the credential in {given.file}"))
    return tuple(judged)


def _stray(what: str) -> Unchecked:
    return Unchecked(what, "it is of another ledger, or of an issuer that was not audited")


def _home(basis: Basis, state: IssuerState) -> Home:
    return Home(basis.chain_id, basis.ledger, state.number)
