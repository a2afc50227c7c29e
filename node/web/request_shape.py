"""The base of models that headers and query strings are read with."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

__all__ = ["RequestShape"]

_KNOWN: dict[type[BaseModel], dict[str, Any]] = {}


class RequestShape(BaseModel):
    """Its JSON schema is made once: flask-openapi asks for it at every request, and making it costs a millisecond."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """As pydantic makes it; what is asked for without options is kept."""
        if args or kwargs:
            return super().model_json_schema(*args, **kwargs)
        if cls not in _KNOWN:
            _KNOWN[cls] = super().model_json_schema()
        return _KNOWN[cls]
