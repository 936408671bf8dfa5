"""What is wrong with a config, each fault told at every field that it concerns: by REST, page and
command line alike."""

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError


def impossible(field: str, message: str, *others: str) -> PydanticCustomError:
    """For a model's validator that looks at several fields; `places` finds them in it again.

    field: where a reader will look first; others: those that could be changed as well
    """
    return PydanticCustomError(
        "impossible", "{message}", {"message": message, "field": field, "others": list(others)}
    )


def place(error: Any) -> tuple[str | int, ...]:
    """Where one of pydantic's errors belongs, also when it came of several fields together."""
    field = (error.get("ctx") or {}).get("field") if error["type"] == "impossible" else None
    return (*error["loc"], field) if field else tuple(error["loc"])


def places(error: Any) -> list[tuple[str | int, ...]]:
    """`place`, and those of the other fields that the same fault concerns."""
    others = (error.get("ctx") or {}).get("others", []) if error["type"] == "impossible" else []
    return [place(error), *((*error["loc"], other) for other in others)]


def every_error(model: type[BaseModel], config: dict[str, Any]) -> list[Any]:
    """All faults of a config, in pydantic's form. Its own list ends where the first fields are
    wrong: what belongs together is looked at only when each field alone is right. So the wrong
    ones are left out, and what remains is asked again, until nothing new is found."""
    found: list[Any] = []
    wrong: set[str | int] = set()
    rest = config
    while True:
        try:
            model.model_validate(rest)
            return found
        except ValidationError as error:
            # a fault with a field that was left out is one of its default, not of the reader
            fresh = [one for one in error.errors() if not wrong & _fields(one)]
        found += fresh
        fields = {field for one in fresh for field in _fields(one)}
        if not fields:
            return found
        wrong |= fields
        rest = {name: value for name, value in config.items() if name not in wrong}


def _fields(error: Any) -> set[str | int]:
    return {where[0] for where in places(error) if where}
