"""One watched job inside this web process: its state and its newest writes.

Guarantees: every readable write with floor < position ≤ cursor is in the tail, once and in order;
whoever needs older ones reads the store. Bounded: 1,000 writes or 8 MB of JSON, the newest.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from heimdall_dash.cells import START, Position, Write
from heimdall_dash.portions import size_of
from heimdall_dash.store.jobs import (
    Fields,
    JobView,
    has_large,
    job_view,
    light_view,
    revision,
)
from heimdall_dash.store.stored_job import StoredJob

log = logging.getLogger(__name__)

TAIL_WRITES = 1_000
TAIL_BYTES = 8 * 2**20
NOT_METRICS = frozenset({"epoch", "timestamp"})


def local_now() -> datetime:
    return datetime.now(UTC)


class Pulse:
    """Wakes every waiter. Take the event first, look at the state, then wait: nothing is missed.

    Whoever waits for several at once hangs a bell of its own into each: an event that is set at
    each beat, and that it clears before it looks.
    """

    def __init__(self) -> None:
        self.bells: set[asyncio.Event] = set()
        self._event = asyncio.Event()

    def event(self) -> asyncio.Event:
        return self._event

    def beat(self) -> None:
        self._event.set()
        self._event = asyncio.Event()
        for bell in self.bells:
            bell.set()


class Topic:
    def __init__(self, job_id: str, now: Callable[[], datetime] = local_now) -> None:
        """now: by the store's clock."""
        self.job_id = job_id
        self.viewers = 0
        self.ready = asyncio.Event()  # set once the store was read after the subscription
        self.turn = asyncio.Lock()  # whoever reads the store into this topic holds it
        self.pulse = Pulse()
        self.version = 0  # rises with every change that viewers should hear of
        self.fields: Fields = {}  # empty: the store does not have the job
        self.is_deleted = False
        self.stream = ""
        self.floor = START
        self.cursor = START
        self.notes: deque[tuple[int, dict[str, Any]]] = deque(maxlen=200)
        self._now = now
        self._tail: deque[tuple[Write, int]] = deque()  # write, bytes of JSON
        self._tail_bytes = 0
        self._was_stalled = False
        self._view: tuple[int, JobView] | None = None
        self._light: tuple[int, JobView] | None = None
        self._frames: dict[tuple[str, object], tuple[bytes, Position]] = {}
        self._times: dict[int, str] = {}  # of the epochs that were heard of last: their first
        self._names: dict[str, Position] = {}  # in order of the first write that was heard of

    # -- reading ---------------------------------------------------------------------------

    @property
    def job(self) -> JobView:
        if not has_large(self.fields):
            return self.light_job
        if self._view is None or self._view[0] != self.version:
            self._view = (self.version, job_view(self.fields, self._now()))
        return self._view[1]

    @property
    def light_job(self) -> JobView:
        """The job without what is large."""
        if self._light is None or self._light[0] != self.version:
            self._light = (self.version, light_view(self.fields, self._now()))
        return self._light[1]

    @property
    def status(self) -> str:
        return self.fields.get("status", "")

    def holds(self, after: Position) -> bool:
        """Whether the tail has every write newer than `after`."""
        return after >= self.floor

    def writes_after(self, after: Position) -> list[Write]:
        """Writes newer than `after`; only true when `holds(after)`."""
        newest_first = (write for write, _ in reversed(self._tail))
        found = list(takewhile(lambda write: write.position > after, newest_first))
        found.reverse()
        return found

    @property
    def times(self) -> Mapping[int, str]:
        """When the epochs of the newest writes came first."""
        return self._times

    def names_after(self, after: Position) -> list[str]:
        """Metrics that were first heard of behind `after`: every new one is among them."""
        found = list(takewhile(lambda name: self._names[name] > after, reversed(self._names)))
        found.reverse()
        return found

    def cached_frame(self, kind: str, after: object) -> tuple[bytes, Position] | None:
        """A frame that another viewer at the same position needed since the last change."""
        return self._frames.get((kind, after))

    def cache_frame(self, kind: str, after: object, frame: bytes, cursor: Position) -> None:
        if len(self._frames) < 64:
            self._frames[(kind, after)] = (frame, cursor)

    # -- writing: only the hub does --------------------------------------------------------

    def take_fields(self, fields: Mapping[str, str], *, is_read: bool) -> bool:
        """Adopt the job's fields; a published state that is older than ours is dropped."""
        same_history = fields.get("stream", "") == self.stream
        is_older = revision(fields) <= revision(self.fields)
        if not is_read and same_history and is_older:
            return False
        if dict(fields) == self.fields:
            return False
        self.fields = dict(fields)
        self.changed()
        return True

    def restart(self, stream: str, floor: Position) -> None:
        """Begin the history `stream` anew: nothing in the tail, everything up to `floor` older."""
        self.stream = stream
        self.floor = self.cursor = floor
        self._tail.clear()
        self._tail_bytes = 0
        self._times.clear()
        self._names.clear()
        self.changed()

    def extend(self, writes: Iterable[Write]) -> int:
        """Append what is newer than the cursor, drop repeats; returns how many were new."""
        new = 0
        for write in writes:
            if write.position <= self.cursor:
                continue
            size = size_of(write)
            self._tail.append((write, size))
            self._tail_bytes += size
            self.cursor = write.position
            self._note(write)
            new += 1
        while self._tail and (len(self._tail) > TAIL_WRITES or self._tail_bytes > TAIL_BYTES):
            write, size = self._tail.popleft()
            self._tail_bytes -= size
            self.floor = write.position
        if new:
            self.changed()
        return new

    def _note(self, write: Write) -> None:
        if write.row is None:
            for epoch in [epoch for epoch in self._times if epoch > write.epoch]:
                del self._times[epoch]
            return
        self._times.setdefault(write.epoch, write.row.get("timestamp", ""))
        if len(self._times) > 2 * TAIL_WRITES:
            del self._times[next(iter(self._times))]
        for name in write.row:
            if name not in self._names and name not in NOT_METRICS:
                self._names[name] = write.position

    def take_note(self, note: dict[str, Any]) -> None:
        number = self.notes[-1][0] + 1 if self.notes else 0
        self.notes.append((number, note))

    def vanish(self, *, deleted: bool) -> None:
        """The store does not have the job (any more)."""
        self.fields = {}
        self.is_deleted = deleted
        self.restart("", START)

    def look_at_clock(self) -> None:
        """A trainer that falls silent changes nothing in the store: only the clock shows it."""
        stalled = bool(self.fields) and StoredJob(self.fields).is_stalled(self._now())
        if stalled != self._was_stalled:
            self._was_stalled = stalled
            self.changed()

    def changed(self) -> None:
        self.version += 1
        self._frames.clear()
        self.pulse.beat()
