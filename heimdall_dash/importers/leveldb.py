"""LevelDB's log format, in which W&B keeps a run: blocks of 32 kB, records cut at their ends."""

from collections.abc import Iterator
from pathlib import Path
from struct import Struct

BLOCK_BYTES = 32 * 1024
_HEAD = Struct("<IHB")  # checksum, length, type
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
FILE_HEAD = b":W&B"
FILE_HEAD_BYTES = 7


class LogReader:
    """Reads on from where it stopped; a record that is not whole yet waits for the next time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = FILE_HEAD_BYTES  # where the next record begins
        self.is_damaged = False

    def records(self) -> Iterator[bytes]:
        """The whole records that are there now. Raises OSError, ValueError for another format."""
        if self.is_damaged:
            return
        with self.path.open("rb") as file:
            if file.read(len(FILE_HEAD)) != FILE_HEAD:
                raise ValueError("it is no file of W&B")
            start = self.place - self.place % BLOCK_BYTES
            file.seek(start)
            data = file.read()
        place, end, parts = self.place - start, len(data), [b""][:0]
        while place + _HEAD.size <= end:
            left = BLOCK_BYTES - (place + start) % BLOCK_BYTES
            if left < _HEAD.size:
                place += left  # the rest of a block that is too short for a head
                continue
            _, size, kind = _HEAD.unpack_from(data, place)
            if kind == 0 and size == 0:
                place += left
                continue
            body, after = place + _HEAD.size, place + _HEAD.size + size
            if after > end:
                return
            if kind not in (FULL, FIRST, MIDDLE, LAST) or _HEAD.size + size > left:
                self.is_damaged = True
                return
            if kind in (FULL, FIRST):
                parts = []
            parts.append(data[body:after])
            place = after
            if kind in (FULL, LAST):
                self.place = start + place
                yield b"".join(parts)
