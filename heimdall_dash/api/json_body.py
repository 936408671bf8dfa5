"""JSON bodies, read with a bound and without trust in the content type (curl -d sends none)."""

import json
from typing import Any

from fastapi import Request
from pydantic import BaseModel

from heimdall_dash.api.refusals import Refused

# A config and facts of their largest, with a third of their letters escaped. What is larger would
# be refused after a second of reading, in which nobody else is served.
SMALL_BYTES = 4 * 2**20


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


async def read_json(request: Request, most_bytes: int | None = SMALL_BYTES) -> Any:
    """The body as JSON; `NaN` and `Infinity` are read, for metrics turn them into null.

    most_bytes: None for what any body may have
    Raises Refused: 400 for anything that is not JSON, 413 for what is too large.
    """
    body = await request.body()
    if most_bytes is not None and len(body) > most_bytes:
        raise Refused(413, f"a body may have {most_bytes} bytes here at most")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
