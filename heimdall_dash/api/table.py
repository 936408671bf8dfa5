"""A job's history as a table of cells, made of its writes. A column holds the cells that somebody
wrote and no others, so ten thousand metrics that each few epochs have cost what was written.

Numbers are kept in arrays, 16 bytes a cell, as long as all of a column are floats; whoever reads
gets a numpy array with NaN, or a list with None, where there is no finite value.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from heimdall_dash.cells import START, NotFinite, Write, rows_of
from heimdall_dash.records import Row

Values = np.ndarray | list[Any]

COLUMN_CELLS = 20


class Column:
    """The finite values of one metric, by epoch."""

    __slots__ = ("epochs", "values")

    def __init__(self) -> None:
        self.epochs = array("q")
        self.values: array[float] | list[Any] = array("d")

    def __len__(self) -> int:
        return len(self.epochs)

    def extend(self, epochs: Sequence[int], values: Sequence[Any]) -> None:
        """epochs: rising, all newer than those that are here."""
        self._make_room_for(values)
        self.epochs.extend(epochs)
        self.values.extend(values)

    def put(self, epoch: int, value: Any) -> None:
        self._make_room_for([value])
        at = bisect_left(self.epochs, epoch)
        if at < len(self.epochs) and self.epochs[at] == epoch:
            self.values[at] = value
        else:
            self.epochs.insert(at, epoch)
            self.values.insert(at, value)

    def drop(self, epoch: int) -> None:
        at = bisect_left(self.epochs, epoch)
        if at < len(self.epochs) and self.epochs[at] == epoch:
            del self.epochs[at], self.values[at]

    def take_back(self, epoch: int) -> None:
        at = bisect_right(self.epochs, epoch)
        del self.epochs[at:], self.values[at:]

    def _make_room_for(self, values: Sequence[Any]) -> None:
        if isinstance(self.values, array) and {*map(type, values)} != {float}:
            self.values = self.values.tolist()


class Table:
    """Whatever order writes come in: the newest of a cell wins, an epoch keeps its first time."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.position = START  # of the newest write that is in here
        self.epochs = array("q")
        self.columns: dict[str, Column] = {"timestamp": Column()}
        self.marks: dict[str, dict[int, str]] = {}  # metric → epoch → "nan", "inf", "-inf"

    @property
    def cells(self) -> int:
        """How many are held, and what a column costs by itself, counted as cells."""
        marks = sum(map(len, self.marks.values()))
        return marks + sum(COLUMN_CELLS + len(column) for column in self.columns.values())

    @property
    def names(self) -> list[str]:
        """In the order in which they came; those that nothing is left of are not among them."""
        return [name for name, column in self.columns.items() if len(column) or name in self.marks]

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
        if isinstance(values, np.ndarray):
            numbers = np.full(stop - start, np.nan)
            numbers[places] = values
            return numbers
        spread: list[Any] = [None] * (stop - start)
        for place, value in zip(places.tolist(), values, strict=True):
            spread[place] = value
        return spread

    def places(self, name: str, start: int, stop: int) -> tuple[np.ndarray, Values]:
        """Which of the rows [start, stop) have a finite value, and these values."""
        column = self.columns.get(name)
        if column is None or start == stop:
            return np.empty(0, dtype=np.int64), []
        low, high = self._range(column, start, stop)
        values = column.values[low:high]
        is_numbers = isinstance(values, array)
        numbers = np.array(values, dtype=np.float64) if is_numbers else list(values)
        return self._places(column, low, high, start, stop), numbers

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
        """Column by column: row by row took four times as long. But not where rows have little
        in common: there that would be rows × names."""
        self.epochs.extend(epochs)
        names = dict.fromkeys(name for row in rows for name in row if name != "epoch")
        if len(names) * len(rows) > 4 * sum(map(len, rows)):
            for epoch, row in zip(epochs, rows, strict=True):
                for name, value in row.items():
                    if value is not None and name != "epoch":
                        self._column(name).extend([epoch], [value])
            return
        for name in names:
            values = [row.get(name) for row in rows]
            if None in values:
                known = [(e, v) for e, v in zip(epochs, values, strict=True) if v is not None]
                if known:
                    self._column(name).extend(*zip(*known, strict=True))
            else:
                self._column(name).extend(epochs, values)

    def _put(self, epoch: int, row: Row, marks: NotFinite) -> None:
        at = bisect_left(self.epochs, epoch)
        is_known = at < len(self.epochs) and self.epochs[at] == epoch
        if not is_known:
            self.epochs.insert(at, epoch)
        for name, value in row.items():
            if name == "epoch" or (is_known and name == "timestamp"):
                continue
            if value is not None:
                self._column(name).put(epoch, value)
                self._unmark(name, epoch)
        for name, kind in marks.items():
            if row.get(name) is None:
                self._column(name).drop(epoch)
            self._mark(name, epoch, kind)

    def _take_back(self, epoch: int) -> None:
        del self.epochs[bisect_right(self.epochs, epoch) :]
        for name, column in list(self.columns.items()):
            column.take_back(epoch)
            for marked in [e for e in self.marks.get(name, ()) if e > epoch]:
                self._unmark(name, marked)

    def _column(self, name: str) -> Column:
        column = self.columns.get(name)
        if column is None:
            column = self.columns[name] = Column()
        return column

    def _mark(self, name: str, epoch: int, kind: str) -> None:
        self._column(name)
        self.marks.setdefault(name, {})[epoch] = kind

    def _unmark(self, name: str, epoch: int) -> None:
        marks = self.marks.get(name)
        if marks and marks.pop(epoch, None) and not marks:
            del self.marks[name]

    # -- reading, inside -------------------------------------------------------------------

    def _range(self, column: Column, start: int, stop: int) -> tuple[int, int]:
        """The column's cells over the rows [start, stop)."""
        first, last = self.epochs[start], self.epochs[stop - 1]
        return bisect_left(column.epochs, first), bisect_right(column.epochs, last)

    def _places(self, column: Column, low: int, high: int, start: int, stop: int) -> np.ndarray:
        """Where the column's cells [low, high) stand among the rows [start, stop)."""
        if high - low == stop - start:
            return np.arange(high - low)
        rows = np.array(self.epochs[start:stop], dtype=np.int64)
        return np.searchsorted(rows, np.array(column.epochs[low:high], dtype=np.int64))
