"""REST for a job's epochs: read as columns or CSV, append from a trainer in any language."""

import csv
import io
import re
from datetime import UTC
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from heimdall_dash.api.history import History
from heimdall_dash.api.jobs import PREFIX
from heimdall_dash.api.json_body import json_body, read_json
from heimdall_dash.api.refusals import Refused
from heimdall_dash.api.thinning import thin
from heimdall_dash.errors import InvalidMetric
from heimdall_dash.records import (
    MAX_EPOCH,
    NO_EPOCH,
    Columns,
    Row,
    check_metric_name,
    clean_row,
    parse_time,
    utc_now,
)
from heimdall_dash.store.store import Store

MAX_ROWS = 10_000  # epochs in one POST

Epoch = Annotated[int | None, Query(ge=NO_EPOCH, le=MAX_EPOCH)]


class EpochRow(BaseModel):
    """One epoch: its number, and any finite scalars or short lists of them by name."""

    model_config = ConfigDict(extra="allow")

    epoch: int


def metric_routes(store: Store, history: History) -> APIRouter:
    routes = APIRouter(prefix=PREFIX, tags=["metrics"])

    @routes.get("/jobs/{job_id}/metrics")
    def read(
        job_id: str,
        after: Epoch = None,
        before: Epoch = None,
        points: Annotated[int | None, Query(ge=2, le=1_000_000)] = None,
        metrics: Annotated[str | None, Query(description="names, separated by commas")] = None,
        format: Literal["json", "csv"] = "json",
    ) -> Response:
        """The job's epochs with after < epoch < before, as columns of equal length."""
        fields = store.job(job_id)
        columns = history.columns(
            fields, NO_EPOCH if after is None else after, before, _names(metrics)
        )
        total = len(columns["epoch"])
        cursor = columns["epoch"][-1] if total else (NO_EPOCH if after is None else after)
        if points is not None:
            columns = thin(columns, points)
        if format == "csv":
            return _csv(fields["job_name"], columns)
        answer = {
            "job_id": job_id,
            "stream": fields["stream"],
            "cursor": cursor,
            "total": total,
            "returned": len(columns["epoch"]),
            "columns": columns,
        }
        return Response(orjson.dumps(answer), media_type="application/json")

    @routes.post("/jobs/{job_id}/metrics", openapi_extra=json_body(EpochRow))
    async def append(job_id: str, request: Request) -> dict[str, int]:
        """Append one epoch or a list of them; repeats are counted, not stored."""
        return await run_in_threadpool(_append, store, job_id, await read_json(request))

    return routes


def _names(text: str | None) -> list[str] | None:
    """The wanted columns; raises InvalidMetric. None: all."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in {"epoch", "timestamp"}:
            check_metric_name(name)
    return names


def _csv(job_name: str, columns: Columns) -> Response:
    """One row per epoch. Headers begin with a letter and cells are numbers, times or lists, so no
    cell can be taken for a spreadsheet's formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow([_cell(value) for value in row])
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", job_name).strip("-") or "job"
    return Response(
        text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-metrics.csv"'},
    )


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, list):
        return orjson.dumps(value).decode()
    return repr(value) if isinstance(value, float) else value


def _append(store: Store, job_id: str, body: Any) -> dict[str, int]:
    fields = store.job(job_id)
    if fields.get("external") != "1":
        raise Refused(409, f"job {job_id} is trained by a worker here, which reports its epochs")
    rows, warnings = _checked(body)
    if not rows:
        return {"accepted": 0, "duplicates": 0}
    done = store.append(job_id, rows, attempt=int(fields.get("attempt", 0)))
    for epoch, names in warnings:
        message = f"epoch {epoch}: not finite, stored as null: {', '.join(names)}"
        note = {"kind": "warning", "epoch": epoch, "message": message, "timestamp": utc_now()}
        store.change(job_id, event="training:warning", note=note)
    return {"accepted": done.accepted, "duplicates": done.duplicates}


def _checked(body: Any) -> tuple[list[Row], list[tuple[int, list[str]]]]:
    """All rows of a body, or InvalidMetric for the first that is wrong: nothing is stored then."""
    items = body if isinstance(body, list) else [body]
    if len(items) > MAX_ROWS:
        raise Refused(413, f"at most {MAX_ROWS} epochs per request, got {len(items)}")
    rows, warnings = [], []
    for index, item in enumerate(items):
        try:
            row, not_finite = _row(item)
        except InvalidMetric as error:
            place = f"item {index}: " if isinstance(body, list) else ""
            raise InvalidMetric(f"{place}{error}") from error
        rows.append(row)
        if not_finite:
            warnings.append((row["epoch"], not_finite))
    rows.sort(key=lambda row: row["epoch"])
    return rows, warnings


def _row(item: Any) -> tuple[Row, list[str]]:
    if not isinstance(item, dict) or "epoch" not in item:
        raise InvalidMetric('an epoch is an object such as {"epoch": 7, "train_loss": 0.1}')
    metrics = {name: value for name, value in item.items() if name not in {"epoch", "timestamp"}}
    row, not_finite = clean_row(item["epoch"], metrics)
    row["timestamp"] = _timestamp(item.get("timestamp"))
    return row, not_finite


def _timestamp(text: object) -> str:
    if text is None:
        return utc_now()
    try:
        when = parse_time(str(text))
        utc = when.astimezone(UTC)
        utc.timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidMetric(f"timestamp must be ISO 8601, got {text!r:.60}") from error
    if when.tzinfo is None:
        raise InvalidMetric(f"timestamp must say its zone, such as Z, got {text!r:.60}")
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
