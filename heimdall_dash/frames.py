"""The wire to browsers and programs: events and frames, encoded and decoded. Knows no network.

Plain events are `{"event", "job_id", "timestamp", "data"}`. Frames (subprotocol
`heimdall.frames.v1`) carry a `seq`, which a viewer gives back with its acknowledgement, so that
two acknowledgements of the same cursor differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from heimdall_dash.records import NO_EPOCH, Columns, Row, utc_now

FRAMES = "heimdall.frames.v1"

MAX_INTERVAL_MS = 60_000


class CloseCode:
    """4000–4499: come back later. 4500–4999: do not."""

    DONE = 1000  # the job is over and its last epoch delivered
    FAILED = 4000  # an error on the server's side
    RESTARTING = 4001  # this server is going away
    HISTORY_CHANGED = 4002  # the store holds another history than the one being sent
    STORE_AWAY = 4003  # the job cannot be looked up at present
    TOO_SLOW = 4008  # frames were not acknowledged, or events not read, in time
    NOT_ALLOWED = 4501  # no token, or a wrong one
    UNKNOWN_JOB = 4504
    BAD_REQUEST = 4522  # a query or a message that cannot be understood


@dataclass(frozen=True)
class Position:
    """Where a viewer stands: the last epoch that it has, of the history named `stream`."""

    after: int = NO_EPOCH
    stream: str | None = None


def plain_event(event: str, job_id: str | None, data: Mapping[str, Any]) -> bytes:
    return orjson.dumps(
        {"event": event, "job_id": job_id, "timestamp": utc_now(), "data": data},
        option=orjson.OPT_NON_STR_KEYS,
    )


def plain_epoch(job_id: str, row: Row) -> bytes:
    return plain_event("training_progress", job_id, row)


def sync_frame(job: Mapping[str, Any], stream: str, cursor: int, recovered: bool) -> bytes:
    return orjson.dumps(
        {"event": "sync", "job": job, "stream": stream, "cursor": cursor, "recovered": recovered}
    )


def metrics_frame(
    job: Mapping[str, Any], stream: str, after: int, cursor: int, columns: Columns, seq: int
) -> bytes:
    """Every epoch with after < epoch ≤ cursor."""
    return orjson.dumps(
        {
            "event": "metrics",
            "stream": stream,
            "after": after,
            "cursor": cursor,
            "columns": columns,
            "job": job,
            "seq": seq,
        }
    )


def job_frame(job: Mapping[str, Any], cursor: int, seq: int) -> bytes:
    return orjson.dumps({"event": "job", "job": job, "cursor": cursor, "seq": seq})


def store_frame(available: bool, cursor: int, seq: int) -> bytes:
    return orjson.dumps({"event": "store", "available": available, "cursor": cursor, "seq": seq})


def heartbeat_frame(cursor: int) -> bytes:
    return orjson.dumps({"event": "heartbeat", "cursor": cursor})


def all_jobs_frame(
    event: str, jobs: list[dict[str, Any]], deleted: list[str], cursor: int
) -> bytes:
    """`sync` with every job, or `jobs` with those that changed."""
    frame: dict[str, Any] = {"event": event, "jobs": jobs, "deleted": deleted, "cursor": cursor}
    frame["recovered" if event == "sync" else "seq"] = True if event == "sync" else cursor
    return orjson.dumps(frame)


@dataclass(frozen=True)
class Said:
    """What a client said: any of the three, or nothing that is known."""

    ack: int | None = None
    interval_ms: int | None = None
    is_ping: bool = False


def decode_said(text: str | bytes) -> Said | None:
    """A client's message; None when it is not a JSON object."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(message, dict):
        return None
    interval = _whole(message.get("interval_ms"))
    return Said(
        ack=_whole(message.get("ack")),
        interval_ms=None if interval is None else min(max(interval, 0), MAX_INTERVAL_MS),
        is_ping=message.get("event") == "ping",
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
