"""The publisher's road over HTTP: lines of a trainer's local log, as they are, and the same
guarantees as straight to the store. One path, three calls; what enters is checked here.
"""

import re
from collections.abc import Callable
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from heimdall_dash.api.jobs import PREFIX
from heimdall_dash.api.json_body import check_values
from heimdall_dash.api.refusals import Refused, documented
from heimdall_dash.errors import InvalidMetric, UnknownJob
from heimdall_dash.metrics import clean_cells
from heimdall_dash.publish.birth import checked_birth
from heimdall_dash.publish.transport import Claim, Standing, StoreTransport, writes_of
from heimdall_dash.records import MAX_EPOCH
from heimdall_dash.store.connection import StoreRefused
from heimdall_dash.store.log_write import LogWrite, row_write
from heimdall_dash.store.replies import StoreBehind
from heimdall_dash.store.store import Store

MAX_PLACE = MAX_EPOCH
MOST_VALUES = 600_000  # in a line: a config of 1 MB has less
_TOKEN = re.compile(r"[A-Za-z0-9.]{1,40}\Z")


def log_routes(store: Store) -> APIRouter:
    routes = APIRouter(prefix=PREFIX, tags=["publishing"])
    road = StoreTransport(store)

    @routes.post(
        "/jobs/{job_id}/log",
        responses=documented(400, 404, 409, 413),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
            }
        },
    )
    async def log(job_id: str, request: Request) -> Response:
        """For `heimdall_dash.Job` over HTTP: one JSON line with the call, then lines of a local
        log. Programs in other languages use POST …/metrics."""
        head, _, lines = (await request.body()).partition(b"\n")
        check_values(head, MOST_VALUES)
        return await run_in_threadpool(_answer, road, store, job_id, head, lines)

    return routes


def _answer(road: StoreTransport, store: Store, job_id: str, head: bytes, lines: bytes) -> Response:
    try:
        call = orjson.loads(head)
        claim = _claim(call["claim"], job_id)
        answer = _CALLS[call["call"]](road, store, claim, call, lines)
    except UnknownJob as error:
        return JSONResponse({"detail": str(error), "unknown_job": True}, 404)
    except StoreBehind as behind:
        return JSONResponse({"behind": behind.place})
    except StoreRefused as error:  # one of the lines; the publisher finds out which
        raise Refused(422, str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InvalidMetric):
            raise
        raise Refused(400, f"not a call of a publisher: {error!r:.200}") from error
    return JSONResponse(answer)


def _claim(said: dict[str, Any], job_id: str) -> Claim:
    birth = checked_birth(said["birth"])
    if birth["id"] != job_id or said["job_id"] != job_id:
        raise InvalidMetric("the path and the birth name two jobs")
    return Claim(
        job_id,
        _token(said["token"]),
        _whole(said["attempt"], -1),
        said["takes_over"] is True,
        birth,
    )


def _begin(
    road: StoreTransport, store: Store, claim: Claim, call: dict[str, Any], lines: bytes
) -> dict[str, Any]:
    return _shown(road.begin(claim, brings=call.get("brings") is True))


def _look(
    road: StoreTransport, store: Store, claim: Claim, call: dict[str, Any], lines: bytes
) -> dict[str, Any]:
    return _shown(road.look(claim, beats=call.get("beats") is True))


def _deliver(
    road: StoreTransport, store: Store, claim: Claim, call: dict[str, Any], lines: bytes
) -> dict[str, Any]:
    place = _whole(call["place"], 0)
    whole = lines[: lines.rfind(b"\n") + 1].splitlines(keepends=True)
    for line in whole:
        check_values(line, MOST_VALUES)
    writes = [_checked(write) for write in writes_of(whole, place)]
    done = store.deliver(
        claim.job_id, writes, token=_token(call["token"]), place=place, attempt=claim.attempt,
        brings=call.get("brings") is True,
    )  # fmt: skip
    return {"place": done.place, "accepted": done.accepted, "duplicates": done.duplicates}


_CALLS: dict[str, Callable[..., dict[str, Any]]] = {
    "begin": _begin,
    "deliver": _deliver,
    "look": _look,
}


def _checked(write: LogWrite) -> LogWrite:
    """A row whose cells are what the record can hold; our own publisher's always are."""
    if write.row is None:
        return write
    cells = {name: value for name, value in write.row.items() if name not in {"epoch", "timestamp"}}
    marks = orjson.loads(write.arguments[4]) if write.arguments[4] else {}
    clean, _, left_out = clean_cells(cells)
    kept = {name: value for name, value in cells.items() if name in clean or name in marks}
    if not left_out and kept.keys() == cells.keys():
        return write
    row = {"epoch": write.row["epoch"], "timestamp": write.row["timestamp"], **kept}
    return row_write(write.stop, row, {n: k for n, k in marks.items() if n in kept})


def _shown(standing: Standing) -> dict[str, Any]:
    return {
        "attempt": standing.attempt, "places": standing.places, "desired": standing.desired,
        "is_created": standing.is_created, "epochs": standing.epochs,
    }  # fmt: skip


def _token(text: Any) -> str:
    if not isinstance(text, str) or not _TOKEN.match(text):
        raise ValueError("a token is 1 to 40 letters and digits")
    return text


def _whole(number: Any, least: int) -> int:
    if type(number) is not int or not least <= number <= MAX_PLACE:
        raise ValueError(f"a whole number ≥ {least} is expected")
    return number
