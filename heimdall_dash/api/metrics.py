"""REST for reading a job's history: as columns, as CSV, or what was written after a cursor."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Annotated, Any, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from heimdall_dash.api.csv_rows import csv_header, csv_pieces, csv_rows
from heimdall_dash.api.history import History, nothing
from heimdall_dash.api.jobs import PREFIX
from heimdall_dash.api.json_body import json_body, read_json
from heimdall_dash.api.posted import EpochRow, append_rows
from heimdall_dash.api.refusals import Refused, documented
from heimdall_dash.api.table import Table
from heimdall_dash.api.thinning import kept_rows
from heimdall_dash.api.values import Values
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
MAX_PLACES = 20_000_000  # rows × names of one answer
NOT_METRICS = frozenset({"epoch", "timestamp"})

Epoch = Annotated[int | None, Query(ge=NO_EPOCH, le=MAX_EPOCH)]
Names = Annotated[
    list[str] | None,
    Query(description="repeated: one name each; once: one name, or several with commas between"),
]
CSV = "text/csv; charset=utf-8"
JSON = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def metric_routes(store: Store, history: History) -> APIRouter:
    routes = APIRouter(prefix=PREFIX, tags=["metrics"])

    @routes.get("/jobs/{job_id}/metrics", responses=documented(404))
    def read(
        job_id: str,
        after: Epoch = None,
        before: Epoch = None,
        points: Annotated[int | None, Query(ge=2, le=1_000_000)] = None,
        most_cells: Annotated[int | None, Query(ge=1, le=2**53)] = None,
        metrics: Names = None,
        format: Literal["json", "csv"] = "json",
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        stream: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Response:
        """The job's epochs with after < epoch < before, as columns of equal length.

        With `cursor` and `stream` of an earlier answer: only what was written since, with
        `after`; or everything, without it, when that is not the newer part of one history.

        `most_cells`: `columns` is null, at once, where the history has more epochs × metrics.
        """
        if most_cells is not None and (total := _more_than(store, job_id, most_cells)):
            return _json({"job_id": job_id, "total": total, "returned": 0, "columns": None})
        if cursor is not None and (newer := _newer(history, store, job_id, cursor, stream)):
            return newer
        bounds = (NO_EPOCH if after is None else after, before)
        if format == "csv" and points is None:
            with history.of(job_id, nothing) as (fields, kept):
                names, is_sure = ["epoch", *_names(metrics, kept.names)], kept.has_sure_names
            if metrics is None and not is_sure:
                with history.of(job_id) as (fields, kept):
                    names = ["epoch", *kept.whole_names]
            return _whole_csv(fields, csv_pieces(history, job_id, names, *bounds), names)
        with history.of(job_id, partial(_names, metrics)) as (fields, kept):
            known = kept.whole_names if metrics is None else _names(metrics, kept.names)
            names = ["epoch", *known]
            start, stop = kept.table.rows(*bounds)
            rows = _chosen(kept.table, names, start, stop, points)
            if format == "csv":
                return _thin_csv(fields, kept.table, names, rows)
            _check_size(len(rows), len(names))
            answer = {
                "job_id": job_id,
                "stream": kept.table.stream,
                "cursor": str(kept.table.position),
                "total": stop - start,
                "returned": len(rows),
                "columns": {name: _column(kept.table, name, start, stop, rows) for name in names},
            }
            if marks := _marks(kept.table, names, bounds, rows, stop - start):
                answer["not_finite"] = marks
            return _json(answer)

    @routes.post(
        "/jobs/{job_id}/metrics",
        openapi_extra=json_body(EpochRow),
        responses=documented(400, 404, 409, 413),
    )
    async def append(job_id: str, request: Request) -> dict[str, int]:
        """Add one epoch's cells or a list of them; repeats are counted, not stored."""
        rows = await read_json(request, most_bytes=None)
        return await run_in_threadpool(append_rows, store, job_id, rows)

    return routes


def _more_than(store: Store, job_id: str, most_cells: int) -> int:
    """How many epochs the history has, where their cells are more; else 0."""
    epochs = StoredJob(store.job(job_id)).whole("epochs_stored") or 0
    return epochs if epochs * len(store.metric_names(job_id)) > most_cells else 0


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
    return Response(orjson.dumps(answer, option=JSON), media_type="application/json")


def _names(asked: list[str] | None, known: Sequence[str]) -> list[str]:
    """The wanted columns beside `epoch`; raises InvalidMetric, Refused."""
    if asked is None:
        return list(known)
    if len(asked) == 1 and asked[0] not in known:
        asked = [name.strip() for name in asked[0].split(",") if name.strip()]
    if len(asked) > MAX_NAMES:
        raise Refused(422, f"metrics: at most {MAX_NAMES} names, got {len(asked)}")
    for name in asked:
        if problem := name_problem(name):
            raise InvalidMetric(f"metrics: {problem}, got {shown_name(name)!r}")
    return [name for name in dict.fromkeys(asked) if name != "epoch"]


def _chosen(
    table: Table, names: list[str], start: int, stop: int, points: int | None
) -> "list[int] | range":
    """The rows to answer with: all from start to stop, or those that thinning keeps."""
    if points is None or stop - start <= points:
        return range(start, stop)
    columns = [
        partial(table.places, name, start, stop)
        for name in names
        if name not in NOT_METRICS and name in table.columns
    ]
    return [start + row for row in kept_rows(stop - start, columns, points)]


def _column(table: Table, name: str, start: int, stop: int, rows: "list[int] | range") -> Values:
    values = table.cut(name, start, stop)
    if isinstance(rows, range):
        return values
    if isinstance(values, np.ndarray):
        kept: Values = values[np.array(rows) - start]
        return kept
    return [values[row - start] for row in rows]


def _marks(
    table: Table,
    names: list[str],
    bounds: tuple[int, int | None],
    rows: "list[int] | range",
    total: int,
) -> dict[str, dict[int, str]]:
    found = table.not_finite(names, *bounds)
    if len(rows) == total:
        return found
    shown = {table.epochs[row] for row in rows}
    cut = {
        name: {epoch: kind for epoch, kind in marks.items() if epoch in shown}
        for name, marks in found.items()
    }
    return {name: marks for name, marks in cut.items() if marks}


def _check_size(rows: int, names: int) -> None:
    if rows * names > MAX_PLACES:
        raise Refused(
            413,
            f"{rows} epochs × {names} columns are more than {MAX_PLACES} values in one answer: "
            "choose columns with metrics=, or fewer epochs with points=, after= and before=; "
            "format=csv has no such limit",
        )


def _whole_csv(fields: Fields, pieces: Iterator[str], names: list[str]) -> Response:
    return StreamingResponse(
        chain([csv_header(names)], pieces), media_type=CSV, headers=_saved(fields)
    )


def _thin_csv(
    fields: Fields, table: Table, names: list[str], rows: "list[int] | range"
) -> Response:
    _check_size(len(rows), len(names))
    text = csv_header(names) + (csv_rows(table, names, rows) if rows else "")
    return Response(text, media_type=CSV, headers=_saved(fields))


def _saved(fields: Fields) -> dict[str, str]:
    """Under which name a browser saves the answer."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", fields.get("job_name", "")).strip("-") or "job"
    return {"Content-Disposition": f'attachment; filename="{name}-metrics.csv"'}
