"""Errors as `{"detail": …}`, never a traceback."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from heimdall_dash.errors import (
    IllegalTransition,
    InvalidMetric,
    StaleAttempt,
    StoreUnavailable,
    UnknownJob,
)
from heimdall_dash.training import place

log = logging.getLogger(__name__)

CODES: dict[type[Exception], int] = {
    UnknownJob: 404,
    IllegalTransition: 409,
    StaleAttempt: 409,
    InvalidMetric: 422,
    StoreUnavailable: 503,
}


class Refused(Exception):
    """A request that cannot be met, with its HTTP status and a text for people."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def add_refusals(app: FastAPI) -> None:
    for error_type, code in CODES.items():
        app.add_exception_handler(error_type, _named(code))
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _named(code: int) -> Any:
    async def answer(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, code)

    return answer


async def _refused(request: Request, error: Any) -> JSONResponse:
    return JSONResponse({"detail": error.detail}, error.code)


async def _invalid(request: Request, error: Any) -> JSONResponse:
    """422 that names each field: where it stands, what is wrong, what came."""
    is_config = isinstance(error, ValidationError) and error.title in {
        "TrainingConfig",
        "ExternalConfig",
    }
    prefix = ["body", "config"] if is_config else ["body"]
    problems = [
        {
            "loc": [*([] if isinstance(error, RequestValidationError) else prefix), *place(one)],
            "msg": one["msg"],
            "type": one["type"],
        }
        for one in error.errors()
    ]
    return JSONResponse({"detail": problems}, 422)


async def _http(request: Request, error: Any) -> JSONResponse:
    return JSONResponse({"detail": error.detail}, error.status_code, error.headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return JSONResponse({"detail": "an error on the server's side; its log names it"}, 500)
