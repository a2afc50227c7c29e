"""What a learner comes to the office for: a credential issued anew, a reason in writing, erasure, and credits.

Erasing and credits are for tokens of all departments. Erasing has to be confirmed by the whole id: a program that
loops over a list by mistake destroys nothing.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated, Any, Final

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from node.access import Access, Role, acting_as
from node.api_credentials import flag, visible
from node.client.office_models import (
    CreditActPage,
    CreditActReport,
    CreditReport,
    ErasureReport,
    ErasureRequest,
    ReissueReport,
    ReissueRequest,
)
from node.crediting import CreditAnswer, Crediting, CreditLine
from node.erasing import erase_entry
from node.problems import Refused, refusing, set_up
from node.reasons import signed_reason
from node.reissuing import Desk, Reissue, reissue
from node.web.authentication import for_all, needs, principal
from node.web.bodies import bounded, read_model, read_upload
from node.web.describing import CredentialPath, KeyHeader, answers, guarded_routes, json_body
from node.web.idempotency import Answer, Once
from node.web.paging import PageQuery, by_place, link_next
from node.web.request_shape import RequestShape
from rootseal.errors import UndeterminedError
from rootseal.ethereum import address_text, parse_address

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["office_routes"]

_CONSENT: Final = 64 * 1024
_CONSENT_TYPES: Final = {"application/json": ".json"}
_BUSY: Final = "The row is overwritten, but old pages of the database are still read here. Send the request again."


class RehearsalQuery(RequestShape):
    """Whether it is done."""

    model_config = ConfigDict(extra="forbid")

    dry_run: Annotated[bool, Field(description="Say what would happen; change nothing."), BeforeValidator(flag)] = False


def office_routes(services: Services, access: Access, once: Once) -> APIBlueprint:
    """The routes of the office."""
    routes = guarded_routes("office", "office", "What learners come to the office for.")
    _at_the_desk(routes, services, access, once)
    _erasing(routes, services, access)
    _credits(routes, services)
    return routes


def _at_the_desk(routes: APIBlueprint, services: Services, access: Access, once: Once) -> None:
    @routes.post(
        "/credentials/<id>/reissues",
        summary="Issue it anew to another key of its learner",
        description="The same document and credits under a new id; the old one is revoked as superseded when the "
        "anchor of the new one is final.",
        request_body=json_body(ReissueRequest),
        responses=answers(409, 415, 422, ok=ReissueReport, created=ReissueReport),
    )
    @needs(Role.ISSUE)
    def anew(header: KeyHeader, path: CredentialPath, query: RehearsalQuery) -> Response:
        old = visible(services, access, path.id).id
        asked = read_model(ReissueRequest)
        with refusing():
            holders = [parse_address(holder, "holder") for holder in asked.holder.split()]
            desk = Desk(asked.checked_by, asked.how)

        def done(*, dry_run: bool) -> Reissue:
            with refusing():
                return reissue(
                    services.store, services.home, services.profile, old, holders, desk, services.now, dry_run=dry_run
                )

        def work() -> Answer:
            made = done(dry_run=False)
            return Answer(200 if made.already else 201, _reissue(made, dry_run=False))

        if query.dry_run:
            with acting_as(principal()):
                return _json(_reissue(done(dry_run=True), dry_run=True))
        return once(asked.model_dump_json().encode(), work)

    @routes.post(
        "/credentials/<id>/reasons",
        summary="A signed statement for the holder: why it was revoked or suspended",
        description="What `note` said last, signed by the node's key. For the learner and nobody else.",
        responses=answers(409, ok=_REASON),
    )
    @needs(Role.REVOKE)
    def reason(path: CredentialPath) -> Response:
        found = visible(services, access, path.id)
        try:
            with acting_as(principal()):
                made = signed_reason(services.store, services.connection, found.id, services.now)
        except UndeterminedError as error:
            if error.code != "reason.none":
                raise
            sentence = "No reason was written down for it; POST /v1/status-changes takes one as note."
            raise Refused(409, sentence, code="reason.none") from error
        return Response(made.to_bytes(), content_type="application/json")


def _erasing(routes: APIBlueprint, services: Services, access: Access) -> None:
    lock = threading.Lock()

    @routes.post(
        "/credentials/<id>/erasure",
        summary="Destroy for ever what this node knows about its learner",
        description="Document, seed, e-mail, learner id, holder, credits, day of award and written reasons are "
        "overwritten in the database, its WAL and its free pages. Kept: id, commitment, key of the micro-credential, "
        "states and their times. What was sealed also keeps its place in the log, for ever: the learner's own file "
        "verifies as before, and it can still be revoked. What was withdrawn before it was sealed has no place there. "
        "It may be repeated as it is.",
        request_body=json_body(ErasureRequest),
        responses=answers(409, 415, 422, ok=ErasureReport),
    )
    @needs(Role.REVOKE)
    def erase(path: CredentialPath, query: RehearsalQuery) -> Response:
        for_all()
        found = visible(services, access, path.id)
        if read_model(ErasureRequest).confirm != found.id:
            sentence = "confirm: must be the credential's whole id, urn:uuid:…; nothing was erased."
            raise Refused(422, sentence, code="erase.not_confirmed")
        # Each writes the whole database anew: one after the other.
        with lock, acting_as(principal()):
            try:
                done = erase_entry(services.store, found.id, services.now, dry_run=query.dry_run)
            except UndeterminedError as error:
                raise Refused(503, _BUSY, code=error.code, headers={"Retry-After": "5"}) from error
        changed = not query.dry_run or done.already
        return _json(
            ErasureReport(
                id=done.id,
                dry_run=query.dry_run,
                erased_at=done.erased_at if changed else None,
                already=done.already,
                entries=list(done.entries),
                database_copies=len(done.copies),
                last_backup_at=done.backup,
            )
        )


def _credits(routes: APIBlueprint, services: Services) -> None:
    def add(address: str, kind: str, summary: str) -> None:
        @routes.post(
            address,
            summary=summary,
            description="The body is the file that the learner's wallet made. The contract is asked first: what it "
            "would refuse is 422 and is not sent. It may be repeated as it is: nothing is queued or paid twice.",
            operation_id=f"queue_credit_{kind}",
            endpoint=f"credit_{kind}",
            request_body=_CONSENT_BODY,
            responses=answers(409, 415, 422, ok=CreditReport, accepted=CreditReport),
        )
        @needs(Role.ISSUE)
        @bounded(_CONSENT)
        def consent(query: RehearsalQuery) -> Response:
            for_all()
            data = read_upload(_CONSENT, _CONSENT_TYPES, "The file is larger than 64 KiB: it is no consent.").data
            crediting = Crediting(services.store, services.connection)
            with set_up(), refusing(), acting_as(principal()):
                if kind == "claim":
                    found = crediting.submit([("body", data)], services.now, dry_run=query.dry_run).answers[0]
                else:
                    found = crediting.redeem("body", data, services.now, dry_run=query.dry_run)
            return _credit(found, dry_run=query.dry_run)

    add("/credit-claims", "claim", "Claim credits for a learner who signed for it")
    add("/credit-redemptions", "redemption", "Recognise a learner's credits, once for ever")

    @routes.get(
        "/credit-acts", summary="What was claimed and recognised here", responses=answers(409, ok=CreditActPage)
    )
    @needs(Role.READ)
    def acts(query: PageQuery) -> Response:
        for_all()
        with set_up():
            lines = Crediting(services.store, services.connection).lines()
        shown, following = by_place(lines, query)
        return link_next(_json(CreditActPage(items=[_line(one) for one in shown], next=following)), following)


def _credit(found: CreditAnswer, *, dry_run: bool) -> Response:
    if found.outcome == "refused" or found.commitment is None:
        raise Refused(422, f"Refused: {found.reason}", code="credits.refused")
    report = CreditReport(
        dry_run=dry_run,
        commitment=found.commitment.hex(),
        credits=found.credits,
        outcome="queued" if found.outcome == "queued" else "already",
        gas=found.gas,
        wei=str(found.wei),
    )
    return _json(report, 202 if found.outcome == "queued" and not dry_run else 200)


def _line(one: CreditLine) -> CreditActReport:
    return CreditActReport.model_validate(
        {
            "kind": one.act.kind,
            "commitment": one.act.commitment.hex(),
            "at": one.act.at,
            "award": one.act.award,
            "transaction_state": one.state.value,
            "token": None if one.token is None else one.token.name.lower(),
            "given_up": one.problem is not None,
        }
    )


def _reissue(done: Reissue, *, dry_run: bool) -> ReissueReport:
    return ReissueReport(
        dry_run=dry_run,
        old=done.old,
        # In a rehearsal none was drawn that will be used.
        new=None if dry_run and not done.already else done.new,
        holder=" ".join(map(address_text, done.holders)),
        credits=done.credits,
        already=done.already,
        old_withdrawn=done.withdrawn,
    )


def _json(value: BaseModel, status: int = 200) -> Response:
    return Response(value.model_dump_json(by_alias=True), status, content_type="application/json")


_REASON: Final[dict[str, Any]] = {
    "description": "rootseal/reason/1, to be handed to the learner as it is.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
_CONSENT_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {"application/json": {"schema": {"type": "object"}}},
}
