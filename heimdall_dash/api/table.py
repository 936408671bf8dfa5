"""A job's history as a table of cells, made of its writes. A column holds the cells that somebody
wrote and no others, so ten thousand metrics that each few epochs have cost what was written.

Numbers are kept in arrays. A column that has a cell in every row shares the table's epochs, 8 bytes
a cell; any other has epochs of its own, 16. Whoever reads gets a numpy array with NaN, or a list
with None, where there is no finite value.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from heimdall_dash.api.values import Numbers, Times, Values
from heimdall_dash.cells import START, NotFinite, Write, rows_of
from heimdall_dash.records import Row

COLUMN_BYTES = 600  # what a column costs by itself, about
MARK_BYTES = 100
Cells = tuple[str, Sequence[int], list[Any]]  # a name, the epochs that have it, their values


class Column:
    """The finite values of one metric, by epoch. `epochs` may be the table's own."""

    __slots__ = ("epochs", "values")

    def __init__(self, epochs: "array[int]", values: Numbers | Times) -> None:
        self.epochs = epochs
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def put(self, epoch: int, value: Any) -> None:
        at = bisect_left(self.epochs, epoch)
        if at < len(self.epochs) and self.epochs[at] == epoch:
            self.values.replace(at, value)
        else:
            self.epochs.insert(at, epoch)
            self.values.insert(at, value)

    def drop(self, epoch: int) -> None:
        at = bisect_left(self.epochs, epoch)
        if at < len(self.epochs) and self.epochs[at] == epoch:
            del self.epochs[at]
            self.values.delete(slice(at, at + 1))


class Table:
    """Whatever order writes come in: the newest of a cell wins, an epoch keeps its first time."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.position = START  # of the newest write that is in here
        self.epochs = array("q")
        self.columns: dict[str, Column] = {"timestamp": Column(self.epochs, Times())}
        self.marks: dict[str, dict[int, str]] = {}  # metric → epoch → "nan", "inf", "-inf"
        self.taken_back: int | None = None  # the least epoch that a write took back to

    @property
    def nbytes(self) -> int:
        """About what is held."""
        held = 8 * len(self.epochs) + MARK_BYTES * sum(map(len, self.marks.values()))
        for column in self.columns.values():
            own = 0 if self._is_full(column) else 8 * len(column)
            held += COLUMN_BYTES + own + column.values.nbytes
        return held

    @property
    def names(self) -> list[str]:
        """In the order in which they came; those that nothing is left of are not among them."""
        return [name for name in self.columns if self.has(name)]

    def has(self, name: str) -> bool:
        """Whether any cell of it is left."""
        column = self.columns.get(name)
        return column is not None and (len(column) > 0 or name in self.marks)

    def rows(self, after: int, before: int | None) -> tuple[int, int]:
        """Indexes [start, stop) of the epochs with after < epoch < before."""
        start = bisect_right(self.epochs, after)
        stop = len(self.epochs) if before is None else bisect_left(self.epochs, before)
        return start, max(start, stop)

    def cut(self, name: str, start: int, stop: int) -> Values:
        """The column over the rows [start, stop): NaN, or None in a list, where there is no
        finite value."""
        if name == "epoch":
            return np.array(self.epochs[start:stop], dtype=np.int64)
        if name not in self.columns or start == stop:
            return [None] * (stop - start)
        places, values = self.places(name, start, stop)
        if len(places) == stop - start:
            return values
        if isinstance(values, np.ndarray) and values.dtype == np.float64:
            numbers = np.full(stop - start, np.nan)
            numbers[places] = values
            return numbers
        spread: list[Any] = [None] * (stop - start)
        known = values.tolist() if isinstance(values, np.ndarray) else values
        for place, value in zip(places.tolist(), known, strict=True):
            spread[place] = value
        return spread

    def places(self, name: str, start: int, stop: int) -> tuple[np.ndarray, Values]:
        """Which of the rows [start, stop) have a finite value, and these values."""
        column = self.columns.get(name)
        if column is None or start == stop:
            return np.empty(0, dtype=np.int64), []
        if self._is_full(column):
            return np.arange(stop - start), column.values.between(start, stop)
        low = bisect_left(column.epochs, self.epochs[start])
        high = bisect_right(column.epochs, self.epochs[stop - 1])
        rows = np.array(self.epochs[start:stop], dtype=np.int64)
        places = np.searchsorted(rows, np.array(column.epochs[low:high], dtype=np.int64))
        return places, column.values.between(low, high)

    def column(
        self, name: str, after: int = -1, before: int | None = None
    ) -> tuple[np.ndarray, Values]:
        """The epochs with after < epoch < before that have a finite value, and these values."""
        start, stop = self.rows(after, before)
        places, values = self.places(name, start, stop)
        return np.array(self.epochs[start:stop], dtype=np.int64)[places], values

    def times(self, rows: np.ndarray) -> list[Any]:
        """The times of some rows: to write out those of all takes a second for a million."""
        column = self.columns.get("timestamp")
        if column is None or not len(column) or not isinstance(column.values, Times):
            return [None] * len(rows)
        if self._is_full(column):
            return column.values.at(rows)
        epochs = np.frombuffer(self.epochs, dtype=np.int64)[rows]
        known = np.array(column.epochs, dtype=np.int64)
        at = np.searchsorted(known, epochs)
        is_known = known[np.minimum(at, len(known) - 1)] == epochs
        times = iter(column.values.at(at[is_known]))
        return [next(times) if has else None for has in is_known.tolist()]

    def times_ms(self, rows: np.ndarray) -> np.ndarray | None:
        """The times of some rows, milliseconds since 1970; None where any is not known."""
        column = self.columns.get("timestamp")
        if column is None or not self._is_full(column) or not isinstance(column.values, Times):
            return None
        return column.values.ms_at(rows)

    def not_finite(self, names: Iterable[str], after: int, before: int | None) -> dict[str, Any]:
        """`{metric: {epoch: "nan"}}` of the epochs with after < epoch < before."""
        found = {}
        for name in names:
            marks = self.marks.get(name, {})
            inside = {
                epoch: kind
                for epoch, kind in sorted(marks.items())
                if epoch > after and (before is None or epoch < before)
            }
            if inside:
                found[name] = inside
        return found

    # -- writing ---------------------------------------------------------------------------

    def apply(self, writes: Sequence[Write]) -> None:
        """Writes in the order of their positions, the first of them newer than all in here."""
        for takes_back, group in groupby(writes, lambda write: write.takes_back):
            together = list(group)
            if takes_back:
                self._take_back(min(write.epoch for write in together))
            else:
                self._join(together)
        if writes:
            self.position = writes[-1].position

    def _join(self, writes: list[Write]) -> None:
        _, rows, marks = rows_of(writes)
        last = self.epochs[-1] if self.epochs else -1
        newer = sorted(epoch for epoch in rows if epoch > last)
        for epoch in sorted(rows.keys() - set(newer)):
            self._put(epoch, rows[epoch], marks.get(epoch, {}))
        self._extend(newer, [rows[epoch] for epoch in newer])
        for epoch in newer:
            for name, kind in marks.get(epoch, {}).items():
                self._mark(name, epoch, kind)

    def _extend(self, epochs: list[int], rows: list[Row]) -> None:
        """Column by column: row by row took four times as long."""
        is_first = not self.epochs
        cells = list(_cells(epochs, rows))
        whole = {name for name, known, _ in cells if len(known) == len(epochs)}
        for name, column in self.columns.items():
            if is_first and name in whole and not len(column):
                column.epochs = self.epochs
            elif name not in whole:
                self._part(column)
        for name in whole if is_first else ():
            self.columns.setdefault(name, Column(self.epochs, Numbers()))
        self.epochs.extend(epochs)
        for name, known, values in cells:
            column = self._column(name)
            if not self._is_full(column):
                column.epochs.extend(known)
            column.values.extend(values)

    def _put(self, epoch: int, row: Row, marks: NotFinite) -> None:
        at = bisect_left(self.epochs, epoch)
        is_known = at < len(self.epochs) and self.epochs[at] == epoch
        cells = {n: v for n, v in row.items() if n != "epoch" and v is not None}
        if is_known:
            cells.pop("timestamp", None)
        else:
            full = [(n, column) for n, column in self.columns.items() if self._is_full(column)]
            for name, column in full:
                if name not in cells:
                    self._part(column)
            self.epochs.insert(at, epoch)
            for name, column in full:
                if name in cells:
                    column.values.insert(at, cells.pop(name))
        for name, value in cells.items():
            self._column(name).put(epoch, value)
            self._unmark(name, epoch)
        for name, kind in marks.items():
            if row.get(name) is None:
                column = self._column(name)
                self._part(column)
                column.drop(epoch)
            self._mark(name, epoch, kind)

    def _take_back(self, epoch: int) -> None:
        self.taken_back = epoch if self.taken_back is None else min(epoch, self.taken_back)
        for name, column in self.columns.items():
            at = bisect_right(column.epochs, epoch)
            column.values.delete(slice(at, None))
            if not self._is_full(column):
                del column.epochs[at:]
            for marked in [e for e in self.marks.get(name, ()) if e > epoch]:
                self._unmark(name, marked)
        del self.epochs[bisect_right(self.epochs, epoch) :]

    def _is_full(self, column: Column) -> bool:
        return column.epochs is self.epochs

    def _part(self, column: Column) -> None:
        """Give the column epochs of its own, since there will be a row that has no such cell."""
        if self._is_full(column):
            column.epochs = array("q", self.epochs)

    def _column(self, name: str) -> Column:
        column = self.columns.get(name)
        if column is None:
            values = Times() if name == "timestamp" else Numbers()
            column = self.columns[name] = Column(array("q"), values)
        return column

    def _mark(self, name: str, epoch: int, kind: str) -> None:
        self._column(name)
        self.marks.setdefault(name, {})[epoch] = kind

    def _unmark(self, name: str, epoch: int) -> None:
        marks = self.marks.get(name)
        if marks and marks.pop(epoch, None) and not marks:
            del self.marks[name]


def _cells(epochs: list[int], rows: list[Row]) -> Iterator[Cells]:
    """Column by column, what the rows hold."""
    names = dict.fromkeys(name for row in rows for name in row if name != "epoch")
    if len(names) * len(rows) > 4 * sum(map(len, rows)):  # little in common: not rows × names
        found: dict[str, tuple[list[int], list[Any]]] = {}
        for epoch, row in zip(epochs, rows, strict=True):
            for name, value in row.items():
                if value is not None and name != "epoch":
                    known, values = found.setdefault(name, ([], []))
                    known.append(epoch)
                    values.append(value)
        yield from ((name, known, values) for name, (known, values) in found.items())
        return
    for name in names:
        values = [row.get(name) for row in rows]
        if None not in values:
            yield name, epochs, values
        elif pairs := [(e, v) for e, v in zip(epochs, values, strict=True) if v is not None]:
            yield name, [e for e, _ in pairs], [v for _, v in pairs]
