"""JSON bodies, read with a bound and without trust in the content type (curl -d sends none)."""

import json
from typing import Any

from fastapi import Request
from pydantic import BaseModel

from heimdall_dash.api.refusals import Refused


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


async def read_json(request: Request) -> Any:
    """The body as JSON; `NaN` and `Infinity` are read, for metrics turn them into null.

    Raises Refused: 400 for anything that is not JSON.
    """
    body = await request.body()
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
