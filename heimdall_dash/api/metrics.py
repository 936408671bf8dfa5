"""REST for reading a job's history: as columns, as CSV, or what was written after a cursor."""

import re
from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Annotated, Any, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from heimdall_dash.api.csv_rows import csv_header, csv_pieces, csv_rows
from heimdall_dash.api.history import History, Need, left_names, nothing
from heimdall_dash.api.jobs import PREFIX
from heimdall_dash.api.json_body import json_body
from heimdall_dash.api.json_columns import JSON, MEDIA_TYPE, Rows, columns_answer
from heimdall_dash.api.kept import Kept
from heimdall_dash.api.posted import EpochRow, append_body
from heimdall_dash.api.refusals import Refused, documented
from heimdall_dash.api.table import Table
from heimdall_dash.api.thinning import Cells, kept_rows
from heimdall_dash.cells import Position, join
from heimdall_dash.errors import HistoryCompacted, InvalidMetric
from heimdall_dash.frames import portion
from heimdall_dash.metrics import name_problem, shown_name
from heimdall_dash.portions import PORTION_WRITES, first_portion
from heimdall_dash.records import MAX_EPOCH, NO_EPOCH
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob

MAX_NAMES = 1_000  # metrics asked for by name
MAX_PLACES = 100_000_000  # rows × names of one answer in JSON: 2 GB on the disk
MAX_THIN_CELLS = 1_000_000  # of CSV that is made in memory
NOT_METRICS = frozenset({"epoch", "timestamp"})

Epoch = Annotated[int | None, Query(ge=NO_EPOCH, le=MAX_EPOCH)]
Names = Annotated[
    list[str] | None,
    Query(description="repeated: one name each; once: one name, or several with commas between"),
]
CSV = "text/csv; charset=utf-8"


def metric_routes(store: Store, history: History) -> APIRouter:
    routes = APIRouter(prefix=PREFIX, tags=["metrics"])

    @routes.get("/jobs/{job_id}/metrics", responses=documented(404, 413, 507))
    def read(
        job_id: str,
        after: Epoch = None,
        before: Epoch = None,
        points: Annotated[int | None, Query(ge=2, le=1_000_000)] = None,
        most_cells: Annotated[int, Query(ge=1, le=2**53)] = 2**53,
        most_epochs: Annotated[int, Query(ge=1, le=2**53)] = 2**53,
        metrics: Names = None,
        format: Literal["json", "csv"] = "json",
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        stream: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Response:
        """The job's epochs with after < epoch < before, as columns of equal length.

        With `cursor` and `stream` of an earlier answer: only what was written since, with
        `after`; or everything, without it, when that is not the newer part of one history.

        `most_epochs`, `most_cells`: `columns` is null, at once, where the history has more epochs,
        or more epochs × metrics.
        """
        if total := _more_than(store, job_id, most_epochs, most_cells):
            return _json({"job_id": job_id, "total": total, "returned": 0, "columns": None})
        if cursor is not None and (newer := _newer(history, store, job_id, cursor, stream)):
            return newer
        bounds = (NO_EPOCH if after is None else after, before)
        if format == "csv" and points is None:
            fields, names = _csv_names(history, job_id, metrics)
            pieces = csv_pieces(history, job_id, names, *bounds)
            return StreamingResponse(
                chain([csv_header(names)], pieces), media_type=CSV, headers=_saved(fields)
            )

        def answer(kept: Kept, need: Need) -> Response:
            names = _names(metrics, kept.names) if metrics is not None else left_names(kept, need)
            start, stop = kept.table.rows(*bounds)
            rows = _chosen(kept.table, need, names, start, stop, points)
            names = ["epoch", *names]
            if format == "csv":
                return _thin_csv(store.job(job_id), kept.table, need, names, rows)
            _check_size(len(rows), len(names), MAX_PLACES)
            head = {
                "job_id": job_id,
                "stream": kept.table.stream,
                "cursor": str(kept.table.position),
                "total": stop - start,
                "returned": len(rows),
            }
            return columns_answer(head, kept.table, need, names, rows)

        return history.answered(job_id, answer)

    @routes.post(
        "/jobs/{job_id}/metrics",
        openapi_extra=json_body(EpochRow),
        responses=documented(400, 404, 409, 413),
    )
    async def append(job_id: str, request: Request) -> dict[str, int]:
        """Add one epoch's cells or a list of them; repeats are counted, not stored."""
        return await run_in_threadpool(append_body, store, job_id, await request.body())

    return routes


def _more_than(store: Store, job_id: str, most_epochs: int, most_cells: int) -> int:
    """How many epochs the history has, where they, or their cells, are more; else 0."""
    if min(most_epochs, most_cells) == 2**53:
        return 0
    epochs = StoredJob(store.job(job_id)).whole("epochs_stored") or 0
    is_more = epochs > most_epochs or epochs * len(store.metric_names(job_id)) > most_cells
    return epochs if is_more else 0


def _newer(
    history: History, store: Store, job_id: str, cursor: str, stream: str | None
) -> Response | None:
    """What was written after a cursor, as frames have it; None: the whole history says it."""
    try:
        after = Position.parse(cursor)
    except ValueError as error:
        raise Refused(422, f"cursor: {error}") from error
    fields = store.job(job_id)
    if fields.get("stream", "") != stream:
        return None
    try:
        writes = history.writes_after(job_id, after, PORTION_WRITES + 1)
    except HistoryCompacted:
        return None
    part = first_portion(writes)
    if len(part) < len(writes) or (not writes and StoredJob(fields).position != after):
        return None
    newest = part[-1].position if part else after
    return _json({"job_id": job_id, "stream": stream} | portion(cursor, newest, join(part)))


def _json(answer: dict[str, Any]) -> Response:
    return Response(orjson.dumps(answer, option=JSON), media_type=MEDIA_TYPE)


def _names(asked: list[str], known: Sequence[str]) -> list[str]:
    """The wanted columns beside `epoch`; raises InvalidMetric, Refused."""
    if len(asked) == 1 and asked[0] not in known:
        asked = [name.strip() for name in asked[0].split(",") if name.strip()]
    if len(asked) > MAX_NAMES:
        raise Refused(422, f"metrics: at most {MAX_NAMES} names, got {len(asked)}")
    for name in asked:
        if problem := name_problem(name):
            raise InvalidMetric(f"metrics: {problem}, got {shown_name(name)!r}")
    return [name for name in dict.fromkeys(asked) if name != "epoch"]


def _csv_names(
    history: History, job_id: str, metrics: list[str] | None
) -> tuple[Fields, list[str]]:
    def answer(kept: Kept, need: Need) -> list[str]:
        return _names(metrics, kept.names) if metrics is not None else left_names(kept, need)

    with history.of(job_id, nothing) as (fields, _):
        pass
    return fields, ["epoch", *history.answered(job_id, answer)]


def _chosen(
    table: Table, need: Need, names: list[str], start: int, stop: int, points: int | None
) -> Rows:
    """The rows to answer with: all from start to stop, or those that thinning keeps."""
    if points is None or stop - start <= points:
        return range(start, stop)

    def places(name: str) -> Cells:
        need([name])
        return table.places(name, start, stop)

    columns = [partial(places, name) for name in names if name not in NOT_METRICS]
    return start + np.array(kept_rows(stop - start, columns, points))


def _check_size(rows: int, names: int, most: int) -> None:
    if rows * names > most:
        raise Refused(
            413,
            f"{rows} epochs × {names} columns are more than {most} values in one answer: "
            "choose columns with metrics=, or fewer epochs with points=, after= and before=; "
            "format=csv without points= has no such limit",
        )


def _thin_csv(fields: Fields, table: Table, need: Need, names: list[str], rows: Rows) -> Response:
    _check_size(len(rows), len(names), MAX_THIN_CELLS)
    text = csv_header(names) + (csv_rows(table, names, rows, need) if len(rows) else "")
    return Response(text, media_type=CSV, headers=_saved(fields))


def _saved(fields: Fields) -> dict[str, str]:
    """Under which name a browser saves the answer."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", fields.get("job_name", "")).strip("-") or "job"
    return {"Content-Disposition": f'attachment; filename="{name}-metrics.csv"'}
