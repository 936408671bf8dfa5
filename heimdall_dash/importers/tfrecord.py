"""TensorFlow's record files: length, its checksum, the bytes, their checksum.

The checksums are not computed: in Python they would cost ten times the reading, and what they
protect against shows itself in lengths that do not fit and messages that cannot be read.
"""

from collections.abc import Iterator
from pathlib import Path
from struct import Struct

_LENGTH = Struct("<Q")
HEAD_BYTES, TAIL_BYTES = 12, 4
BLOCK_BYTES = 8 * 2**20
MOST_BYTES = 2**31  # of one record; more is no length


class RecordFile:
    """Reads on from where it stopped. A record that is not whole yet is left for the next time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = 0  # bytes that were read
        self.is_damaged = False  # what follows `place` is no record

    def records(self) -> Iterator[bytes]:
        """The whole records that are there now; raises OSError."""
        if self.is_damaged:
            return
        with self.path.open("rb") as file:
            file.seek(self.place)
            rest = b""
            while block := file.read(max(BLOCK_BYTES, _wanted(rest))):
                rest += block
                end = len(rest)
                place = 0
                while place + HEAD_BYTES <= end:
                    (size,) = _LENGTH.unpack_from(rest, place)
                    if size > MOST_BYTES:
                        self.is_damaged = True
                        return
                    start = place + HEAD_BYTES
                    after = start + size + TAIL_BYTES
                    if after > end:
                        break
                    self.place += after - place
                    place = after
                    yield rest[start : after - TAIL_BYTES]
                rest = rest[place:]


def _wanted(rest: bytes) -> int:
    """Bytes that the record at the beginning still lacks."""
    if len(rest) < HEAD_BYTES:
        return 0
    size: int = _LENGTH.unpack_from(rest)[0]
    return min(size, MOST_BYTES) + HEAD_BYTES + TAIL_BYTES - len(rest)
