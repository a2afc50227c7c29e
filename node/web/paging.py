"""Pages with a cursor, and RFC 8288 Link headers to the next one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

from flask import Response, request
from pydantic import BeforeValidator, ConfigDict, Field

from node.web.request_shape import RequestShape

__all__ = ["LONGEST_PAGE", "PageQuery", "by_place", "link_next", "whole"]

LONGEST_PAGE: Final = 200

_Item = TypeVar("_Item")


def whole(value: object) -> object:
    """Query values are text: digits only, so that `1.0`, `+1` and `１` are refused and not guessed at."""
    if isinstance(value, int):
        return value
    if not isinstance(value, str) or not (value.isascii() and value.isdigit() and len(value) < 17):
        raise ValueError("must be a whole number")
    return int(value)


class PageQuery(RequestShape):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    # The order matters to pydantic: bounds first, else they are lost from the schema.
    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE, description="At most so many."), BeforeValidator(whole)] = 100
    cursor: str = Field(default="0", pattern=r"^[0-9]{1,15}$", description="`next` of the page before; opaque.")

    @property
    def after(self) -> int:
        """The number that the page begins behind."""
        return int(self.cursor)


def by_place(items: Sequence[_Item], query: PageQuery) -> tuple[list[_Item], str | None]:
    """The page of a list that only ever grows at its end, and the cursor of the next: a place stays what it is."""
    shown = list(items[query.after : query.after + query.limit])
    end = query.after + len(shown)
    return shown, str(end) if end < len(items) else None


def link_next(response: Response, following: str | None) -> Response:
    """Add the Link header where there is a next page."""
    if following is not None:
        query = urlencode({**request.args.to_dict(), "cursor": following})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return response
