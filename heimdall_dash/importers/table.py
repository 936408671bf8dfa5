"""What was read of a run and not yet taken: its cells by column, and from these rows by step.

Columns of plain numbers, 24 bytes a cell: a run of a million steps with twenty metrics fits into
half a gigabyte. The newest value of a cell counts, a row has the time of its earliest cell.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator

from heimdall_dash.records import MAX_EPOCH

CHUNK_STEPS = 4_096

Row = tuple[int, float, dict[str, float]]  # step, Unix seconds, cells


class Column:
    """One metric in the order in which it was written."""

    __slots__ = ("steps", "times", "values")

    def __init__(self) -> None:
        self.steps, self.times, self.values = array("q"), array("d"), array("d")

    def add(self, step: int, unix_s: float, value: float) -> None:
        self.steps.append(step)
        self.times.append(unix_s)
        self.values.append(value)

    def sort(self) -> None:
        """By step; of one step the cell written last, at the time of the first."""
        steps = self.steps
        if all(map(int.__lt__, steps, steps[1:])):
            return
        newest: dict[int, tuple[float, float]] = {}
        for step, unix_s, value in zip(steps, self.times, self.values, strict=True):
            first = newest[step][0] if step in newest else unix_s
            newest[step] = (min(first, unix_s), value)
        self.steps = array("q", sorted(newest))
        self.times = array("d", [newest[step][0] for step in self.steps])
        self.values = array("d", [newest[step][1] for step in self.steps])

    def drop_from(self, step: int) -> None:
        kept = [row for row in zip(self.steps, self.times, self.values, strict=True)
                if row[0] < step]  # fmt: skip
        self.steps, self.times, self.values = array("q"), array("d"), array("d")
        for row in kept:
            self.add(*row)


class Table:
    def __init__(self) -> None:
        self._columns: dict[str, Column] = {}
        self.first_s: float | None = None  # Unix seconds of the earliest cell ever added
        self.last_s: float | None = None
        self.cells = 0  # ever added
        self.taken_back: int | None = None  # the last step that stays of what was taken before

    def column(self, name: str) -> Column:
        """To add to, quickly; call `saw` with the times."""
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = Column()
        return found

    def add(self, name: str, step: int, unix_s: float, value: float) -> bool:
        """False for a step that no job can have."""
        if not 0 <= step <= MAX_EPOCH:
            return False
        self.column(name).add(step, unix_s, value)
        return True

    def take_back(self, step: int) -> None:
        """A tool went back: what it wrote of `step` and later does not count any more."""
        for column in self._columns.values():
            column.drop_from(step)
        stays = max(-1, step - 1)
        self.taken_back = stays if self.taken_back is None else min(self.taken_back, stays)

    def take(self) -> Iterator[Row]:
        """All rows by rising step; afterwards the table is empty."""
        columns, self._columns = self._columns, {}
        self.taken_back = None
        for column in columns.values():
            column.sort()
            self._note(column)
        steps = sorted(set().union(*(column.steps for column in columns.values())))
        for start in range(0, len(steps), CHUNK_STEPS):
            yield from _rows(columns, steps[start : start + CHUNK_STEPS])

    def names(self) -> int:
        return len(self._columns)

    def _note(self, column: Column) -> None:
        if column.times:
            first, last = min(column.times), max(column.times)
            self.first_s = first if self.first_s is None else min(self.first_s, first)
            self.last_s = last if self.last_s is None else max(self.last_s, last)
            self.cells += len(column.times)


def _rows(columns: dict[str, Column], steps: list[int]) -> Iterator[Row]:
    cells: dict[int, dict[str, float]] = {step: {} for step in steps}
    times = dict.fromkeys(steps, float("inf"))
    for name, column in columns.items():
        start, stop = bisect_left(column.steps, steps[0]), bisect_left(column.steps, steps[-1] + 1)
        rows = zip(
            column.steps[start:stop], column.times[start:stop], column.values[start:stop],
            strict=True,
        )  # fmt: skip
        for step, unix_s, value in rows:
            cells[step][name] = value
            if unix_s < times[step]:
                times[step] = unix_s
    for step in steps:
        yield step, times[step], cells[step]
