"""Errors as `{"detail": …}`, never a traceback."""

import logging
from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from heimdall_dash.config_errors import places
from heimdall_dash.errors import (
    IllegalTransition,
    InvalidMetric,
    InvalidPrediction,
    NotAllowed,
    StaleAttempt,
    StoreUnavailable,
    UnknownJob,
)
from heimdall_dash.frames import CloseCode
from heimdall_dash.records import storable

log = logging.getLogger(__name__)

MAX_PROBLEMS = 50  # named in one answer
MAX_PART = 300  # characters of a name or a message
MAX_DETAIL = 1000  # characters of an error that is told as it is

CODES: dict[type[Exception], int] = {
    UnknownJob: 404,
    IllegalTransition: 409,
    StaleAttempt: 409,
    InvalidMetric: 422,
    InvalidPrediction: 422,
    NotAllowed: 403,
    StoreUnavailable: 503,
}


class Refused(Exception):
    """A request that cannot be met, with its HTTP status and a text for people."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class ImpossibleConfig(Exception):
    """A new job's config that its model refuses: 422 that names each of its fields.

    errors: in pydantic's form
    """

    def __init__(self, errors: list[Any]) -> None:
        super().__init__(f"{len(errors)} faults")
        self.errors = errors


class Refusal(BaseModel):
    """What every refusal answers."""

    detail: str | list[Any] = Field(
        description="what is wrong; with 422 a list of {loc, msg, type} may name the fields"
    )


MEANINGS = {
    400: "the body is not JSON",
    401: "a token is missing, or is another one",
    403: "the Host or the Origin is a foreign one",
    404: "there is no such thing",
    409: "the job's present state does not allow it",
    405: "the path takes other methods; Allow names them",
    413: "more than may come at once",
    422: "a field is missing, unknown or impossible",
    429: "too many wrong tokens came from this address",
    503: "the store does not answer; try again",
    507: "the server's disk has no room for a large answer, which it first writes to a file",
}


def documented(*codes: int) -> dict[int | str, dict[str, Any]]:
    """A route's refusals, for OpenAPI; those that every route may give are added."""
    return {
        code: {"model": Refusal, "description": MEANINGS[code]}
        for code in sorted({*codes, 401, 403, 404, 405, 422, 429, 503})
    }


def add_refusals(app: FastAPI) -> None:
    for error_type, code in CODES.items():
        app.add_exception_handler(error_type, _named(code))
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(ImpossibleConfig, _invalid)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(WebSocketRequestValidationError, _invalid_socket)
    app.add_exception_handler(Exception, _unexpected)


def _named(code: int) -> Any:
    async def answer(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": storable(str(error)[:MAX_DETAIL])}, code)

    return answer


async def _refused(request: Request, error: Any) -> JSONResponse:
    return JSONResponse({"detail": storable(error.detail)}, error.code)


async def _invalid(request: Request, error: Any) -> JSONResponse:
    return JSONResponse({"detail": problems(error)}, 422)


def problems(
    error: ValidationError | ImpossibleConfig | RequestValidationError,
) -> list[dict[str, Any]]:
    """Each field that is wrong: where it stands, what is wrong. A fault of several fields is told
    at each of them."""
    start: list[str | int] = ["body"]
    if isinstance(error, RequestValidationError):
        start = []
    elif isinstance(error, ImpossibleConfig):
        start = ["body", "config"]
    errors = error.errors if isinstance(error, ImpossibleConfig) else error.errors()
    return [
        {
            "loc": [_short(part) for part in (*start, *where)],
            "msg": _short(one["msg"]),
            "type": one["type"],
        }
        for one in errors
        for where in places(one)
    ][:MAX_PROBLEMS]


def _short(part: str | int) -> str | int:
    """A name of a field comes from outside: it may be long, or no Unicode."""
    return storable(part[:MAX_PART]) if isinstance(part, str) else part


async def _http(request: Request, error: Any) -> JSONResponse:
    return JSONResponse({"detail": error.detail}, error.status_code, error.headers)


async def _gone(request: Request, error: Exception) -> JSONResponse:
    """Nobody reads it: a client that went away in the middle of its body is no fault of ours."""
    log.debug("%s %s: the client went away", request.method, request.url.path)
    return JSONResponse({"detail": "the body did not come whole"}, 400)


async def _invalid_socket(socket: WebSocket, error: Any) -> None:
    """A query that cannot be understood closes with a code that says so; a browser sees nothing of
    a refused upgrade."""
    await socket.accept()
    problem = error.errors()[0]
    await socket.close(CloseCode.BAD_REQUEST, f"{problem['loc'][-1]}: {problem['msg']}"[:100])


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return JSONResponse({"detail": "an error on the server's side; its log names it"}, 500)
