"""`/v1/credentials`: issuing over HTTP, one award or a list, and what became of each credential."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from flask import Response, request
from flask_openapi.blueprint import APIBlueprint
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from node.accepting import Accepting
from node.access import Access, Role, acting_as
from node.client.models import (
    AcceptedCredential,
    AwardRow,
    Credential,
    CredentialDocument,
    CredentialPage,
    CredentialSummary,
    FieldProblem,
    LearnerSearch,
)
from node.looking import look_at
from node.problems import Refused, refusing
from node.roster.sources import MAX_ROSTER_BYTES
from node.set_aside import set_aside_detail
from node.store.finding import FoundEntry, Standing, Wanted
from node.store.set_aside import AsideRow
from node.web.authentication import needs, principal
from node.web.bodies import Upload, bounded, read_model, read_upload
from node.web.describing import CredentialPath, NeededKeyHeader, answers, guarded_routes, json_body
from node.web.idempotency import Answer, Once
from node.web.paging import PageQuery, link_next, whole
from node.web.request_shape import RequestShape
from node.web.showing import credential, credential_document, credential_summary, issue_report
from rootseal.errors import InputError

if TYPE_CHECKING:
    from node.issuance import IssueOutcome
    from node.services import Services

__all__ = ["credential_routes", "flag", "seen_keys", "visible"]

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LISTS: Final = {
    "text/csv": ".csv",
    _XLSX: ".xlsx",
    "application/jsonl": ".jsonl",
    "application/x-ndjson": ".jsonl",
}
_MOST_FOUND: Final = 200
_TOO_LARGE: Final = f"The list is larger than {MAX_ROSTER_BYTES >> 20} MiB, about 160,000 rows; split it."
_TEXT: Final = {"schema": {"type": "string", "maxLength": MAX_ROSTER_BYTES}}
_FILE: Final = {"type": "string", "format": "binary", "description": "The list: .csv, .xlsx or .jsonl."}


def flag(value: object) -> object:
    """A query value that is true or false."""
    if value not in ("true", "false", True, False):
        raise ValueError("must be true or false")
    return value in ("true", True)


class ListQuery(PageQuery):
    """Which credentials."""

    state: Literal["accepted", "sealed", "anchored", "withdrawn"] | None = Field(
        default=None, description="Only those that have come so far."
    )
    micro_credential: str | None = Field(default=None, max_length=64, description="Only of this micro-credential.")
    since: Annotated[
        int | None, Field(ge=0, lt=1 << 48, description="Only accepted at or after this time."), BeforeValidator(whole)
    ] = None


class IssueQuery(RequestShape):
    """How a list is issued."""

    model_config = ConfigDict(extra="forbid")

    dry_run: Annotated[
        bool, Field(description="Check the list, show one document, store nothing."), BeforeValidator(flag)
    ] = False
    supersedes: str | None = Field(
        default=None,
        pattern=r"^(urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        description="The one row takes the place of this credential.",
    )
    copies: Annotated[
        int,
        Field(ge=1, le=16, description="How many copies of each; `holder` then names as many addresses, or none."),
        BeforeValidator(whole),
    ] = 1


def credential_routes(services: Services, access: Access, once: Once) -> APIBlueprint:
    """The routes of credentials."""
    routes = guarded_routes("credentials", "credentials", "Issue, follow, withdraw.")
    issuing = _Issuing(services, once)

    @routes.post(
        "/credentials",
        summary="Issue one award (JSON) or a list (CSV, XLSX, JSON lines)",
        description="One award is answered once it is on disk: 201, or 200 where this very row was issued before. A "
        "list accounts for every row; good rows are issued even where others are refused.",
        request_body=_body(),
        responses=answers(409, 415, 422, ok=_ISSUE_ANSWER, created=AcceptedCredential),
    )
    @needs(Role.ISSUE)
    @bounded(MAX_ROSTER_BYTES)
    def issue(header: NeededKeyHeader, query: IssueQuery) -> Response:
        if request.mimetype == "application/json":
            return issuing.one(read_model(AwardRow), query)
        return issuing.list(read_upload(MAX_ROSTER_BYTES, _LISTS, _TOO_LARGE), query)

    @routes.get("/credentials", summary="Credentials in order of acceptance", responses=answers(ok=CredentialPage))
    @needs(Role.READ)
    def list_credentials(query: ListQuery) -> Response:
        standing = None if query.state is None else Standing(query.state)
        wanted = Wanted(standing, query.micro_credential, None, query.since, seen_keys(services))
        found = services.store.finding.page(wanted, query.after, query.limit + 1)
        following = str(found[query.limit - 1].number) if len(found) > query.limit else None
        page = CredentialPage(items=[credential_summary(row) for row in found[: query.limit]], next=following)
        return link_next(_json(page), following)

    @routes.post(
        "/credential-searches",
        summary="The credentials of one learner",
        description="At most 200, in order of acceptance. The number is personal data, so it stands in no address.",
        request_body=json_body(LearnerSearch),
        responses=answers(415, 422, ok=CredentialPage),
    )
    @needs(Role.READ)
    def search() -> Response:
        wanted = Wanted(None, None, read_model(LearnerSearch).learner_id, None, seen_keys(services))
        found = services.store.finding.page(wanted, 0, _MOST_FOUND)
        return _json(CredentialPage(items=[credential_summary(row) for row in found], next=None))

    @routes.get("/credentials/<id>", summary="One credential with its history", responses=answers(409, ok=Credential))
    @needs(Role.READ)
    def show(path: CredentialPath) -> Response:
        return _json(credential(services, visible(services, access, path.id)))

    @routes.get(
        "/credentials/<id>/document",
        summary="Its document and where it came from, also before it is sealed",
        description="With the role read or approve.",
        responses=answers(409, ok=CredentialDocument),
    )
    def document(path: CredentialPath) -> Response:
        if not principal().may(Role.APPROVE):
            principal().require(Role.READ)
        return _json(credential_document(look_at(services.store, visible(services, access, path.id).id)))

    @routes.get(
        "/credentials/<id>/file",
        summary="The credential file, for its learner only",
        responses=answers(409, 410, ok=_FILE_ANSWER),
    )
    @needs(Role.READ)
    def file(path: CredentialPath) -> Response:
        found = visible(services, access, path.id)
        try:
            response = Response(handed_file(services, found.id), content_type="application/json")
        except InputError as error:
            raise Refused(410, f"It {error.problem}.", code="credential.erased") from error
        name = found.id.removeprefix("urn:uuid:")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.credential.json"'
        return response

    @routes.delete(
        "/credentials/<id>",
        summary="Withdraw one that is not sealed yet, with all its copies: it never enters the log",
        description="Also an acknowledged award whose credential cannot be made (`credential.set_aside`).",
        responses=answers(409, ok=CredentialSummary),
    )
    @needs(Role.ISSUE)
    def withdraw(path: CredentialPath) -> Response:
        aside = _set_aside(services, access, path.id)
        entry_id = visible(services, access, path.id).id if aside is None else aside.taken.entry

        def work() -> Answer:
            services.withdraw(entry_id)
            return Answer(200, credential_summary(visible(services, access, entry_id)))

        return once.commit(work)

    return routes


class _Issuing:
    """One award or a list, once."""

    def __init__(self, services: Services, once: Once) -> None:
        self._services = services
        self._once = once
        self._accepting = Accepting(services)

    def one(self, award: AwardRow, query: IssueQuery) -> Response:
        """Read inside the transaction: an award costs little, and all who wait share one COMMIT."""

        def work() -> Answer:
            with refusing():
                report = self._accepting.read_one(award, query.copies)
                if query.supersedes is not None:
                    outcome = self._accepting.correct(report, query.supersedes, dry_run=False, copies=query.copies)
                else:
                    prepared = self._accepting.prepare(report, query.copies)
                    outcome = self._accepting.accept(prepared) if prepared.made else prepared.outcome((), (), ())
            if outcome.refused:
                row = outcome.refused[0]
                found = [(row.column or "award", row.reason), *(one.split(": ", 1) for one in row.also)]
                errors = [FieldProblem(where=where, problem=problem) for where, problem in found]
                raise Refused(422, f"The award is refused: {row.reasons}", errors, code="award.refused")
            row_id = (*outcome.issued, *outcome.already)[0].id
            return Answer(201 if outcome.issued else 200, AcceptedCredential(id=row_id, already=not outcome.issued))

        if query.dry_run:
            raise Refused(422, "dry_run is for lists; send the award as application/jsonl.", code="request.refused")
        return self._once(award.model_dump_json().encode(), work, required=True)

    def list(self, upload: Upload, query: IssueQuery) -> Response:
        """Read and rendered outside the transaction: thousands of rows must not hold the writers' lock."""
        accepting, supersedes, copies = self._accepting, query.supersedes, query.copies
        if query.dry_run:
            with refusing(), acting_as(principal()):
                report = accepting.read_list(upload.data, upload.name, copies)
                return _json(issue_report(self._tried(report, supersedes, copies)))

        def prepare() -> Callable[[], Answer]:
            with refusing():
                report = accepting.read_list(upload.data, upload.name, copies)
                prepared = None if supersedes is not None else accepting.prepare(report, copies)

            def work() -> Answer:
                with refusing():
                    if prepared is not None:
                        return Answer(200, issue_report(accepting.accept(prepared)))
                    outcome = accepting.correct(report, supersedes or "", dry_run=False, copies=copies)
                    return Answer(200, issue_report(outcome))

            return work

        payload = b"\0".join((upload.name.encode(), upload.data))
        return self._once.prepared(payload, prepare, required=True)

    def _tried(self, report: Any, supersedes: str | None, copies: int) -> IssueOutcome:
        if supersedes is not None:
            return self._accepting.correct(report, supersedes, dry_run=True, copies=copies)
        prepared = self._accepting.prepare(report, copies)
        return prepared.outcome(prepared.made, (), (), dry_run=True)


def visible(services: Services, access: Access, entry_id: str) -> FoundEntry:
    """The credential, where the one who asks may see it.

    Raises `Refused`: 404, also for another department's; 409 where it was acknowledged and cannot be made.
    """
    try:
        entry = services.store.entries.get(entry_id)
    except InputError:
        entry = None
    found = None if entry is None else services.store.finding.one(entry.id)
    if entry is None and (aside := _set_aside(services, access, entry_id)) is not None:
        raise Refused(409, set_aside_detail(aside), code="credential.set_aside")
    if entry is None or found is None or not access.may_see(principal(), entry):
        raise Refused(404, "There is no credential with this id here.", code="credential.unknown")
    return found


def _set_aside(services: Services, access: Access, entry_id: str) -> AsideRow | None:
    """The award with this id, where it is set aside and the one who asks may see it."""
    try:
        row = services.store.set_aside.get(entry_id)
    except InputError:
        return None
    return row if row is not None and access.may_see(principal(), row.taken) else None


def handed_file(services: Services, entry_id: str) -> bytes:
    """The complete file, for the one who asks, with a line of the audit log. Raises as `Services.credential_file`."""
    data = services.credential_file(entry_id)
    with acting_as(principal()):
        services.store.acts.add(services.now, "file", entry_id, {})
    return data


def seen_keys(services: Services) -> frozenset[str] | None:
    """Keys of the micro-credentials that the one who asks may see; None: all."""
    who = principal()
    if not who.departments:
        return None
    departments = services.store.departments.all()
    return frozenset(key for key, department in departments.items() if who.covers(department))


def _json(value: BaseModel) -> Response:
    return Response(value.model_dump_json(by_alias=True), content_type="application/json")


_FILE_ANSWER: Final[dict[str, Any]] = {
    "description": "rootseal/credential/1: complete, personal.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}


_ISSUE_SHAPES: Final = [
    {"$ref": "#/components/schemas/IssueReport"},
    {"$ref": "#/components/schemas/AcceptedCredential"},
]
_ISSUE_ANSWER: Final[dict[str, Any]] = {
    "description": "Every row of the list, or the award that was issued before.",
    "content": {"application/json": {"schema": {"oneOf": _ISSUE_SHAPES}}},
}


def _body() -> dict[str, Any]:
    form = {"type": "object", "required": ["file"], "properties": {"file": _FILE}, "additionalProperties": False}
    lists = {media_type: (_TEXT if media_type != _XLSX else {"schema": _FILE}) for media_type in _LISTS}
    award = {"schema": AwardRow.model_json_schema()}
    return {
        "required": True,
        "content": {"application/json": award, **lists, "multipart/form-data": {"schema": form}},
    }
