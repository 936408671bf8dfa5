"""A job's whole history as columns, kept decoded for the jobs that were last asked for.

Reading 100,000 epochs from the store takes seconds, and a finished or growing history does not
change behind its last epoch: so only what is newer than the kept part is read. Bounded: the
kept histories hold 4 million cells together (about 130 MB), least recently used dropped first.
"""

import threading
from bisect import bisect_right
from collections import OrderedDict
from itertools import chain
from typing import Any

import orjson

from heimdall_dash.records import NO_EPOCH, Columns, Row
from heimdall_dash.store.jobs import Fields
from heimdall_dash.store.store import Store

CHUNK_ROWS = 2_000
MAX_CELLS = 4_000_000


class _Kept:
    def __init__(self, stream: str) -> None:
        self.lock = threading.Lock()
        self.stream = stream
        self.columns: Columns = {"epoch": [], "timestamp": []}

    @property
    def cells(self) -> int:
        return len(self.columns) * len(self.columns["epoch"])


class History:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def columns(
        self, fields: Fields, after: int, before: int | None, names: list[str] | None
    ) -> Columns:
        """Columns of the epochs with after < epoch < before; a name nobody logged is all null."""
        kept = self._of(fields["id"], fields["stream"])
        with kept.lock:
            self._read_on(kept, fields)
            epochs = kept.columns["epoch"]
            start = bisect_right(epochs, after)
            stop = len(epochs) if before is None else bisect_right(epochs, before - 1)
            chosen = list(kept.columns) if names is None else ["epoch", *names]
            answer: dict[str, list[Any]] = {}
            for name in chosen:
                column = kept.columns.get(name)
                cut = [None] * max(0, stop - start) if column is None else column[start:stop]
                answer[name] = cut
        self._drop_oldest()
        return answer

    def _of(self, job_id: str, stream: str) -> _Kept:
        with self._lock:
            kept = self._kept.get(job_id)
            if kept is None or kept.stream != stream:
                kept = self._kept[job_id] = _Kept(stream)
            self._kept.move_to_end(job_id)
            return kept

    def _read_on(self, kept: _Kept, fields: Fields) -> None:
        epochs = kept.columns["epoch"]
        if epochs and epochs[-1] > int(fields.get("last_epoch", NO_EPOCH)):
            kept.columns = {"epoch": [], "timestamp": []}  # the store came back with less
        while True:
            epochs = kept.columns["epoch"]
            after = epochs[-1] if epochs else NO_EPOCH
            raw_rows = self._store.rows(fields["id"], after=after, limit=CHUNK_ROWS)
            _extend(kept.columns, orjson.loads(b"[" + b",".join(raw_rows) + b"]"))
            if len(raw_rows) < CHUNK_ROWS:
                return

    def _drop_oldest(self) -> None:
        with self._lock:
            while (
                len(self._kept) > 1 and sum(kept.cells for kept in self._kept.values()) > MAX_CELLS
            ):
                self._kept.popitem(last=False)


def _extend(columns: Columns, rows: list[Row]) -> None:
    """Column by column: row by row took four times as long."""
    length = len(columns["epoch"])
    for name in dict.fromkeys(chain.from_iterable(rows)):
        if name not in columns:
            columns[name] = [None] * length
    for name, column in columns.items():
        column.extend([row.get(name) for row in rows])
