"""The histories of the jobs that were last asked for, kept as tables: only what was written since
is read from the store, and of what is compacted there only the columns that are asked for. Bounded
by bytes over all jobs together, least recently used dropped first, and the last one too when it
alone is more than that.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TypeVar

from heimdall_dash.api.kept import Kept
from heimdall_dash.api.table import Table
from heimdall_dash.cells import LAST_PART, START, Position, Write
from heimdall_dash.errors import HistoryCompacted, StoreUnavailable
from heimdall_dash.store.blocks import Manifest
from heimdall_dash.store.compacted import COMPACTED, BlockReplaced
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.store import Store

MAX_BYTES = 64 * 2**20
MAX_JOBS = 256
TRIES = 20  # when the history is compacted further while it is read

Need = Callable[[Sequence[str]], None]
Answer = TypeVar("Answer")
Choice = Callable[[Sequence[str]], Iterable[str]]


def everything(names: Sequence[str]) -> Iterable[str]:
    return names


def nothing(names: Sequence[str]) -> Iterable[str]:
    return ()


class History:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    @contextmanager
    def of(self, job_id: str, choose: Choice = everything) -> Iterator[tuple[Fields, Kept]]:
        """The job's fields and its whole history, locked meanwhile.

        choose: from all names there are, those of which the columns are needed. Raises UnknownJob,
        StoreUnavailable.
        """
        with self._lock:
            kept = self._kept.setdefault(job_id, Kept())
            self._kept.move_to_end(job_id)
        try:
            with kept.lock:
                yield self._brought_up(kept, job_id, choose), kept
        finally:
            self._drop_oldest()

    def answered(self, job_id: str, answer: Callable[[Kept, Need], Answer]) -> Answer:
        """What `answer` makes of the history, locked meanwhile; of the columns, which may be more
        than can be held, it says before it looks at some that it needs them, and may not look at
        earlier ones any more. It is asked again where the history changes meanwhile. Raises as
        `of`."""
        read = partial(self._store.blocks.column, job_id)
        for _ in range(TRIES):
            with self.of(job_id, nothing) as (_, kept):
                known = frozenset(kept.names)

                def need(names: Sequence[str], kept: Kept = kept) -> None:
                    kept.load([name for name in names if name in known], read)  # noqa: B023
                    kept.shed(MAX_BYTES, but=names)

                try:
                    return answer(kept, need)
                except BlockReplaced:
                    kept.table = Table("")  # begun anew
        raise StoreUnavailable(f"the history of job {job_id} changes too quickly to be read")

    @contextmanager
    def part(self, job_id: str, names: Sequence[str], after: int) -> Iterator[Table]:
        """The rows next behind the epoch `after`, as many as stand together, with at least these
        columns, locked meanwhile. Raises as `of`."""
        for _ in range(TRIES):
            with self.of(job_id, nothing) as (_, kept):
                try:
                    table = kept.part(names, after, partial(self._store.blocks.column, job_id))
                except BlockReplaced:
                    continue
                yield table
                return
        raise StoreUnavailable(f"the history of job {job_id} changes too quickly to be read")

    def writes_after(self, job_id: str, after: Position, limit: int) -> list[Write]:
        """At most `limit` writes behind a position, straight from the store. Raises
        HistoryCompacted."""
        found = (write for piece in self._store.pieces(job_id, after) for write in piece)
        return list(islice(found, limit))

    def _brought_up(self, kept: Kept, job_id: str, choose: Choice) -> Fields:
        for _ in range(TRIES):
            # Read here and not before: of two requests that cross, the later one may hold
            # fields that are older than what the other has put into the table.
            fields = self._store.job(job_id)
            try:
                self._read_on(kept, job_id, fields)
                kept.load(choose(kept.names), partial(self._store.blocks.column, job_id))
                return fields
            except (BlockReplaced, HistoryCompacted):
                kept.table = Table("")  # begun anew
        raise StoreUnavailable(f"the history of job {job_id} changes too quickly to be read")

    def _read_on(self, kept: Kept, job_id: str, fields: Fields) -> None:
        stream, compacted = fields.get("stream", ""), _position(fields.get(COMPACTED))
        if (
            kept.table.stream != stream
            or kept.base.position != compacted
            or self._has_less(job_id, kept)
        ):
            base = Manifest()
            if compacted > START:
                base = self._store.blocks.manifest(job_id)
                if base.position < compacted:  # it cannot be read: as if nothing were in blocks
                    base = Manifest(compacted)
            kept.begin(stream, base, partial(self._store.blocks.column, job_id))
        for piece in self._store.pieces(job_id, kept.table.position):
            kept.apply(piece)
        kept.weigh()

    def _has_less(self, job_id: str, kept: Kept) -> bool:
        """Whether the store lost the newest write that is in the table."""
        position = kept.table.position
        if position == kept.base.position:
            return False
        return not self._store.writes(job_id, after=_before(position), upto=position)

    def _drop_oldest(self) -> None:
        with self._lock:
            while (
                len(self._kept) > MAX_JOBS
                or sum(kept.nbytes for kept in self._kept.values()) > MAX_BYTES
            ):
                self._kept.popitem(last=False)


def left_names(kept: Kept, need: Need) -> list[str]:
    """All metrics of which something is left, and `timestamp`."""
    if kept.has_sure_names:
        return kept.names
    left = []
    for name in kept.names:
        need([name])
        if kept.table.has(name):
            left.append(name)
    return left


def _before(position: Position) -> Position:
    """The last position that may stand before this one."""
    epoch, part = position
    return Position(epoch, part - 1) if part > 0 else Position(epoch - 1, LAST_PART)


def _position(text: str | None) -> Position:
    try:
        return Position.parse(text or "")
    except ValueError:
        return START
