"""Compacts a job's history: what is older than its newest writes goes from the stream into blocks.

Idempotent and safe against death at any moment: one script stores the blocks, says so and trims the
stream, and does nothing when the history is not what was read. Whoever reads a row finds it in one
of the two. Late writes and takings back stay in the stream until the next round joins them.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from heimdall_dash.cells import Position, Write, rows_of, write_of_entry
from heimdall_dash.errors import HistoryCompacted
from heimdall_dash.records import FINAL
from heimdall_dash.store.blocks import (
    Block,
    Manifest,
    Marks,
    Rows,
    packed_block,
    unpacked_block,
    writes_of_block,
)
from heimdall_dash.store.columns import unpacked
from heimdall_dash.store.compacted import BlockReplaced, Columns
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob

NEAR = 63  # parts of an epoch that the script `append` finds without the index of late writes
LOCKED_S = 60


@dataclass(frozen=True)
class Sizes:
    """keep: writes that stay in the stream, at most, of a job that goes on; final: of one that is
    over. round: writes, and cells, that are compacted at a time. touched: old blocks that one round
    writes anew, at most."""

    keep: int = 2_048
    final: int = 256
    least: int = 64
    round: int = 4_096
    cells: int = 400_000
    touched: int = 8


SIZES = Sizes()


def compact(store: Store, job_id: str, sizes: Sizes = SIZES) -> int:
    """One round; how many writes went into blocks, 0 when there is nothing to do, or somebody else
    does it. Raises UnknownJob, StoreUnavailable."""
    fields = store.job(job_id)
    if "position" not in fields or "least_epoch" not in fields:
        return 0  # data from before positions: the script asks its first entry
    count = _due(store, job_id, StoredJob(fields), sizes)
    if not count or not store.lock(job_id, LOCKED_S):
        return 0
    try:
        return _round(store, job_id, fields.get("stream", ""), count, sizes)
    except (BlockReplaced, HistoryCompacted):
        return 0  # somebody was quicker
    finally:
        store.unlock(job_id)


def _due(store: Store, job_id: str, job: StoredJob, sizes: Sizes) -> int:
    """How many of the oldest writes are to be compacted now."""
    length, newest = store.length(job_id)
    if length <= sizes.least:
        return 0
    wide = max(1, newest)
    round_ = max(sizes.least, min(sizes.round, sizes.cells // wide))
    is_over = job.status in FINAL
    keep = sizes.final if is_over else sizes.keep
    keep = max(sizes.least, min(keep, sizes.cells // wide // 2))
    spare = length - keep
    return min(spare, round_) if spare >= (sizes.least if is_over else round_) else 0


def _round(store: Store, job_id: str, stream: str, count: int, sizes: Sizes) -> int:
    manifest = store.blocks.manifest(job_id)
    entries = store.entries(job_id, manifest.position, count)
    if not entries:
        return 0
    writes = []
    for entry_id, entry in entries:
        try:
            writes.append(write_of_entry(entry_id, entry))
        except ValueError as error:  # it is left out, as by every reader
            store.blocks.note(job_id, f"entry {entry_id}: {error}")
    position = Position.parse(entries[-1][0])
    cut = _fitting(manifest, writes, sizes)
    if cut < len(writes):
        writes = writes[:cut]
        position = writes[-1].position

    def read(block: Block) -> Columns:
        return store.blocks.columns(job_id, block, list(manifest.names))

    change = planned(manifest, writes, position, read, sizes)
    done = store.put_blocks(
        job_id, stream, before=manifest, after=change.manifest, add=change.add,
        drop=change.drop, late=_late_epochs(writes),
    )  # fmt: skip
    return len(writes) if done else 0


def _fitting(manifest: Manifest, writes: Sequence[Write], sizes: Sizes) -> int:
    """How many of the writes one round takes: at least one, by cells and blocks that they touch."""
    cells, touched = 0, set()
    for count, write in enumerate(writes):
        block = None if write.row is None else manifest.block_of(write.epoch)
        cells += len(write.row or ())
        touched.add(block)
        if count and (cells > sizes.cells or len(touched) > sizes.touched):
            return count
    return len(writes)


def _late_epochs(writes: Iterable[Write]) -> list[int]:
    """Those that the index of late writes names."""
    return sorted(
        {
            write.epoch
            for write in writes
            if write.row is not None
            and (write.epoch != write.position.epoch or write.position.part > NEAR)
        }
    )


@dataclass
class Change:
    """From one manifest to the next: fields of the hash of blocks to add, and to drop."""

    manifest: Manifest
    add: dict[str, bytes] = field(default_factory=dict)
    drop: list[str] = field(default_factory=list)


def planned(
    manifest: Manifest,
    writes: Sequence[Write],
    position: Position,
    read: Callable[[Block], Columns],
    sizes: Sizes = SIZES,
) -> Change:
    """What becomes of the blocks when these writes, all behind the manifest's position and up to
    `position`, are joined to them."""
    back, rows, marks = rows_of(writes)
    plan = _Plan(manifest, position, read, sizes.round)
    groups = plan.groups(sorted(rows), back)
    late = {w.epoch: str(w.position) for w in writes if w.row and w.epoch < w.position.epoch}
    for blocks, epochs in groups:
        plan.replace(blocks, back, {e: rows[e] for e in epochs}, marks, late)
    backs = [*manifest.backs, *((str(w.position), w.epoch) for w in writes if w.row is None)]
    while len(backs) > 100:  # the two oldest as one that takes back as much as both
        backs[:2] = [(backs[1][0], min(backs[0][1], backs[1][1]))]
    names = {name: count for name, count in plan.names.items() if count > 0}
    after = Manifest(position, tuple(sorted(plan.blocks, key=_first)), names, tuple(backs))
    return Change(after, plan.add, plan.drop)


def _first(block: Block) -> int:
    return block.first


class _Plan:
    def __init__(
        self, manifest: Manifest, position: Position, read: Callable[[Block], Columns], most: int
    ) -> None:
        self._old, self._read, self._most = manifest.blocks, read, most
        self._id = f"{position}.{uuid.uuid4().hex[:6]}"
        self.blocks: list[Block] = []
        self.names = dict(manifest.names)
        self.add: dict[str, bytes] = {}
        self.drop: list[str] = []

    def groups(
        self, epochs: Sequence[int], back: int | None
    ) -> list[tuple[list[Block], list[int]]]:
        """Old blocks that change, each with the epochs that go into it; and the epochs behind all
        of them, together with the last block while it is small. Those that stay as they are go
        straight into `blocks`."""
        standing = [b for b in self._old if back is None or b.first <= back]
        found: dict[Block, list[int]] = {
            b: [] for b in self._old if back is not None and b.last > back
        }
        newer, at = [], 0
        for epoch in epochs:
            while at < len(standing) and standing[at].last < epoch:
                at += 1
            if at == len(standing) or (back is not None and epoch > back):
                newer.append(epoch)
            else:
                found.setdefault(standing[at], []).append(epoch)
        if newer and standing and standing[-1].rows < self._most // 2:
            found.setdefault(standing[-1], []).extend(newer)
            newer = []
        self.blocks = [block for block in self._old if block not in found]
        together = [([block], inside) for block, inside in found.items()]
        return [*together, ([], newer)] if newer else together

    def replace(
        self,
        blocks: Sequence[Block],
        back: int | None,
        rows: Rows,
        marks: Marks,
        late: Mapping[int, str],
    ) -> None:
        """Take these blocks away, and store what of them stays, joined with new rows."""
        old_rows: Rows = {}
        old_marks: Marks = {}
        newest_late = ""
        for block in blocks:
            columns = self._read(block)
            self.drop += [block.field(name) for name in columns]
            for name, content in columns.items():
                if name not in {"epoch", "timestamp"}:
                    cells = unpacked(content)
                    places = range(len(cells)) if cells.places is None else cells.places
                    self.names[name] -= len({*places, *cells.marks})
            old_rows, old_marks = unpacked_block(columns)
            newest_late = block.late
        if back is not None:
            old_rows = {epoch: row for epoch, row in old_rows.items() if epoch <= back}
        at = Position(0, 0)
        new = (Write(at, epoch, row, marks.get(epoch, {})) for epoch, row in rows.items())
        _, joined, joined_marks = rows_of(chain(writes_of_block(old_rows, old_marks, at), new))
        lates = [Position.parse(late[epoch]) for epoch in rows if epoch in late]
        if lates:
            newest_late = str(max(lates))
        epochs = sorted(joined)
        for start in range(0, len(epochs), self._most):
            self._store(epochs[start : start + self._most], joined, joined_marks, newest_late)

    def _store(self, epochs: list[int], rows: Rows, marks: Marks, late: str) -> None:
        number = len(self.add)
        block = Block(f"{self._id}.{number}", epochs[0], epochs[-1], len(epochs), late)
        columns, counts = packed_block({epoch: rows[epoch] for epoch in epochs}, marks)
        self.add |= {block.field(name): content for name, content in columns.items()}
        for name, count in counts.items():
            self.names[name] = self.names.get(name, 0) + count
        self.blocks.append(block)
