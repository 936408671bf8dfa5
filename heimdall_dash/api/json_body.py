"""JSON bodies, read with a bound and without trust in the content type (curl -d sends none)."""

import json
from typing import Any

from fastapi import Request
from pydantic import BaseModel

from heimdall_dash.api.refusals import Refused

# A config and facts of their largest, with a third of their letters escaped. What is larger would
# be refused after a second of reading, in which nobody else is served.
SMALL_BYTES = 4 * 2**20
# Python reads JSON in one go, in which nobody else has a turn, in a thread neither: 300 ms for 4 MB
# of little objects, 50 ms for so many. In what a config's megabyte takes, nothing is counted.
MAX_VALUES = 50_000
UNCOUNTED_BYTES = 1_250_000
MANY_VALUES = 300_000  # where most of them are numbers of a list


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI description of a body that is parsed by hand."""
    schema = model.model_json_schema()
    schema = _inlined(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """Without references, which lead nowhere inside the whole document; ours have no circles."""
    if isinstance(schema, list):
        return [_inlined(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    return {name: _inlined(part, definitions) for name, part in schema.items()}


async def read_json(
    request: Request, most_bytes: int | None = SMALL_BYTES, most_values: int = MAX_VALUES
) -> Any:
    """The body as JSON; `NaN` and `Infinity` are read, for metrics turn them into null.

    most_bytes: None for what any body may have
    Raises Refused: 400 for anything that is not JSON, 413 for what is too large.
    """
    body = await request.body()
    if most_bytes is not None and len(body) > most_bytes:
        raise Refused(413, f"a body may have {most_bytes} bytes here at most")
    check_values(body, most_values)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise not_json(error) from error


def check_values(text: bytes, most: int) -> None:
    """Raises Refused for JSON of more values, about, which nobody may wait for."""
    if len(text) <= UNCOUNTED_BYTES:
        return
    if text.count(b",") + text.count(b"[") + text.count(b"{") > most:
        raise Refused(413, f"JSON may have {most} values here at most")


def not_json(error: Exception) -> Refused:
    return Refused(400, f"the body is not JSON: {error}")
