"""`/v1/seal`, `/v1/anchor`, `/v1/node` and `/v1/templates`: the node's work, and what it awards.

Keys, the admin's acts, backup, restore and erasing have no route: they stay with who holds the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from node.access import Access, Role, acting_as
from node.client.node_models import (
    AnchorReport,
    ChainReport,
    MicroCredentialList,
    MicroCredentialReport,
    MicroCredentialSummary,
    NodeReport,
    SealReport,
)
from node.hurrying import want_anchor
from node.problems import Refused, refusing
from node.summary import NodeStatus
from node.web.authentication import needs, principal
from node.web.bodies import bounded, read_json
from node.web.describing import answers, guarded_routes
from node.web.idempotency import Answer, Once
from node.web.showing import anchor_place, checkpoint_report
from rootseal.anchoring import home_json
from rootseal.microcredential import MicroCredential

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["work_routes"]

_MOST: Final = 1 << 20
_TEMPLATE_BODY: Final = {
    "required": True,
    "content": {"application/json": {"schema": {"type": "object"}}},
}


class TemplatePath(BaseModel):
    """Which micro-credential."""

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$", description="Its key.")


def work_routes(services: Services, access: Access, once: Once) -> APIBlueprint:
    """The routes of the node's work."""
    routes = guarded_routes("work", "work", "Seal, anchor, look; micro-credentials.")

    @routes.post("/seal", summary="Seal what waits now, and sign the promise", responses=answers(409, ok=SealReport))
    @needs(Role.ISSUE)
    def seal() -> Response:
        with acting_as(principal()):
            found = services.seal()
        return _json(SealReport(checkpoint=None if found is None else checkpoint_report(found)))

    @routes.post(
        "/anchor",
        summary="Anchor the newest promise at the node's next round of work, whatever the interval",
        responses=answers(accepted=AnchorReport),
    )
    @needs(Role.ISSUE)
    def anchor() -> Response:
        with acting_as(principal()):
            newest, anchored = want_anchor(services.store)
        point = None if newest is None else checkpoint_report(newest)
        return _json(AnchorReport(checkpoint=point, anchored=anchored), 202)

    @routes.get("/node", summary="How the node is doing", responses=answers(ok=NodeReport))
    @needs(Role.READ)
    def node() -> Response:
        return _json(_report(services.status(), home_json(services.home)))

    @routes.get("/templates", summary="The micro-credentials", responses=answers(ok=MicroCredentialList))
    def templates() -> Response:
        departments = services.store.departments.all()
        items = [
            MicroCredentialSummary(key=key, title=item.title, department=departments.get(key))
            for key, item in sorted(services.templates().items())
            if principal().covers(departments.get(key))
        ]
        return _json(MicroCredentialList(items=items))

    @routes.get("/templates/<key>", summary="One micro-credential", responses=answers(ok=MicroCredentialReport))
    def template(path: TemplatePath) -> Response:
        item = services.templates().get(path.key)
        if item is None or not principal().covers(services.store.departments.of(path.key)):
            raise Refused(404, "There is no micro-credential with this key here.", code="template.unknown")
        return _json(MicroCredentialReport(template=item.to_json()))

    @routes.put(
        "/templates/<key>",
        summary="Store a micro-credential; a changed one becomes a new version",
        description="The body is one micro-credential as in a file for `rootseal node templates add`.",
        request_body=_TEMPLATE_BODY,
        responses=answers(409, 415, 422, ok=MicroCredentialReport),
    )
    @needs(Role.ISSUE)
    @bounded(_MOST)
    def put_template(path: TemplatePath) -> Response:
        if not principal().covers(services.store.departments.of(path.key)):
            raise Refused(403, "This micro-credential is not of the token's department.", code="token.department")
        value = read_json(_MOST)
        if not isinstance(value, dict):
            raise Refused(400, "The body must be a JSON object.", code="request.invalid")
        with refusing():
            item = MicroCredential.from_json(value, "body")
        if item.key != path.key:
            raise Refused(422, f"key: must be {path.key}, as in the address.", code="request.refused")

        def work() -> Answer:
            version = services.add_templates({item.key: item})[item.key]
            return Answer(200, MicroCredentialReport(version=version, template=item.to_json()))

        return once.commit(work)

    return routes


def _report(found: NodeStatus, home: Any) -> NodeReport:
    chain = found.chain
    return NodeReport(
        home=home,
        test=found.test,
        healthy=found.healthy,
        accepted=found.accepted,
        sealed=found.sealed,
        withdrawn=found.withdrawn,
        anchored=found.anchored,
        oldest_accepted_at=found.oldest_accepted_at,
        checkpoint=None if found.checkpoint is None else checkpoint_report(found.checkpoint),
        anchor=None if found.anchor is None else anchor_place(found.anchor),
        overdue=[checkpoint_report(point) for point in found.overdue],
        near=[checkpoint_report(point) for point in found.near],
        transactions=found.intents,
        chain=None
        if chain is None
        else ChainReport(
            latest_block=chain.latest_block,
            final_block=chain.final_block,
            head_sequence=chain.head_sequence,
            head_size=chain.head_size,
            balance_wei=None if chain.balance is None else str(chain.balance),
        ),
        # The sentence may name the chain's address, which is the operator's own affair.
        chain_problem=None if chain is not None else "The chain cannot be asked.",
    )


def _json(value: BaseModel, status: int = 200) -> Response:
    return Response(value.model_dump_json(by_alias=True), status, content_type="application/json")
