"""`/anchors`: for everybody, without signing in: the log's anchors, and how to check one oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request

from node.console.pages import LARGEST, asked_number, page
from node.problems import Refused
from rootseal.ethereum import address_text

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["anchor_pages"]

_PAGE: Final = 50
_SECONDS: Final = "public, max-age=30"
_UNKNOWN: Final = "There is no anchor with this number in this log. It may not be final yet."


def anchor_pages(services: Services) -> Blueprint:
    """The public pages."""
    routes = Blueprint("anchors", __name__, template_folder="templates")

    def place() -> dict[str, object]:
        home = services.home
        return {
            "home": home,
            "ledger": address_text(home.ledger),
            "genesis": services.config.genesis_hash,
            "final": services.store.log.newest_anchor(),
            "site": services.config.public_url or request.host_url.rstrip("/"),
        }

    @routes.get("/anchors")
    def all_anchors() -> Response:
        log = services.store.log
        rows = log.recent_anchors(asked_number("before", LARGEST), _PAGE + 1)
        following = rows[_PAGE - 1].sequence if len(rows) > _PAGE else None
        newest = log.newest_checkpoint()
        others = [
            (witness, address_text(witness.ledger), services.store.witnesses.anchors(witness.number).newest_anchor())
            for witness in services.store.witnesses.all()
        ]
        values = {"rows": rows[:_PAGE], "following": following, "newest": newest, "others": others}
        response = page("anchors", **values, **place())
        return _cached(response)

    @routes.get("/anchors/<int:sequence>")
    def one_anchor(sequence: int) -> Response:
        log = services.store.log
        row = log.anchor(sequence) if sequence < LARGEST else None
        if row is None:
            raise Refused(404, _UNKNOWN)
        return _cached(page("anchor", row=row, **place()))

    return routes


def _cached(response: Response) -> Response:
    response.headers["Cache-Control"] = _SECONDS
    return response
