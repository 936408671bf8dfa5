"""What is compacted of a job's history: blocks of rows by epoch, each column packed by itself, and
the manifest, which says which blocks there are and up to which write they stand for the stream.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from heimdall_dash.cells import LAST_PART, START, NotFinite, Position, Write
from heimdall_dash.records import Row
from heimdall_dash.store.columns import (
    packed,
    packed_times,
    packed_whole,
    unpacked,
    unpacked_times,
    unpacked_whole,
)

MANIFEST = "manifest"  # field of the hash of blocks; the others are `<block>:<column>`
Rows = dict[int, Row]
Marks = dict[int, NotFinite]


class Block(NamedTuple):
    id: str
    first: int  # epoch
    last: int
    rows: int
    late: str  # position of the newest write to an epoch that was not the newest any more; or ''

    def field(self, name: str) -> str:
        return f"{self.id}:{name}"


@dataclass(frozen=True)
class Manifest:
    """blocks: by epoch, rising. names: metric → how many cells of it there are in all blocks, in
    the order in which they came. backs: of the takings back that are compacted, the newest."""

    position: Position = START
    blocks: tuple[Block, ...] = ()
    names: Mapping[str, int] = field(default_factory=dict)
    backs: tuple[tuple[str, int], ...] = ()

    @classmethod
    def parse(cls, text: str | None) -> "Manifest":
        """Raises ValueError for what cannot be read."""
        if not text:
            return cls()
        found = json.loads(text)
        try:
            return cls(
                Position.parse(found["position"]),
                tuple(Block(*block) for block in found["blocks"]),
                found["names"],
                tuple((position, stays) for position, stays in found["backs"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"no manifest: {error!r:.80}") from error

    def text(self) -> str:
        return json.dumps(
            {
                "position": str(self.position), "blocks": self.blocks, "names": self.names,
                "backs": self.backs,
            },
            separators=(",", ":"),
        )  # fmt: skip

    def block_of(self, epoch: int) -> Block | None:
        """The block that has this epoch, if any has."""
        low, high = 0, len(self.blocks)
        while low < high:
            middle = (low + high) // 2
            if self.blocks[middle].last < epoch:
                low = middle + 1
            else:
                high = middle
        found = self.blocks[low] if low < len(self.blocks) else None
        return found if found is not None and found.first <= epoch else None


def packed_block(rows: Rows, marks: Marks) -> tuple[dict[str, bytes], dict[str, int]]:
    """Column → bytes, and metric → how many cells: values, or marks that stand alone."""
    epochs = sorted(rows)
    cells: dict[str, tuple[list[int], list[Any]]] = {}
    marked: dict[str, dict[int, str]] = {}
    for place, epoch in enumerate(epochs):
        for name, value in rows[epoch].items():
            if value is not None and name != "epoch":
                places, values = cells.setdefault(name, ([], []))
                places.append(place)
                values.append(value)
        for name, kind in marks.get(epoch, {}).items():
            marked.setdefault(name, {})[place] = kind
    columns = {"epoch": packed_whole(epochs)}
    counts = {}
    if "timestamp" in cells:
        columns["timestamp"] = packed_times(len(epochs), *cells.pop("timestamp"))
    for name in dict.fromkeys([*cells, *marked]):
        places, values = cells.get(name, ([], []))
        kinds = marked.get(name, {})
        columns[name] = packed(len(epochs), places, values, kinds)
        counts[name] = len({*places, *kinds})
    return columns, counts


def unpacked_block(columns: Mapping[str, bytes]) -> tuple[Rows, Marks]:
    """Raises ValueError, KeyError for what is no block."""
    epochs = unpacked_whole(columns["epoch"]).tolist()
    rows: Rows = {epoch: {"epoch": epoch} for epoch in epochs}
    marks: Marks = {}
    for name, content in columns.items():
        if name == "epoch":
            continue
        cells = unpacked_times(content) if name == "timestamp" else unpacked(content)
        for place, value in zip(
            range(len(epochs)) if cells.places is None else cells.places,
            cells.listed(),
            strict=True,
        ):
            rows[epochs[place]][name] = value
        for place, kind in cells.marks.items():
            rows[epochs[place]].setdefault(name, None)
            marks.setdefault(epochs[place], {})[name] = kind
    return rows, marks


def writes_of_block(rows: Rows, marks: Marks, position: Position) -> Iterator[Write]:
    """One write an epoch, all at one position."""
    for epoch in sorted(rows):
        yield Write(position, epoch, rows[epoch], marks.get(epoch, {}))


def newer_writes(
    manifest: Manifest, after: Position, read: Callable[[Block], tuple[Rows, Marks]]
) -> Iterator[Write]:
    """Writes that bring whoever has all up to `after` to the manifest's position: joined by epoch,
    and some again that are not new. A reader may break off and come back with the position of the
    last write that it got."""
    stays = min(
        (stays for text, stays in manifest.backs if Position.parse(text) > after), default=None
    )
    if stays is not None and after > START:
        yield Write(after, stays, None)
    # Of the epoch at the cursor there may be more, unless the cursor says that it has all of it.
    has = after.epoch if after.part == LAST_PART else after.epoch - 1
    if stays is not None:
        has = min(has, stays)
    pending: Write | None = None
    for block in _late_first(manifest.blocks, after, has):
        is_late = block.late != "" and Position.parse(block.late) > after
        for write in writes_of_block(*read(block), after):
            if write.epoch <= has and not is_late:
                continue
            if pending is not None:
                yield pending
            at = Position(write.epoch, 1)
            pending = Write(max(after, at), write.epoch, write.row, write.not_finite)
    if pending is not None:
        yield Write(manifest.position, pending.epoch, pending.row, pending.not_finite)


def _late_first(blocks: Sequence[Block], after: Position, has: int) -> Iterable[Block]:
    for block in blocks:
        is_late = block.late != "" and Position.parse(block.late) > after
        if block.last > has or is_late:
            yield block
