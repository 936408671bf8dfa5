"""The wire to browsers and programs: events and frames, encoded and decoded. Knows no network.

Plain events are `{"event", "job_id", "timestamp", "data"}`. Frames are of the subprotocol
`heimdall.frames.v1`. A job's cursor is a position as text, such as `412-1`; on the socket of all
jobs a frame's cursor is its number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from heimdall_dash.cells import LAST_PART, START, Joined, NotFinite, Position, Write, rows_of
from heimdall_dash.records import MAX_EPOCH, NO_EPOCH, Row, utc_now

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
    TOO_MANY = 4029  # more messages than a client may send in a second
    NOT_ALLOWED = 4501  # no token, or a wrong one
    UNKNOWN_JOB = 4504
    BAD_REQUEST = 4522  # a query or a message that cannot be understood


@dataclass(frozen=True)
class Start:
    """Where a viewer stands: at a position, or at an epoch that it has, of the history `stream`."""

    after: Position | int = START
    stream: str | None = None

    @property
    def position(self) -> Position:
        """The last that such a viewer may have: of an epoch, everything until a newer one."""
        if isinstance(self.after, Position):
            return self.after
        return START if self.after == NO_EPOCH else Position(self.after, LAST_PART)

    def within(self, newest: Position) -> Position:
        """The same in a history that ends at `newest`: writes that follow are not had yet, even
        if they come under the epoch that was named."""
        return newest if self.after == _epoch_of(newest) else self.position

    def is_ahead(self, newest: Position) -> bool:
        """Whether such a viewer has more than a history that ends at `newest`."""
        if isinstance(self.after, Position):
            return self.after > newest
        return self.after > _epoch_of(newest)

    @property
    def told(self) -> str | int:
        """As the client said it."""
        return str(self.after) if isinstance(self.after, Position) else self.after


def _epoch_of(newest: Position) -> int:
    return NO_EPOCH if newest == START else newest.epoch


def start_of(after: str | None, stream: str | None = None) -> Start:
    """From `412-1`, an epoch ≥ -1, or nothing; raises ValueError."""
    if after is None:
        return Start(START, stream)
    if "-" in after[1:]:
        position = Position.parse(after)
        if position.epoch > MAX_EPOCH or position.part > LAST_PART:
            raise ValueError(f"no position: {after:.60}")
        return Start(position, stream)
    epoch = int(after)
    if not NO_EPOCH <= epoch <= MAX_EPOCH:
        raise ValueError(f"no epoch: {after:.60}")
    return Start(epoch, stream)


def plain_event(
    event: str, job_id: str | None, data: Mapping[str, Any], not_finite: NotFinite | None = None
) -> bytes:
    message = {"event": event, "job_id": job_id, "timestamp": utc_now(), "data": data}
    if not_finite:
        message["not_finite"] = not_finite
    return orjson.dumps(message, option=orjson.OPT_NON_STR_KEYS)


def plain_writes(job_id: str, writes: Iterable[Write]) -> bytes:
    """One event for writes of one epoch, joined; or for a taking back, which stands alone."""
    take_back, rows, marks = rows_of(writes)
    if take_back is not None:
        return plain_event("training_taken_back", job_id, {"after": take_back})
    ((epoch, row),) = rows.items()
    not_finite = marks.get(epoch, {})
    return plain_event("training_progress", job_id, written(row, not_finite), not_finite)


def written(row: Row, not_finite: NotFinite) -> Row:
    """The row without the cells that nobody wrote."""
    return {name: value for name, value in row.items() if value is not None or name in not_finite}


def sync_frame(
    job: Mapping[str, Any], stream: str, cursor: Position, recovered: bool, available: bool,
    seq: int,
) -> bytes:  # fmt: skip
    """available: whether the server hears the store."""
    return orjson.dumps(
        {
            "event": "sync",
            "job": job,
            "stream": stream,
            "cursor": str(cursor),
            "recovered": recovered,
            "available": available,
            "seq": seq,
        }
    )


def metrics_frame(
    job: Mapping[str, Any], stream: str, after: str | int, cursor: Position, joined: Joined,
    seq: int,
) -> bytes:  # fmt: skip
    """Every write with after < position ≤ cursor, joined by epoch."""
    frame = {"event": "metrics", "stream": stream, **portion(after, cursor, joined)}
    return orjson.dumps({**frame, "job": job, "seq": seq}, option=orjson.OPT_NON_STR_KEYS)


def portion(after: str | int, cursor: Position, joined: Joined) -> dict[str, Any]:
    """What frames and REST say of a part of the writes."""
    said: dict[str, Any] = {"after": after, "cursor": str(cursor)}
    if joined.take_back is not None:
        said["take_back"] = joined.take_back
    said["columns"] = joined.columns
    if joined.not_finite:
        said["not_finite"] = joined.not_finite
    return said


def job_frame(job: Mapping[str, Any], cursor: str, seq: int) -> bytes:
    return orjson.dumps({"event": "job", "job": job, "cursor": cursor, "seq": seq})


def store_frame(available: bool, cursor: str | int, seq: int | None = None) -> bytes:
    frame = {"event": "store", "available": available, "cursor": cursor}
    return orjson.dumps(frame if seq is None else frame | {"seq": seq})


def heartbeat_frame(cursor: str | int) -> bytes:
    return orjson.dumps({"event": "heartbeat", "cursor": cursor})


def list_sync(jobs: list[dict[str, Any]], cursor: int, available: bool) -> bytes:
    """Every job there is."""
    frame = {"event": "sync", "jobs": jobs, "deleted": [], "cursor": cursor, "recovered": True}
    return orjson.dumps(frame | {"available": available})


def list_frame(
    jobs: list[dict[str, Any]], changes: dict[str, dict[str, Any]], deleted: list[str], cursor: int
) -> bytes:
    """jobs: whole; changes: by job id, the fields that are others than the viewer was told."""
    frame: dict[str, Any] = {"event": "jobs", "jobs": jobs, "deleted": deleted, "cursor": cursor}
    if changes:
        frame["changes"] = changes
    return orjson.dumps(frame)


def watch_frame(parts: Mapping[str, bytes], cursor: int) -> bytes:
    """parts: by job id, what `watch_part` made."""
    jobs = {job_id: orjson.Fragment(part) for job_id, part in parts.items()}
    return orjson.dumps({"event": "metrics", "jobs": jobs, "cursor": cursor})


def watch_part(said: Mapping[str, Any], cells: bytes = b"") -> bytes:
    """One job's part of a frame; cells: JSON of `watched_cells`, which many viewers share."""
    part = orjson.dumps(said)
    if not cells:
        return part
    return cells if not said else part[:-1] + b"," + cells[1:]


def watched_cells(
    stream: str, after: str | int, cursor: Position, joined: Joined, names: list[str]
) -> bytes:
    """names: metrics that may be new. Of cells that were written to other metrics alone nothing is
    left but the cursor."""
    said = {"stream": stream, **portion(after, cursor, joined)}
    if names:
        said["names"] = names
    return orjson.dumps(said, option=orjson.OPT_NON_STR_KEYS)


def refused_frame(reason: str, cursor: int) -> bytes:
    """What the client said cannot be understood; what it said before still holds."""
    return orjson.dumps({"event": "refused", "reason": reason, "cursor": cursor})


@dataclass(frozen=True)
class Said:
    """What a client said: any of the four, or nothing that is known."""

    ack: str | int | None = None  # the cursor of the frame that was drawn
    interval_ms: int | None = None
    is_ping: bool = False
    watches: bool = False  # then `watch` is what it wants, unchecked
    watch: Any = None


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
        ack=_cursor(message.get("ack")),
        interval_ms=None if interval is None else min(max(interval, 0), MAX_INTERVAL_MS),
        is_ping=message.get("event") == "ping",
        watches="watch" in message,
        watch=message.get("watch"),
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _cursor(value: object) -> str | int | None:
    return value if isinstance(value, str) else _whole(value)
