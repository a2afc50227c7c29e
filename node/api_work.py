"""`/v1/seal`, `/v1/anchor` and `/v1/node`: the node's work.

Sealing ends the grace time of everybody's lists, so that it is not for the token of a department.
Keys, the admin's acts, backup and restore have no route: they stay with who holds the machine.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from pydantic import BaseModel

from node.access import Role, acting_as
from node.api_credentials import seen_keys
from node.client.node_models import (
    AnchorReport,
    ChainReport,
    NextAnchorReport,
    NodeReport,
    ProblemReport,
    SealReport,
    SetAsideReport,
    WitnessReport,
)
from node.hurrying import want_anchor
from node.summary import NodeStatus
from node.web.authentication import for_all, needs, principal
from node.web.describing import answers, guarded_routes
from node.web.showing import anchor_place, checkpoint_report
from rootseal.anchoring import home_json

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["work_routes"]

# The sentences of `node status` name files and endpoints, which are the operator's own affair.
_WORDS: Final = {
    "chain.ahead": "The chain is ahead of this store: nothing is sealed or sent.",
    "held.up": "The last round of work did not get through: sealing or anchoring is held up.",
    "award.set_aside": "Credentials of acknowledged awards cannot be made now: they are kept and tried again.",
    "chain.endpoint": "One of the node's endpoints is left out; the others are asked.",
    "balance.low": "The money on the node's key runs out soon, at home or on another ledger; nothing is held up by it.",
}


def work_routes(services: Services) -> APIBlueprint:
    """The routes of the node's work."""
    routes = guarded_routes("work", "work", "Seal, anchor, look.")

    @routes.post("/seal", summary="Seal what waits now, and sign the promise", responses=answers(409, ok=SealReport))
    @needs(Role.ISSUE)
    def seal() -> Response:
        for_all()
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
        for_all()
        with acting_as(principal()):
            newest, anchored = want_anchor(services.store, services.now)
        point = None if newest is None else checkpoint_report(newest)
        return _json(AnchorReport(checkpoint=point, anchored=anchored), 202)

    @routes.get("/node", summary="How the node is doing", responses=answers(ok=NodeReport))
    @needs(Role.READ)
    def node() -> Response:
        return _json(_report(services.status(), home_json(services.home), seen_keys(services)))

    return routes


def _report(found: NodeStatus, home: Any, keys: Collection[str] | None) -> NodeReport:
    """Of micro-credentials with these keys alone it names what is set aside; None: of all."""
    chain = found.chain
    return NodeReport(
        home=home,
        test=found.test,
        healthy=found.healthy,
        accepted=found.accepted,
        copies_waiting=found.copies_waiting,
        set_aside=[
            SetAsideReport(
                id=row.taken.entry,
                micro_credential=row.taken.micro_credential,
                accepted_at=row.taken.at,
                since=row.since,
                reason=row.reason,
            )
            for row in found.set_aside
            if keys is None or row.taken.micro_credential in keys
        ],
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
        problems=[ProblemReport(code=one.code, sentence=_WORDS[one.code]) for one in found.problems],
        next_anchor=NextAnchorReport(
            due=found.next_anchor.due, reason=found.next_anchor.reason, at=found.next_anchor.at
        ),
        awaiting_approval=found.approvals,
        recovered=found.recovered,
        ledgers=[
            WitnessReport(
                number=one.number,
                chain=one.chain_id,
                sequence=one.sequence,
                anchored=one.anchored,
                failing=one.problem is not None,
            )
            for one in found.witnesses
        ],
    )


def _json(value: BaseModel, status: int = 200) -> Response:
    return Response(value.model_dump_json(by_alias=True), status, content_type="application/json")
