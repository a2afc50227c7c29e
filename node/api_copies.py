"""`/v1/credentials/{id}/copies`: the copies of one credential, more of them, and taking back those that wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flask import Response
from flask_openapi.blueprint import APIBlueprint

from node.access import Access, Role
from node.api_credentials import visible
from node.client.copy_models import CopiesRequest, CopyList, CopyReport
from node.copying import add_copies, copies_of, withdraw_waiting
from node.problems import refusing
from node.web.authentication import needs
from node.web.bodies import read_model
from node.web.describing import CredentialPath, NeededKeyHeader, answers, guarded_routes, json_body
from node.web.idempotency import Answer, Once
from rootseal.ethereum import parse_address

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["copy_routes"]


def copy_routes(services: Services, access: Access, once: Once) -> APIBlueprint:
    """The routes of copies. Any copy's id means all of them."""
    routes = guarded_routes(
        "copies", "copies", "Copies of a credential, which two employers cannot link by place or hash."
    )

    @routes.get("/credentials/<id>/copies", summary="All copies of a credential", responses=answers(409, ok=CopyList))
    @needs(Role.READ)
    def list_copies(path: CredentialPath) -> Response:
        found = _listed(services, visible(services, access, path.id).id)
        return Response(found.model_dump_json(by_alias=True), content_type="application/json")

    @routes.post(
        "/credentials/<id>/copies",
        summary="Make more copies of a credential that is sealed and in force",
        description="Each is sealed when the one before it is final on chain. 200 where these very addresses were "
        "added before.",
        request_body=json_body(CopiesRequest),
        responses=answers(409, 415, 422, ok=CopyList, created=CopyList),
    )
    @needs(Role.ISSUE)
    def more_copies(header: NeededKeyHeader, path: CredentialPath) -> Response:
        first = visible(services, access, path.id).id
        asked = read_model(CopiesRequest)
        with refusing():
            holders = [parse_address(holder, "holders") for holder in asked.holders]

        def work() -> Answer:
            with refusing():
                done = add_copies(
                    services.store, services.home, services.profile, first, asked.add, holders, services.now
                )
            return Answer(200 if done.already else 201, _listed(services, first, added=done.added))

        return once(asked.model_dump_json().encode(), work, required=True)

    @routes.delete(
        "/credentials/<id>/copies",
        summary="Take back the copies that wait to be sealed, of a credential whose first one is sealed",
        responses=answers(409, ok=CopyList),
    )
    @needs(Role.ISSUE)
    def take_back(path: CredentialPath) -> Response:
        first = visible(services, access, path.id).id

        def work() -> Answer:
            with refusing():
                taken = withdraw_waiting(services.store, first, services.now)
            return Answer(200, _listed(services, first, taken=taken))

        return once.commit(work)

    return routes


def _listed(services: Services, entry_id: str, added: Sequence[str] = (), taken: Sequence[str] = ()) -> CopyList:
    found = copies_of(services.store, entry_id)
    copies = [
        CopyReport(
            id=copy.id,
            state=copy.standing.value,
            index=copy.index,
            credits=services.entry(copy.id).subject.credits > 0,
        )
        for copy in found
    ]
    return CopyList(copies=copies, added=list(added), taken=list(taken))
