"""A job's hash as the store keeps it (strings), and as the outside reads it (typed, with nulls)."""

import json
import statistics
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from heimdall_dash.records import Status, parse_time, storable, utc_now

Fields = dict[str, str]
JobView = dict[str, Any]

STALLED_AFTER_S = 20.0  # a trainer shows a sign of life every 2 s; an external one per epoch


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
    """The job as REST, WebSocket and page show it. Unknown values are None."""
    now = now or datetime.now(UTC)
    total = _int(fields.get("total_epochs"))
    current = max(_int(fields.get("current_epoch")) or 0, 0)
    status = fields.get("status", "")
    return {
        "id": fields.get("id"),
        "job_name": fields.get("job_name"),
        "status": status,
        "created_at": fields.get("created_at"),
        "started_at": fields.get("started_at"),
        "completed_at": fields.get("completed_at"),
        "current_epoch": current,
        "total_epochs": total,
        "progress_percent": _progress(status, current, total),
        "estimated_completion": _estimate(fields, status, current, total),
        "best_epoch": _int(fields.get("best_epoch")),
        "best_val_loss": _float(fields.get("best_val_loss")),
        "last_metric_at": fields.get("last_metric_at"),
        "error_message": fields.get("error_message"),
        "config": json.loads(fields.get("config") or "{}"),
        "external": fields.get("external") == "1",
        "attempt": _int(fields.get("attempt")) or 0,
        "desired": fields.get("desired"),
        "stalled": is_stalled(fields, now),
        "heartbeat_at": fields.get("heartbeat_at"),
        "ended_because": fields.get("ended_because"),
        "last_metrics": json.loads(fields.get("last_metrics") or "{}"),
        "epochs_stored": _int(fields.get("epochs_stored")) or 0,
        "notes_revision": _int(fields.get("notes_revision")) or 0,
    }


def is_stalled(fields: Mapping[str, str], now: datetime) -> bool:
    """A running job whose trainer gave no sign of life for longer than it ever should."""
    if fields.get("status") != Status.RUNNING:
        return False
    seen = fields.get("heartbeat_at") or fields.get("started_at")
    if not seen:
        return False
    silence_s = (now - parse_time(seen)).total_seconds()
    if not _is_curl_fed(fields):
        return silence_s > STALLED_AFTER_S
    pace_s = _pace_s(fields)
    return pace_s > 0 and silence_s > max(STALLED_AFTER_S, 3 * pace_s)


def _is_curl_fed(fields: Mapping[str, str]) -> bool:
    """Fed by REST calls alone: its only signs of life are its epochs."""
    return fields.get("external") == "1" and fields.get("beats") != "1"


def _progress(status: str, current: int, total: int | None) -> float | None:
    if not total:
        return 100.0 if status == Status.COMPLETED else None
    return round(min(100.0, 100.0 * current / total), 2)


def _pace_s(fields: Mapping[str, str]) -> float:
    """Median seconds per epoch, of the last 21: one slow epoch does not move it. 0 unknown."""
    intervals_ms = [int(text) for text in (fields.get("intervals") or "").split()]
    return statistics.median(intervals_ms) / 1000 if intervals_ms else 0.0


def _estimate(
    fields: Mapping[str, str], status: str, current: int, total: int | None
) -> str | None:
    pace_s, last = _pace_s(fields), fields.get("last_metric_at")
    if status != Status.RUNNING or not total or not pace_s or not last or current > total:
        return None
    try:
        done_at = parse_time(last) + timedelta(seconds=pace_s * (total - current))
    except OverflowError:
        return None
    return done_at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _int(text: str | None) -> int | None:
    """None for what is no integer: one odd job must not hide all others."""
    try:
        return int(text or "")
    except ValueError:
        return None


def _float(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
