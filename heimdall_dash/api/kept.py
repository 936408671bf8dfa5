"""One job's history as this process holds it: what is compacted in the store, of which a column is
read when it is first asked for, and the writes that came after it, which are here for all columns.
"""

import threading
from array import array
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from heimdall_dash.api.table import Column, Table
from heimdall_dash.api.values import Numbers, Times
from heimdall_dash.cells import Write
from heimdall_dash.store.blocks import Block, Manifest
from heimdall_dash.store.columns import (
    ColumnCells,
    unpacked,
    unpacked_steps,
    unpacked_times,
)
from heimdall_dash.store.compacted import UNREADABLE

Read = Callable[[Sequence[Block], str], list[bytes | None]]  # blocks, name → one column of each


@dataclass
class Kept:
    """Whoever reads the store into it, or cuts from it, holds the lock.

    table: all epochs, and the columns that are loaded; all of them where nothing is compacted.
    """

    table: Table = field(default_factory=lambda: Table(""))
    lock: threading.Lock = field(default_factory=threading.Lock)
    nbytes: int = 0
    base: Manifest = field(default_factory=Manifest)
    _tail: Table = field(default_factory=lambda: Table(""))  # writes behind the base, all columns
    _epochs: list["array[int]"] = field(default_factory=list)  # of each block of the base
    _loaded: dict[str, None] = field(default_factory=dict)  # columns, last asked for last

    def begin(self, stream: str, base: Manifest, read: Read) -> None:
        """Forget everything, and begin behind what is compacted."""
        self.table, self._tail = Table(stream), Table(stream)
        self._loaded = {}
        blocks, self._epochs = [], []
        contents = read(base.blocks, "epoch") if base.blocks else []
        for block, content in zip(base.blocks, contents, strict=True):
            try:
                self._epochs.append(_whole(content or b""))
                blocks.append(block)
            except UNREADABLE:  # as if it were not there; whoever reads its rows names it
                continue
        self.base = Manifest(base.position, tuple(blocks), base.names, base.backs)
        self.table.position = self._tail.position = base.position
        if blocks:
            del self.table.columns["timestamp"]  # until it is loaded
        for epochs in self._epochs:
            self.table.epochs.extend(epochs)
        self.weigh()

    def apply(self, writes: Sequence[Write]) -> None:
        if not self.base.blocks:
            self.table.apply(writes)
            return
        self._tail.apply(writes)
        self.table.apply([_only(write, self._loaded) for write in writes])

    @property
    def names(self) -> list[str]:
        """All metrics that there may be, in the order in which they came, and `timestamp`."""
        if not self.base.blocks:
            return self.table.names
        return list(dict.fromkeys(["timestamp", *self.base.names, *self._tail.names]))

    @property
    def has_sure_names(self) -> bool:
        """Whether something is left of each of `names`; else only its column tells."""
        return not self.base.blocks or self._tail.taken_back is None

    def load(self, names: Iterable[str], read: Read) -> None:
        """Have these columns in the table. Raises BlockReplaced."""
        if not self.base.blocks:
            return
        for name in names:
            if name == "epoch":
                continue
            if name not in self._loaded:
                contents = read(self.base.blocks, name)
                _load(self.table, name, self._epochs, contents, self._tail)
            self._loaded[name] = self._loaded.pop(name, None)
        self.weigh()

    def shed(self, most_bytes: int, but: Collection[str]) -> None:
        """Let go of columns, but not of these, until no more than that is held; of those first
        that nobody asked for for the longest."""
        for name in [name for name in self._loaded if name not in but]:
            if self.nbytes <= most_bytes:
                return
            del self._loaded[name]
            self.table.columns.pop(name, None)
            self.table.marks.pop(name, None)
            self.weigh()

    def part(self, names: Collection[str], after: int, read: Read) -> Table:
        """The rows next behind `after`, as many as stand together, with these columns alone."""
        at = bisect_right(self.table.epochs, after)
        if not self.base.blocks or at == len(self.table.epochs):
            return self.table
        first = self.table.epochs[at]
        number = sum(block.last < first for block in self.base.blocks)
        part = Table(self.table.stream)
        if number == len(self.base.blocks) or self._is_taken_back(first):
            blocks, epochs = self.base.blocks[:0], self._epochs[:0]
            stop = len(self.table.epochs)
        else:
            blocks, epochs = (
                self.base.blocks[number : number + 1],
                self._epochs[number : number + 1],
            )
            stop = bisect_right(self.table.epochs, blocks[0].last)
        part.epochs.extend(self.table.epochs[at:stop])
        for name in names:
            if name != "epoch":
                contents = read(blocks, name) if blocks else []
                _load(part, name, epochs, contents, self._tail)
        return part

    def weigh(self) -> None:
        held = self.table.nbytes + self._tail.nbytes + 8 * sum(map(len, self._epochs))
        self.nbytes = held

    def _is_taken_back(self, epoch: int) -> bool:
        return self._tail.taken_back is not None and epoch > self._tail.taken_back


def _only(write: Write, names: Collection[str]) -> Write:
    if write.row is None:
        return write
    row = {name: value for name, value in write.row.items() if name in names or name == "epoch"}
    marks = {name: kind for name, kind in write.not_finite.items() if name in names}
    return Write(write.position, write.epoch, row, marks)


def _load(
    table: Table,
    name: str,
    epochs: Sequence["array[int]"],
    contents: Sequence[bytes | None],
    tail: Table,
) -> None:
    """Put a column into a table whose epochs are there: of the blocks, then of the tail."""
    pieces = [
        piece
        for known, content in zip(epochs, contents, strict=True)
        if content is not None and (piece := _opened(name, known, content)) is not None
    ]
    found = [cells for _, cells in pieces]
    # joined at once: to extend by one block after the other takes as long as to decompress them
    column = Column(
        array("q", b"".join(known for known, _ in pieces)),
        _times(found) if name == "timestamp" else _numbers(found),
    )
    marks = {epoch: kind for cells in found for epoch, kind in cells.marks.items()}
    if tail.taken_back is not None:
        at = bisect_right(column.epochs, tail.taken_back)
        del column.epochs[at:]
        column.values.delete(slice(at, None))
        marks = {epoch: kind for epoch, kind in marks.items() if epoch <= tail.taken_back}
    _join(column, marks, name, tail, table)
    if len(column) == len(table.epochs):
        column.epochs = table.epochs
    table.columns.pop(name, None)
    if len(column) or marks or name == "timestamp":  # a table has times, also while it is empty
        table.columns[name] = column
    if marks:
        table.marks[name] = marks


def _opened(
    name: str, epochs: "array[int]", content: bytes
) -> "tuple[array[int], ColumnCells] | None":
    """The epochs of the cells, and the cells, their marks by epoch; None for what cannot be read:
    left out, as by every reader."""
    try:
        cells = unpacked_times(content, _whole) if name == "timestamp" else unpacked(content)
        found = epochs
        if cells.places is not None:
            rows = np.array(cells.places, dtype=np.int64)
            found = array("q", np.frombuffer(epochs, dtype=np.int64)[rows].tobytes())
        if len(found) != len(cells):
            raise ValueError("a column has other rows than its block")
        cells.marks = {epochs[place]: kind for place, kind in cells.marks.items()}
    except UNREADABLE:
        return None
    return found, cells


def _numbers(pieces: Sequence[ColumnCells]) -> Numbers:
    numbers = Numbers()
    floats = [cells.floats for cells in pieces if cells.floats and cells.is_whole is None]
    if sum(map(len, floats)) == sum(map(len, pieces)):
        numbers.extend_floats(array("d", b"".join(floats)), None)
        return numbers
    for cells in pieces:
        if cells.floats is not None:
            numbers.extend_floats(cells.floats, cells.is_whole)
        else:
            numbers.extend(cells.listed())
    return numbers


def _times(pieces: Sequence[ColumnCells]) -> Times:
    times = Times()
    for cells in pieces:
        if cells.milliseconds is not None:
            times.extend_ms(cells.milliseconds)
        else:
            times.extend(cells.listed())
    return times


def _whole(content: bytes) -> "array[int]":
    """As `unpacked_whole`."""
    steps = np.frombuffer(unpacked_steps(content), dtype=np.int64)
    return array("q", np.cumsum(steps).tobytes())


def _join(column: Column, marks: dict[int, str], name: str, tail: Table, table: Table) -> None:
    """What the tail holds counts, but an epoch keeps its first time."""
    newer = tail.columns.get(name)
    low, high = _range(newer.epochs, table) if newer is not None else (0, 0)
    if newer is not None and low < high:
        epochs, values = newer.epochs[low:high], newer.values.between(low, high)
        listed = values.tolist() if isinstance(values, np.ndarray) else values
        if not column.epochs or epochs[0] > column.epochs[-1]:
            column.epochs.extend(epochs)
            column.values.extend(listed)
        else:
            had = set(column.epochs) if name == "timestamp" else set[int]()
            for epoch, value in zip(epochs, listed, strict=True):
                if epoch not in had:
                    column.put(epoch, value)
        for epoch in epochs:
            marks.pop(epoch, None)
    held = set(newer.epochs[low:high]) if newer is not None else set[int]()
    for epoch, kind in tail.marks.get(name, {}).items():
        if table.epochs and table.epochs[0] <= epoch <= table.epochs[-1]:
            if epoch not in held:
                column.drop(epoch)
            marks[epoch] = kind


def _range(epochs: "array[int]", table: Table) -> tuple[int, int]:
    if not table.epochs:
        return 0, 0
    return (
        bisect_right(epochs, table.epochs[0] - 1),
        bisect_right(epochs, table.epochs[-1]),
    )
