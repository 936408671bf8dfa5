"""A job's hash as the store keeps it (strings), and as the outside reads it (typed, with nulls)."""

import json
import statistics
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

import orjson

from heimdall_dash.cells import START, Position
from heimdall_dash.records import Status, iso_time, parse_time, storable, utc_now

Fields = dict[str, str]
JobView = dict[str, Any]

STATUSES = frozenset(Status)
MAX_MS = 253_402_300_800_000  # the year 10000
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


def position_of(fields: Mapping[str, str]) -> Position:
    """The position of the job's newest write; data of before positions had one write an epoch."""
    try:
        return Position.parse(fields["position"])
    except (KeyError, ValueError):
        last = _int(fields.get("last_epoch"))
        return START if last is None or last < 0 else Position(last, 1)


def job_view(fields: Mapping[str, str], now: datetime | None = None) -> JobView:
    """The job as REST, WebSocket and page show it. Unknown values are None, and so is what
    cannot be read: one odd field must not hide the job, or the list that it stands in.

    now: by the store's clock.
    """
    now = now or datetime.now(UTC)
    total = _int(fields.get("total_epochs"))
    current = max(_int(fields.get("current_epoch")) or 0, 0)
    status = fields.get("status", "")
    is_odd = status not in STATUSES
    pace_s = _median(dt for dt, _ in _intervals(fields))
    return {
        "id": fields.get("id"),
        "job_name": fields.get("job_name"),
        "status": shown_status(fields),
        "created_at": _time(fields.get("created_at")),
        "started_at": _time(fields.get("started_at")),
        "completed_at": _time(fields.get("completed_at")),
        "current_epoch": current,
        "total_epochs": total,
        "progress_percent": _progress(fields, current, total),
        "estimated_completion": _estimate(fields, current, total),
        "best_epoch": _int(fields.get("best_epoch")),
        "best_val_loss": _float(fields.get("best_val_loss")),
        "last_metric_at": _moment(fields, "last_metric"),
        "error_message": f"its status cannot be read: {status!r:.60}"
        if is_odd
        else fields.get("error_message"),
        "config": _object(fields.get("config")),
        "external": fields.get("external") == "1",
        "attempt": _int(fields.get("attempt")) or 0,
        "desired": fields.get("desired"),
        "stalled": is_stalled(fields, now),
        "pace_s": pace_s or None,
        "heartbeat_at": _moment(fields, "heartbeat"),
        "ended_because": fields.get("ended_because"),
        "last_metrics": _last_metrics(fields),
        "epochs_stored": _int(fields.get("epochs_stored")) or 0,
        "notes_revision": _int(fields.get("notes_revision")) or 0,
        "position": str(position_of(fields)),
        "tags": _list(fields.get("tags")),
        "group": fields.get("group"),
        "project": fields.get("project"),
        "notes": fields.get("notes_text"),
        "is_hidden": fields.get("is_hidden") == "1",
        "step_name": fields.get("step_name") or "epoch",
        "key_metrics": _object(fields.get("key_metrics")),
        "charts": _list(fields.get("charts")),
    }


def shown_status(fields: Mapping[str, str]) -> str:
    """The status; `failed` for one that nobody knows."""
    status = fields.get("status", "")
    return status if status in STATUSES else str(Status.FAILED)


def is_stalled(fields: Mapping[str, str], now: datetime) -> bool:
    """A running job whose trainer gave no sign of life for longer than it ever should.

    now: by the store's clock, as the signs of life are.
    """
    if fields.get("status") != Status.RUNNING:
        return False
    seen = _moment(fields, "heartbeat") or _time(fields.get("started_at"))
    if not seen:
        return False
    silence_s = (now - parse_time(seen)).total_seconds()
    if not _is_curl_fed(fields):
        return silence_s > STALLED_AFTER_S
    pace_s = _median(dt for dt, _ in _intervals(fields))
    return pace_s > 0 and silence_s > max(STALLED_AFTER_S, 3 * pace_s)


def _is_curl_fed(fields: Mapping[str, str]) -> bool:
    """Fed by REST calls alone: its only signs of life are its epochs."""
    return fields.get("external") == "1" and fields.get("beats") != "1"


def _progress(fields: Mapping[str, str], current: int, total: int | None) -> float | None:
    is_complete = fields.get("status") == Status.COMPLETED
    if not total:
        return 100.0 if is_complete else None
    return round(min(100.0, 100.0 * _done(fields, current) / total), 2)


def _done(fields: Mapping[str, str], current: int) -> int:
    """How many epochs are done. A loop from 0 to n - 1 is whole at n - 1, unless its epoch 0 is
    said to be the untrained model (`first_epoch` 1)."""
    if not _int(fields.get("epochs_stored", fields.get("current_epoch"))):
        return 0
    first = _int(fields.get("first_epoch"))
    if first is None:
        least = _int(fields.get("least_epoch"))
        first = 0 if least == 0 else 1
    return max(0, current - first + 1)


def _intervals(fields: Mapping[str, str]) -> list[tuple[float, int]]:
    """Seconds between two epochs that followed each other, and how many numbers they are apart;
    of the last 21."""
    found = []
    for text in (fields.get("intervals") or "").split():
        milliseconds, _, epochs = text.partition("/")
        if milliseconds.isdecimal() and (epochs or "1").isdecimal():
            found.append((int(milliseconds) / 1000, max(1, int(epochs or 1))))
    return found


def _median(values: Iterable[float]) -> float:
    """0 for none. One slow epoch does not move it."""
    known = list(values)
    return statistics.median(known) if known else 0.0


def _estimate(fields: Mapping[str, str], current: int, total: int | None) -> str | None:
    pace_s = _median(dt / epochs for dt, epochs in _intervals(fields))
    last = _moment(fields, "last_metric")
    if fields.get("status") != Status.RUNNING or not total or not pace_s or not last:
        return None
    left = total - _done(fields, current)
    if left < 0:
        return None
    try:
        done_at = parse_time(last) + timedelta(seconds=pace_s * left)
    except OverflowError:
        return None
    return done_at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _moment(fields: Mapping[str, str], name: str) -> str | None:
    """A time that the store's clock gave (`<name>_ms`), or an older version's (`<name>_at`)."""
    milliseconds = _int(fields.get(f"{name}_ms"))
    if milliseconds is None or not 0 < milliseconds < MAX_MS:
        return _time(fields.get(f"{name}_at"))
    return iso_time(milliseconds / 1000)


def _time(text: str | None) -> str | None:
    try:
        moment = parse_time(text) if text else None
    except ValueError:
        return None
    return text if moment is not None and moment.tzinfo is not None else None


def _last_metrics(fields: Mapping[str, str]) -> dict[str, Any]:
    found = _object(fields.get("last_metrics"))  # of an older version
    for name, text in fields.items():
        if name.startswith("last:"):
            found[name.removeprefix("last:")] = _float(text)
    return found


def _object(text: str | None) -> dict[str, Any]:
    found = _json(text)
    return found if isinstance(found, dict) else {}


def _list(text: str | None) -> list[Any]:
    found = _json(text)
    return found if isinstance(found, list) else []


def _json(text: str | None) -> Any:
    try:
        return orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return None


def _int(text: str | None) -> int | None:
    """None for what is no integer: one odd job must not hide all others."""
    try:
        return int(text or "")
    except ValueError:
        return None


def _float(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if isfinite(number) else None
