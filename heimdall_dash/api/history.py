"""The histories of the jobs that were last asked for, kept as tables: only what was written since
is read from the store. Bounded by bytes over all jobs together, least recently used dropped first,
and the last one too when it alone is more than that.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from heimdall_dash.api.series import Series, series_of
from heimdall_dash.api.table import Table
from heimdall_dash.cells import START, Position, Write
from heimdall_dash.frames import LAST_PART
from heimdall_dash.records import NO_EPOCH
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.store import Store

CHUNK_WRITES = 2_000
MAX_BYTES = 128 * 2**20
MAX_JOBS = 256


@dataclass
class Kept:
    """One job's table; whoever reads the store into it, or cuts from it, holds the lock."""

    table: Table = field(default_factory=lambda: Table(""))
    lock: threading.Lock = field(default_factory=threading.Lock)
    nbytes: int = 0


class History:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    @contextmanager
    def of(self, job_id: str) -> Iterator[tuple[Fields, Kept]]:
        """The job's fields and its whole history, locked meanwhile.

        Raises UnknownJob, StoreUnavailable.
        """
        with self._lock:
            kept = self._kept.setdefault(job_id, Kept())
            self._kept.move_to_end(job_id)
        try:
            with kept.lock:
                # Read here and not before: of two requests that cross, the later one may hold
                # fields that are older than what the other has put into the table.
                fields = self._store.job(job_id)
                self._read_on(kept, job_id, fields.get("stream", ""))
                yield fields, kept
        finally:
            self._drop_oldest()

    def series(
        self,
        job_id: str,
        names: Sequence[str],
        points: int | None = None,
        after: int = NO_EPOCH,
        before: int | None = None,
    ) -> dict[str, Series]:
        """Each metric thinned by itself to about `points`, of the epochs with after < epoch <
        before; those that have no value there are left out. Raises UnknownJob, StoreUnavailable.
        """
        with self.of(job_id) as (_, kept):
            return series_of(kept.table, names, points, after, before)

    def writes_after(self, job_id: str, after: Position, limit: int) -> list[Write]:
        """At most `limit` writes behind a position, straight from the store."""
        return list(islice(self._store.each_write(job_id, after=after), limit))

    def _read_on(self, kept: Kept, job_id: str, stream: str) -> None:
        if kept.table.stream != stream or self._has_less(job_id, kept.table.position):
            kept.table = Table(stream)
        writes = self._store.each_write(job_id, after=kept.table.position)
        while chunk := list(islice(writes, CHUNK_WRITES)):
            kept.table.apply(chunk)
        kept.nbytes = kept.table.nbytes

    def _has_less(self, job_id: str, position: Position) -> bool:
        """Whether the store lost the newest write that is in the table."""
        if position == START:
            return False
        return not self._store.writes(job_id, after=_before(position), upto=position)

    def _drop_oldest(self) -> None:
        with self._lock:
            while (
                len(self._kept) > MAX_JOBS
                or sum(kept.nbytes for kept in self._kept.values()) > MAX_BYTES
            ):
                self._kept.popitem(last=False)


def _before(position: Position) -> Position:
    """The last position that may stand before this one."""
    epoch, part = position
    return Position(epoch, part - 1) if part > 0 else Position(epoch - 1, LAST_PART)
