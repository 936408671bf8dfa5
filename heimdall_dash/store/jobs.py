"""A job's hash as the store takes it (strings), and as the outside reads it (typed, with nulls);
between the two is `StoredJob`."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from heimdall_dash.records import Status, storable, utc_now
from heimdall_dash.store.newest import PREFIX
from heimdall_dash.store.stored_job import StoredJob

Fields = dict[str, str]
JobView = dict[str, Any]


def flat(fields: Mapping[str, Any]) -> list[str]:
    """Field, value, … for HSET; a None is left out, since a missing field is null."""
    return [
        text
        for name, value in fields.items()
        if value is not None
        for text in (name, storable(value if isinstance(value, str) else json.dumps(value)))
    ]


def paired(reply: list[str]) -> Fields:
    return dict(zip(reply[::2], reply[1::2], strict=True))


def new_fields(
    job_id: str,
    name: str,
    status: Status,
    *,
    stream: str,
    config: Mapping[str, Any],
    total_epochs: int | None,
    external: bool,
    created_at: str | None = None,
) -> dict[str, Any]:
    """The fields of a job that has not begun."""
    return {
        "id": job_id,
        "job_name": name,
        "status": str(status),
        "created_at": created_at or utc_now(),
        "config": json.dumps(dict(config), allow_nan=False),
        "total_epochs": total_epochs,
        "external": "1" if external else "0",
        "attempt": 0,
        "stream": stream,
        "last_epoch": -1,
        "current_epoch": 0,
        "revision": 1,
    }


def job_view(fields: Mapping[str, str], now: datetime | None = None) -> JobView:
    """The job as REST, WebSocket and page show it. Unknown values are None, and so is what
    cannot be read: one odd field must not hide the job, or the list that it stands in.

    now: by the store's clock.
    """
    job = StoredJob(fields)
    is_odd = job.status is None
    return {
        "id": fields.get("id"),
        "job_name": fields.get("job_name"),
        "status": shown_status(job),
        "created_at": job.time("created_at"),
        "started_at": job.time("started_at"),
        "completed_at": job.time("completed_at"),
        "current_epoch": job.current_epoch,
        "total_epochs": job.total_epochs,
        "progress_percent": job.progress_percent,
        "estimated_completion": job.estimated_completion,
        "best_epoch": job.whole("best_epoch"),
        "best_val_loss": job.number("best_val_loss"),
        "last_metric_at": job.moment("last_metric"),
        "error_message": f"its status cannot be read: {fields.get('status', '')!r:.60}"
        if is_odd
        else fields.get("error_message"),
        "config": job.config,
        "external": job.is_external,
        "attempt": job.attempt,
        "desired": fields.get("desired"),
        "stalled": job.is_stalled(now or datetime.now(UTC)),
        "pace_s": job.pace_s or None,
        "heartbeat_at": job.moment("heartbeat"),
        "ended_because": fields.get("ended_because"),
        "last_metrics": _last_metrics(job),
        "epochs_stored": job.whole("epochs_stored") or 0,
        "notes_revision": job.whole("notes_revision") or 0,
        "predictions_revision": job.whole("predictions_revision") or 0,
        "position": str(job.position),
        "tags": [tag for tag in job.items("tags") if isinstance(tag, str)],
        "group": fields.get("group"),
        "project": fields.get("project"),
        "notes": fields.get("notes_text"),
        "is_hidden": fields.get("is_hidden") == "1",
        "delete_at": job.moment("delete"),
        "step_name": fields.get("step_name") or "epoch",
        "key_metrics": {
            name: way for name, way in job.mapping("key_metrics").items() if way in ("min", "max")
        },
        "charts": [chart for chart in job.items("charts") if isinstance(chart, dict)],
    }


# What a run says once, and may be a megabyte: the field of the hash, and its name for the outside.
LARGE = {"config": "config", "charts": "charts", "notes_text": "notes"}
LARGE_CHARS = 32 * 1024  # the runs table shows ordinary configs' values: of Hugging Face's, 6 kB


def light_view(fields: Mapping[str, str], now: datetime | None = None) -> JobView:
    """The job without what is large, for messages that come with every epoch."""
    large = [name for name in LARGE if len(fields.get(name, "")) > LARGE_CHARS]
    if not large:
        return job_view(fields, now)
    view = job_view({name: text for name, text in fields.items() if name not in large}, now)
    for name in large:
        del view[LARGE[name]]
    return view


def has_large(fields: Mapping[str, str]) -> bool:
    return any(len(fields.get(name, "")) > LARGE_CHARS for name in LARGE)


def large_of(fields: Mapping[str, str]) -> tuple[str | None, ...]:
    """What `light_view` may leave out: a viewer that was told the same needs it no more."""
    return tuple(fields.get(name) for name in LARGE)


def revision(fields: Mapping[str, str]) -> int:
    """Rises with each change; 0 for what is no number: then it counts as old, and is read soon."""
    text = fields.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 20 else 0


def shown_status(job: StoredJob) -> str:
    """The status; `failed` for one that nobody knows."""
    return str(job.status or Status.FAILED)


def _last_metrics(job: StoredJob) -> dict[str, Any]:
    found = job.mapping("last_metrics")  # of an older version
    for name in job.fields:
        if name.startswith(PREFIX):
            found[name.removeprefix(PREFIX)] = job.number(name)
    return found
