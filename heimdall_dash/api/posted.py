"""Rows that a trainer in any language posts: checked all together, then stored all together."""

from datetime import UTC
from typing import Any

from pydantic import BaseModel, ConfigDict

from heimdall_dash.api.json_items import read_items
from heimdall_dash.api.refusals import Refused
from heimdall_dash.cells import NotFinite
from heimdall_dash.errors import InvalidMetric
from heimdall_dash.metrics import clean_cells, clean_epoch
from heimdall_dash.records import Row, iso_time, parse_time, utc_now
from heimdall_dash.store.keys import JobKeys
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob

MAX_ROWS = 10_000  # epochs in one POST
MOST_NAMED = 20  # metrics in one note


class EpochRow(BaseModel):
    """One epoch: its number, and any finite numbers, or lists of up to 256 of them, by name;
    objects in objects are flattened with `/`."""

    model_config = ConfigDict(extra="allow")

    epoch: int


def append_body(store: Store, job_id: str, text: bytes) -> dict[str, int]:
    """Raises InvalidMetric, Refused, UnknownJob, JobOver, StaleAttempt, StoreUnavailable."""
    job = StoredJob(store.job(job_id))
    if not job.is_external:
        raise Refused(409, f"job {job_id} is trained by a worker here, which reports its epochs")
    body = read_items(text, MAX_ROWS, "epochs")
    items = body if isinstance(body, list) else [body]
    now = iso_time(store.now().timestamp())
    rows, marks = [], []
    for index, item in enumerate(items):
        try:
            row, not_finite = _row(item, now)
        except InvalidMetric as error:
            place = f"item {index}: " if isinstance(body, list) else ""
            raise InvalidMetric(f"{place}{error}") from error
        rows.append(row)
        marks.append(not_finite)
    if not rows:
        return {"accepted": 0, "duplicates": 0}
    done = store.append(job_id, rows, attempt=job.attempt, marks=marks)
    if done.accepted:
        store.check_kept(JobKeys(job_id).job)
    if any(marks) and done.accepted:
        store.add_note(job_id, _warning(rows, marks))
    return {"accepted": done.accepted, "duplicates": done.duplicates}


def _row(item: Any, now: str) -> tuple[Row, NotFinite]:
    if not isinstance(item, dict) or "epoch" not in item:
        raise InvalidMetric('an epoch is an object such as {"epoch": 7, "train_loss": 0.1}')
    metrics = {name: value for name, value in item.items() if name not in {"epoch", "timestamp"}}
    cells, not_finite, left_out = clean_cells(metrics)
    if left_out:
        name, problem = next(iter(left_out.items()))
        raise InvalidMetric(f"metric {name!r}: {problem}")
    epoch = clean_epoch(item["epoch"])
    return {
        "epoch": epoch,
        "timestamp": _timestamp(item.get("timestamp"), now),
        **cells,
    }, not_finite


def _warning(rows: list[Row], marks: list[NotFinite]) -> dict[str, Any]:
    """One note for a request, however many of its rows are concerned."""
    concerned = [(row["epoch"], mark) for row, mark in zip(rows, marks, strict=True) if mark]
    epoch, mark = concerned[0]
    names = ", ".join(list(mark)[:MOST_NAMED]) + (" and others" if len(mark) > MOST_NAMED else "")
    more = f"; the same or others in {len(concerned) - 1} further rows" if concerned[1:] else ""
    message = f"epoch {epoch}: not finite, stored as null: {names}{more}"
    return {"kind": "warning", "epoch": epoch, "message": message, "timestamp": utc_now()}


def _timestamp(text: object, now: str) -> str:
    if text is None:
        return now
    try:
        when = parse_time(str(text))
        utc = when.astimezone(UTC)
        utc.timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidMetric(f"timestamp must be ISO 8601, got {text!r:.60}") from error
    if when.tzinfo is None:
        raise InvalidMetric(f"timestamp must say its zone, such as Z, got {text!r:.60}")
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
