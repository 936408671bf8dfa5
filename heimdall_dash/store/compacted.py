"""Reads what is compacted of a job's history. A block that cannot be read is that job's trouble
alone: it is named once in the log and left out.
"""

import json
import logging
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import orjson

from heimdall_dash.cells import Position, Write
from heimdall_dash.errors import HeimdallError, HistoryCompacted
from heimdall_dash.log import Rarely
from heimdall_dash.store.blocks import (
    MANIFEST,
    Block,
    Manifest,
    Marks,
    Rows,
    newer_writes,
    unpacked_block,
)
from heimdall_dash.store.keys import JobKeys

log = logging.getLogger(__name__)

COMPACTED = "compacted"  # field of the job: the position up to which blocks stand for the stream
UNREADABLE = (ValueError, KeyError, TypeError, IndexError, AttributeError, zlib.error)
HELD_BLOCKS = 4  # unpacked, for writers that go over old epochs again
Columns = dict[str, bytes]


class BlockReplaced(HeimdallError):
    """A block is not there any more, since the history was compacted further."""


def refuse_compacted(compacted: str | None, after: Position) -> None:
    """Raises HistoryCompacted where writes behind `after` are not in the stream any more."""
    try:
        is_gone = compacted is not None and Position.parse(compacted) > after
    except ValueError:  # no script of ours wrote that
        return
    if is_gone:
        raise HistoryCompacted(str(compacted))


class Blocks:
    def __init__(self, call: Callable[[Callable[[Any], Any]], Any]) -> None:
        """call: runs a command with a client; raises StoreUnavailable."""
        self._call = call
        self._unreadable = Rarely(log)
        self._held: OrderedDict[tuple[str, str], tuple[Rows, Marks]] = OrderedDict()

    def manifest(self, job_id: str) -> Manifest:
        (content,) = self.fields(job_id, [MANIFEST])
        return self._manifest(job_id, content)

    def fields(self, job_id: str, names: Sequence[str]) -> list[bytes | None]:
        """Of the hash of blocks, as they were at one moment."""

        def read(client: Any) -> Any:
            return client.execute_command(
                "HMGET", JobKeys(job_id).blocks, *names, NEVER_DECODE=True
            )

        found: list[bytes | None] = self._call(read)
        return found

    def columns(self, job_id: str, block: Block, names: Sequence[str]) -> Columns:
        """The block's columns of these names, as far as it has them. Raises BlockReplaced."""
        asked = ["epoch", "timestamp", *names]
        manifest, *found = self.fields(job_id, [MANIFEST, *map(block.field, asked)])
        if block not in self._manifest(job_id, manifest).blocks:
            raise BlockReplaced(block.id)
        return {name: one for name, one in zip(asked, found, strict=True) if one is not None}

    def column(self, job_id: str, blocks: Sequence[Block], name: str) -> list[bytes | None]:
        """One column of several blocks. Raises BlockReplaced."""
        manifest, *found = self.fields(job_id, [MANIFEST, *(block.field(name) for block in blocks)])
        if not set(blocks) <= set(self._manifest(job_id, manifest).blocks):
            raise BlockReplaced(name)
        return found

    def rows(self, job_id: str, names: Sequence[str], block: Block) -> tuple[Rows, Marks]:
        """The block's rows with the cells of these metrics; none when it cannot be read."""
        columns = self.columns(job_id, block, names)
        try:
            return unpacked_block(columns)
        except UNREADABLE as error:
            self.note(job_id, f"block {block.id}: {error!r:.200}")
            return {}, {}

    def newer_writes(self, job_id: str, manifest: Manifest, after: Position) -> Iterator[Write]:
        """As `blocks.newer_writes`. Raises BlockReplaced."""
        return newer_writes(manifest, after, partial(self.rows, job_id, list(manifest.names)))

    def said(self, job_id: str, epochs: Sequence[str]) -> str:
        """What these epochs have in the blocks, as the script `append` wants it."""
        if not epochs:
            return ""
        manifest = self.manifest(job_id)
        rows: dict[str, list[str]] = {}
        for epoch in epochs:
            block, row = manifest.block_of(int(epoch)), []
            if block is not None:
                held, marks = self._held_rows(job_id, manifest, block)
                if int(epoch) in held:
                    row = [orjson.dumps(held[int(epoch)]).decode()]
                    row.append(orjson.dumps(marks.get(int(epoch), {})).decode())
            rows[epoch] = row
        return json.dumps({"position": str(manifest.position), "rows": rows})

    def note(self, job_id: str, what: str) -> None:
        self._unreadable.info(job_id, "Job %s: %s cannot be read", job_id, what)

    def _held_rows(self, job_id: str, manifest: Manifest, block: Block) -> tuple[Rows, Marks]:
        key = (job_id, block.id)
        if key not in self._held:
            try:
                self._held[key] = self.rows(job_id, list(manifest.names), block)
            except BlockReplaced:
                return {}, {}  # then the manifest's position is not the one that counts, either
            while len(self._held) > HELD_BLOCKS:
                self._held.popitem(last=False)
        return self._held[key]

    def _manifest(self, job_id: str, content: bytes | None) -> Manifest:
        try:
            return Manifest.parse(None if content is None else content.decode())
        except UNREADABLE as error:
            self.note(job_id, f"its manifest of blocks: {error!r:.200}")
            return Manifest()
