"""One file of a local log: read by whoever brings it, appended to by the process that holds it.

Guarantees: a line that `append` took survives the death of the process; while the disk refuses it,
it keeps its place in memory, before anything newer. What is read is whole lines.
"""

import fcntl
import logging
import os
import threading
import time
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

RETRY_DISK_S = 0.25
MAX_UNWRITTEN_BYTES = 256 * 2**20  # lines in memory while the disk is full


class LogFile:
    """One file of a log, for reading; whoever wrote it may be dead."""

    def __init__(self, path: Path, token: str) -> None:
        self.path, self.token = path, token

    def read(self, place: int, most_bytes: int) -> bytes:
        """Whole lines from byte `place` on, about `most_bytes` of them; raises OSError."""
        with self.path.open("rb") as file:
            return whole_lines(lambda count: os.pread(file.fileno(), count, place), most_bytes)


class OwnFile(LogFile):
    """The file that this process appends to. It is read and written through one descriptor, so a
    folder that is moved or removed under it takes nothing away."""

    def __init__(self, path: Path, token: str) -> None:
        super().__init__(path, token)
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        lock(self._file)
        self.turn = threading.RLock()  # whoever appends holds it: a signal's handler may, too
        self._written = 0  # bytes in the file
        self._unwritten = Unwritten()
        self._retry_at = 0.0

    @property
    def size(self) -> int:
        """Bytes of all lines, those in memory too."""
        return self._written + self._unwritten.size

    def append(self, line: bytes) -> OSError | None:
        """Keep the line; the disk's refusal where it is in memory only. Raises OSError when not
        even that is possible."""
        refusal = self.flush() if self._unwritten else None
        if refusal is None:
            try:
                self._write(line)
                return None
            except OSError as error:
                self._retry_at = time.monotonic() + RETRY_DISK_S
                refusal = error
        if self._unwritten.size + len(line) > MAX_UNWRITTEN_BYTES:
            raise refusal
        self._unwritten.add(line)
        return refusal

    def flush(self) -> OSError | None:
        """Write what the disk refused before; its refusal, if it still does."""
        if not self._unwritten:
            return None
        if time.monotonic() < self._retry_at:
            return OSError(28, "no space left on device", str(self.path))
        try:
            while self._unwritten:
                self._write(self._unwritten.first())
                self._unwritten.drop_first()
        except OSError as error:
            self._retry_at = time.monotonic() + RETRY_DISK_S
            return error
        return None

    def read(self, place: int, most_bytes: int) -> bytes:
        if place < self._written:
            most_bytes = min(most_bytes, self._written - place)
            return whole_lines(lambda count: os.pread(self._file, count, place), most_bytes)
        with self.turn:
            return self._unwritten.read(place - self._written, most_bytes)

    def sync(self) -> None:
        os.fsync(self._file)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, line: bytes) -> None:
        try:
            count = os.write(self._file, line)
        except OSError:
            os.ftruncate(self._file, self._written)
            raise
        if count < len(line):
            os.ftruncate(self._file, self._written)
            raise OSError(28, "no space left on device", str(self.path))
        # asked, not counted: a signal's handler that logs may come between the write and this line
        self._written = os.lseek(self._file, 0, os.SEEK_CUR)


class Unwritten:
    """Lines that the disk refused, in order. Reading and dropping cost no more when it holds
    millions; a place is in bytes from its first line on."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._stops: list[int] = []  # where each line ends, in bytes since the beginning
        self._first = 0  # lines before this one are written
        self._start = 0  # where that one begins

    def __len__(self) -> int:
        return len(self._lines) - self._first

    @property
    def size(self) -> int:
        return self._stops[-1] - self._start if self._stops else 0

    def add(self, line: bytes) -> None:
        self._lines.append(line)
        self._stops.append((self._stops[-1] if self._stops else 0) + len(line))

    def first(self) -> bytes:
        return self._lines[self._first]

    def drop_first(self) -> None:
        self._start = self._stops[self._first]
        self._lines[self._first] = b""
        self._first += 1
        if not self:
            self._lines, self._stops, self._first, self._start = [], [], 0, 0

    def read(self, place: int, most_bytes: int) -> bytes:
        """Whole lines from `place` on, about `most_bytes` of them."""
        begin = bisect_right(self._stops, self._start + place, lo=self._first)
        if begin >= len(self._lines):
            return b""
        stop = bisect_left(self._stops, self._start + place + most_bytes, lo=begin)
        return b"".join(self._lines[begin : stop + 1])


def whole_lines(read: Any, most_bytes: int) -> bytes:
    """`read(count)` up to its last line's end; a line longer than `most_bytes` is read whole."""
    while True:
        block: bytes = read(most_bytes)
        end = block.rfind(b"\n") + 1
        if end or len(block) < most_bytes:
            return block[:end]
        most_bytes *= 4


def lock(file: int) -> bool:
    """Hold the file for this process's life; False where the file system knows no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        log.debug("no lock can be had here: %s", error)
        return False
    return True
