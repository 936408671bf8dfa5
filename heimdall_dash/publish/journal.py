"""A job's local log: one JSON row per line, appended before anything goes over the network.

Guarantees: a row that `append` returned for survives the death of the process; a torn last line
is recognised when the file is opened again, and cut off. Bounded: `prune` removes the logs of
jobs that ended more than 30 days ago.
"""

import json
import logging
import mmap
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from heimdall_dash.errors import StaleAttempt
from heimdall_dash.publish.line import decode
from heimdall_dash.records import NO_EPOCH, Row

log = logging.getLogger(__name__)

RETENTION_S = 30 * 24 * 3600
READ_BYTES = 4 * 2**20
TOKEN_BYTES = 16


# A job's id names a folder: a UUID, and nothing that leads elsewhere.
JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


class Journal:
    """The folder `<data>/jobs/<job id>`: `epochs.jsonl`, `job.json`, and `owner`.

    `owner` holds a token of the process that writes. It is read through a memory map, since
    asking the file system before each epoch would cost more than the rest of `append`.
    """

    def __init__(self, data: Path, job_id: str) -> None:
        """Opens or makes the folder; raises OSError when it cannot be written."""
        self.folder = data / "jobs" / job_id
        self.folder.mkdir(parents=True, exist_ok=True)
        self._path = self.folder / "epochs.jsonl"
        self.last_epoch = self._repair()
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._size = os.fstat(self._file).st_size
        self._token = os.urandom(TOKEN_BYTES)
        self._owner: mmap.mmap | None = None  # None: this process has not taken the log over yet

    def append(self, epoch: int, line: bytes) -> None:
        """Append an epoch's line (`line.encode`). Raises OSError (a full disk) with the file as it
        was, StaleAttempt when a newer attempt has taken the log over."""
        self.check_owner()
        try:
            written = os.write(self._file, line)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        if written < len(line):
            os.ftruncate(self._file, self._size)
            raise OSError(28, "no space left on device", str(self._path))
        self._size += len(line)
        self.last_epoch = epoch

    def read(self, offset: int) -> tuple[list[Row], int]:
        """Whole rows from byte `offset` on, at most about 4 MB, and the offset behind them."""
        with self._path.open("rb") as file:
            file.seek(offset)
            block = file.read(READ_BYTES)
        end = block.rfind(b"\n") + 1
        return list(_parsed(block[:end])), offset + end

    def save_birth(self, birth: dict[str, Any]) -> None:
        """What the job is to be created with, should the store lose it. It runs (again) now."""
        (self.folder / "ended.json").unlink(missing_ok=True)
        self._replace("job.json", birth)
        if self._owner is None:
            self._own()

    def birth(self) -> dict[str, Any] | None:
        try:
            return json.loads((self.folder / "job.json").read_text())
        except (OSError, ValueError):
            return None

    def mark_ended(self) -> None:
        self._replace("ended.json", {"ended_at": time.time()})

    def leave(self, end: dict[str, Any] | None) -> None:
        """Note that the store lacks a part of this run, and how it ended, if it did."""
        self._replace("left.json", end or {})

    def forget_left(self) -> None:
        (self.folder / "left.json").unlink(missing_ok=True)

    def sync(self) -> None:
        os.fsync(self._file)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    def _own(self) -> None:
        file = os.open(self.folder / "owner", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            os.pwrite(file, self._token, 0)  # written, not mapped: a full disk raises here
            self._owner = mmap.mmap(file, TOKEN_BYTES, prot=mmap.PROT_READ)
        finally:
            os.close(file)

    def check_owner(self) -> None:
        """Raises StaleAttempt when another process has taken the log over, by its own token."""
        if self._owner is not None and self._owner[:] != self._token:
            raise StaleAttempt(f"another process goes on with the job in {self.folder}")

    def _replace(self, name: str, content: dict[str, Any]) -> None:
        temporary = self.folder / f".{name}.{os.getpid()}"
        temporary.write_text(json.dumps(content))
        os.replace(temporary, self.folder / name)

    def _repair(self) -> int:
        """Cut a torn last line off; returns the last whole row's epoch."""
        if not self._path.exists():
            return NO_EPOCH
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        while whole and not _is_row(content[content.rfind(b"\n", 0, whole - 1) + 1 : whole]):
            whole = content.rfind(b"\n", 0, whole - 1) + 1
        if whole < len(content):
            log.warning("%s ended in a torn line: %d bytes cut", self._path, len(content) - whole)
            os.truncate(self._path, whole)
        rows = list(_parsed(content[content.rfind(b"\n", 0, max(whole - 1, 0)) + 1 : whole]))
        return rows[-1]["epoch"] if rows else NO_EPOCH


def _is_row(line: bytes) -> bool:
    try:
        decode(line)
    except ValueError:
        return False
    return True


def _parsed(block: bytes) -> Iterator[Row]:
    for line in block.splitlines():
        try:
            yield decode(line)
        except ValueError:
            log.error("a line of a metric log cannot be read and is left out: %.80r", line)


def left_behind(data: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Job id and end ({} of a run that did not say) of the runs that `leave` has noted."""
    for note in sorted((data / "jobs").glob("*/left.json")):
        try:
            end = json.loads(note.read_text())
        except (OSError, ValueError) as error:
            log.warning("%s cannot be read: %s", note, error)
            continue
        yield note.parent.name, end


def prune(data: Path) -> None:
    """Remove the folders of jobs that ended more than 30 days ago and were delivered."""
    for marker in (data / "jobs").glob("*/ended.json"):
        if (marker.parent / "left.json").exists():
            continue
        if time.time() - marker.stat().st_mtime > RETENTION_S:
            log.info("Removing the log of a job that ended 30 days ago: %s", marker.parent)
            shutil.rmtree(marker.parent, ignore_errors=True)
