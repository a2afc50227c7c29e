"""`/claim` and `/v1/claims`: a learner fetches a credential with a one-time link. Public; the secret is the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field

from node.delivery.claim_page import POLICY, claim_page, page_file
from node.delivery.links import ClaimLinkService, Unclaimable, decode_secret
from node.problems import PROBLEMS, documented, problem
from node.web.bodies import read_model
from node.web.describing import json_body
from node.web.limits import limiter_of

if TYPE_CHECKING:
    from node.services import Services

__all__ = ["claim_routes"]

_LIMIT: Final = "300 per minute"
_STATUS: Final = {"unknown": 404, "used": 410, "expired": 410, "gone": 410, "copy": 404}


class ClaimRequest(BaseModel):
    """What opens a link."""

    model_config = ConfigDict(extra="forbid")

    secret: str = Field(
        pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$",
        description="What stands after the # of the link: 32 bytes, base64url without padding.",
    )
    resume: str = Field(
        pattern=r"^[A-Za-z0-9_-]{21}[AQgw]$",
        description="16 random bytes of the caller's choice, base64url. The pair may be sent again for ten minutes.",
    )
    copy_number: int = Field(
        default=1,
        ge=1,
        le=1000,
        alias="copy",
        description="Which of several copies, from 1; the header Rootseal-Copies of an answer says how many there are.",
    )


def claim_routes(services: Services) -> APIBlueprint:
    """The page, its script and style, and the route that it posts to."""
    tag = Tag(name="claims", description="For learners: fetch a credential with a one-time link.")
    common: Any = dict(PROBLEMS)
    routes = APIBlueprint("claims", __name__, abp_tags=[tag], abp_responses=common)
    links = ClaimLinkService(
        services.store,
        services.config.public_url,
        lambda entry: services.exporter.credential_file(entry).to_bytes(),
    )

    @routes.post(
        "/v1/claims",
        summary="Fetch the credential file behind a link",
        operation_id="open_claim",
        request_body=json_body(ClaimRequest),
        responses=_claim_answers(),
    )
    def open_claim() -> Response:
        with limiter_of().limit(_LIMIT):
            asked = read_model(ClaimRequest)
            secret, resume = decode_secret(asked.secret, 32), decode_secret(asked.resume, 16)
            if secret is None or resume is None:
                return problem(400, "secret and resume must be base64url without padding.", "request.invalid")
            try:
                claimed = links.open(secret, resume, services.now, asked.copy_number)
            except Unclaimable as error:
                return problem(_STATUS[error.reason], error.problem, f"claim.{error.reason}")
        response = Response(claimed.file, content_type="application/json")
        response.headers["Cache-Control"] = "no-store"
        response.headers["Rootseal-Copies"] = str(claimed.copies)
        response.headers["Content-Disposition"] = f'attachment; filename="{claimed.entry.uuid}.credential.json"'
        return response

    page = claim_page(services.config.mail_language, services.config.name, test=services.config.test)
    _static(routes, "/claim", page, "text/html", "The page behind a claim link")
    _static(routes, "/claim.js", page_file("claim.js"), "text/javascript", "Its script")
    _static(routes, "/claim.css", page_file("claim.css"), "text/css", "Its style sheet")
    return routes


def _static(routes: APIBlueprint, path: str, content: str, media_type: str, summary: str) -> None:
    answer: Any = {"200": {"description": summary, "content": {media_type: {"schema": {"type": "string"}}}}}

    @routes.get(path, summary=summary, endpoint=path.strip("/").replace(".", "_"), responses=answer)
    def static() -> Response:
        response = Response(content, content_type=f"{media_type}; charset=utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-store"
        return response


def _claim_answers() -> Any:
    schema = {"type": "object", "description": "rootseal/credential/1"}
    file = {
        "description": "The credential file, to be saved as it is.",
        "content": {"application/json": {"schema": schema}},
    }
    return {**documented(410, 415), "200": file}
