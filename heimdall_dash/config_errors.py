"""Errors of several config fields together: raised by a trainer's config model, told by REST, page
and command line at the one field where a reader will look."""

from typing import Any

from pydantic_core import PydanticCustomError


def impossible(field: str, message: str) -> PydanticCustomError:
    """For a model's validator that looks at several fields; `place` finds `field` in it again."""
    return PydanticCustomError("impossible", "{message}", {"message": message, "field": field})


def place(error: Any) -> tuple[str | int, ...]:
    """Where one of pydantic's errors belongs, also when it came of several fields together."""
    field = (error.get("ctx") or {}).get("field") if error["type"] == "impossible" else None
    return (*error["loc"], field) if field else tuple(error["loc"])
