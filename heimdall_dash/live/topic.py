"""One watched job inside this web process: its state and its newest epochs.

Guarantees: every stored epoch with floor < epoch ≤ cursor is in the tail, once and in order;
whoever needs older ones reads the store. Bounded: 1,000 epochs or 8 MB of JSON, the newest.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

import orjson

from heimdall_dash.records import NO_EPOCH, Row
from heimdall_dash.store.jobs import Fields, JobView, job_view

TAIL_ROWS = 1_000
TAIL_BYTES = 8 * 2**20


class Pulse:
    """Wakes every waiter. Take the event first, look at the state, then wait: nothing is missed."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def event(self) -> asyncio.Event:
        return self._event

    def beat(self) -> None:
        self._event.set()
        self._event = asyncio.Event()


class Topic:
    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.viewers = 0
        self.ready = asyncio.Event()  # set once the store was read after the subscription
        self.pulse = Pulse()
        self.version = 0  # rises with every change that viewers should hear of
        self.fields: Fields = {}  # empty: the store does not have the job
        self.is_deleted = False
        self.stream = ""
        self.floor = NO_EPOCH
        self.cursor = NO_EPOCH
        self.notes: deque[tuple[int, dict[str, Any]]] = deque(maxlen=200)
        self._tail: deque[tuple[int, Row, int]] = deque()  # epoch, row, bytes of JSON
        self._tail_bytes = 0
        self._was_stalled = False
        self._view: tuple[int, JobView] | None = None
        self._frames: dict[tuple[str, int], tuple[bytes, int]] = {}

    # -- reading ---------------------------------------------------------------------------

    @property
    def job(self) -> JobView:
        if self._view is None or self._view[0] != self.version:
            self._view = (self.version, job_view(self.fields))
        return self._view[1]

    @property
    def status(self) -> str:
        return self.fields.get("status", "")

    def holds(self, after: int) -> bool:
        """Whether the tail has every epoch newer than `after`."""
        return after >= self.floor

    def rows_after(self, after: int) -> list[Row]:
        """Rows newer than `after`; only true when `holds(after)`."""
        rows: list[Row] = []
        for epoch, row, _ in reversed(self._tail):
            if epoch <= after:
                break
            rows.append(row)
        rows.reverse()
        return rows

    def cached_frame(self, kind: str, after: int) -> tuple[bytes, int] | None:
        """A frame that another viewer at the same position needed since the last change."""
        return self._frames.get((kind, after))

    def cache_frame(self, kind: str, after: int, frame: bytes, cursor: int) -> None:
        if len(self._frames) < 64:
            self._frames[(kind, after)] = (frame, cursor)

    # -- writing: only the hub does --------------------------------------------------------

    def take_fields(self, fields: Mapping[str, str], *, is_read: bool) -> bool:
        """Adopt the job's fields; a published state that is older than ours is dropped."""
        same_history = fields.get("stream") == self.stream
        is_older = int(fields.get("revision", 0)) <= int(self.fields.get("revision", 0))
        if not is_read and same_history and is_older:
            return False
        if dict(fields) == self.fields:
            return False
        self.fields = dict(fields)
        self.changed()
        return True

    def restart(self, stream: str, floor: int) -> None:
        """Begin the history `stream` anew: nothing in the tail, everything up to `floor` older."""
        self.stream = stream
        self.floor = self.cursor = floor
        self._tail.clear()
        self._tail_bytes = 0
        self.changed()

    def extend(self, rows: list[tuple[Row, int]]) -> int:
        """Append (row, bytes) newer than the cursor, drop repeats; returns how many were new."""
        new = 0
        for row, size in rows:
            epoch = row["epoch"]
            if epoch <= self.cursor:
                continue
            self._tail.append((epoch, row, size))
            self._tail_bytes += size
            self.cursor = epoch
            new += 1
        while self._tail and (len(self._tail) > TAIL_ROWS or self._tail_bytes > TAIL_BYTES):
            epoch, _, size = self._tail.popleft()
            self._tail_bytes -= size
            self.floor = epoch
        if new:
            self.changed()
        return new

    def take_note(self, note: dict[str, Any]) -> None:
        number = self.notes[-1][0] + 1 if self.notes else 0
        self.notes.append((number, note))

    def vanish(self, *, deleted: bool) -> None:
        """The store does not have the job (any more)."""
        self.fields = {}
        self.is_deleted = deleted
        self.restart("", NO_EPOCH)

    def look_at_clock(self) -> None:
        """A trainer that falls silent changes nothing in the store: only the clock shows it."""
        is_stalled = bool(self.fields) and bool(job_view(self.fields)["stalled"])
        if is_stalled != self._was_stalled:
            self._was_stalled = is_stalled
            self.changed()

    def changed(self) -> None:
        self.version += 1
        self._frames.clear()
        self.pulse.beat()


def parse_row(raw: bytes) -> tuple[Row, int]:
    return orjson.loads(raw), len(raw)
