"""Shapes of `/v1/credentials/{id}/copies`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from node.client.models import Body, Shape, State, integral

__all__ = ["CopiesRequest", "CopyList", "CopyReport"]


class CopiesRequest(Body):
    """More copies of one credential."""

    add: Annotated[int, Field(ge=1, le=16, description="How many."), BeforeValidator(integral)]
    holders: list[str] = Field(
        default_factory=list,
        max_length=16,
        description="The learner's addresses, 0x…, one for each new copy; none where the first copy has none.",
    )


class CopyReport(Shape):
    """Where one copy stands."""

    id: str = Field(description="urn:uuid:….")
    state: State = Field(description="How far it has come; anchored means final on chain.")
    index: int | None = Field(description="Place in the log, once sealed.")
    credits: bool = Field(description="True iff it is the copy that carries the credits.")


class CopyList(Shape):
    """All copies of one credential."""

    format: Literal["rootseal/copies/1"] = Field(default="rootseal/copies/1", description="Which shape this is.")
    copies: list[CopyReport] = Field(description="The first one first; withdrawn ones too.")
    added: list[str] = Field(description="Those that this request added, or added when it was first sent.")
    taken: list[str] = Field(description="Those that this request took back before they were sealed.")
