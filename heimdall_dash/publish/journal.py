"""The local log of a run, a folder: every write is a line, appended before anything is sent.

Each process that goes on with a run writes a file of its own, named by a token, and holds a lock on
it: no lock, no living owner. Lines are identified by that token and their place in the file.
"""

import contextlib
import errno
import fcntl
import json
import logging
import mmap
import os
import re
import secrets
import shutil
import time
from pathlib import Path
from typing import Any

from heimdall_dash.errors import StaleAttempt
from heimdall_dash.publish.line import epoch_of
from heimdall_dash.publish.log_file import LogFile, OwnFile
from heimdall_dash.records import NO_EPOCH

log = logging.getLogger(__name__)

RETENTION_S = 30 * 24 * 3600
TOKEN_BYTES = 16
LAST_BYTES = 1 << 20  # of a file, in which its last row is looked for

# A job's id names a folder: a UUID, and nothing that leads elsewhere.
JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_LOG_NAME = re.compile(r"log-([0-9]{1,9})-[0-9a-z]+\.jsonl\Z")
COPY = "copy."  # how the token begins of a file that was copied from a store
OLDER_FORMAT = "epochs"  # token of `epochs.jsonl`, which versions before this wrote


class Journal:
    """The folder `<data>/jobs/<job id>`: `job.json`, the log's files, `owner`, `done.json`.

    `owner` holds the token of the process that writes. It is read through a memory map, since
    asking the file system before each line would cost more than the rest of `append`.
    """

    def __init__(self, data: Path, job_id: str) -> None:
        """Opens or makes the folder; raises OSError when it cannot be written."""
        self.folder = data.absolute() / "jobs" / job_id
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.own: OwnFile | None = None
        self._owner: mmap.mmap | None = None
        self._token = b""

    def files(self) -> list[LogFile]:
        """Every file, oldest first, this process's own last."""
        found = files_of(self.folder)
        if self.own is None:
            return found
        return [file for file in found if file.token != self.own.token] + [self.own]

    def take(self) -> OwnFile:
        """Begin a file of one's own: from here on, whoever wrote before is refused."""
        numbers = [_number(path) for path in self.folder.glob("log-*.jsonl")]
        token = secrets.token_hex(6)
        name = f"log-{max(numbers, default=-1) + 1:04d}-{token}.jsonl"
        self.own = OwnFile(self.folder / name, token)
        self._token = token.encode().ljust(TOKEN_BYTES)
        try:
            self._own_folder()
        except OSError:
            self.own.close()  # a start that fails keeps neither the file nor its lock
            raise
        self._remove("done.json", "ended.json", "left.json")
        return self.own

    def _own_folder(self) -> None:
        file = os.open(self.folder / "owner", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.pwrite(file, self._token, 0)  # written, not mapped: a full disk raises here
            self._owner = mmap.mmap(file, TOKEN_BYTES, prot=mmap.PROT_READ)
        except OSError as error:
            if error.errno not in (errno.ENODEV, errno.EINVAL):
                raise
            log.debug("no shared memory maps here, so nobody else is noticed: %s", error)
        finally:
            os.close(file)

    def append(self, line: bytes) -> OSError | None:
        """As `OwnFile.append`. Raises StaleAttempt when a newer process has taken the log over."""
        self.check_owner()
        assert self.own is not None, "take() comes before append()"
        return self.own.append(line)

    def check_owner(self) -> None:
        """Raises StaleAttempt when another process has taken the log over, by its own token."""
        if self._owner is not None and self._owner[:] != self._token:
            raise StaleAttempt(f"another process goes on with the job in {self.folder}")

    def copy_file(self, lines: list[bytes]) -> LogFile:
        """A file of what other machines wrote, in place of an earlier copy; raises OSError."""
        for old in self.folder.glob("copy-*.jsonl"):
            old.unlink(missing_ok=True)
        name = secrets.token_hex(6)
        path = self.folder / f"copy-{name}.jsonl"
        path.write_bytes(b"".join(lines))
        return LogFile(path, COPY + name)

    def save(self, content: dict[str, Any]) -> None:
        """`job.json`: what the job is to be created with, should the store lose it, and where it
        is published. Raises OSError."""
        self._replace("job.json", content)

    def saved(self) -> dict[str, Any] | None:
        return saved(self.folder)

    def last_epoch(self) -> int:
        """The epoch of the last row, of any process; -1 before the first."""
        for file in reversed(self.files()):
            with contextlib.suppress(OSError):
                size = file.path.stat().st_size
                start = max(0, size - LAST_BYTES)
                with file.path.open("rb") as opened:
                    opened.seek(start)
                    lines = opened.read().split(b"\n")[:-1]
                for line in reversed(lines):
                    if (epoch := epoch_of(line)) is not None:
                        return epoch
        return NO_EPOCH

    def mark_done(self) -> None:
        """Everything was delivered: nobody needs to bring this run."""
        self._replace("done.json", {"at": time.time()})

    def close(self) -> None:
        if self.own is not None:
            self.own.close()
        if self._owner is not None:
            self._owner.close()
            self._owner = None

    def _replace(self, name: str, content: dict[str, Any]) -> None:
        temporary = self.folder / f".{name}.{os.getpid()}"
        temporary.write_text(json.dumps(content))
        os.replace(temporary, self.folder / name)

    def _remove(self, *names: str) -> None:
        for name in names:
            (self.folder / name).unlink(missing_ok=True)


def files_of(folder: Path) -> list[LogFile]:
    """The files of a run's log, oldest first; what was copied from a store comes before them."""
    older = folder / "epochs.jsonl"
    found = [LogFile(older, OLDER_FORMAT)] if older.exists() else []
    found += [LogFile(path, COPY + path.stem[5:]) for path in sorted(folder.glob("copy-*.jsonl"))]
    logs = sorted((_number(path), path) for path in folder.glob("log-*.jsonl"))
    return found + [LogFile(path, path.stem.rpartition("-")[2]) for n, path in logs if n >= 0]


def _number(path: Path) -> int:
    """Of `log-0012-<token>.jsonl` 12; -1 for a file that somebody else put there."""
    match = _LOG_NAME.match(path.name)
    return int(match[1]) if match else -1


def saved(folder: Path) -> dict[str, Any] | None:
    """The run's `job.json`, None where there is none that can be read."""
    try:
        content = json.loads((folder / "job.json").read_text())
    except (OSError, ValueError, RecursionError):
        return None
    fits = isinstance(content, dict) and isinstance(content.get("fields"), dict)
    return content if fits and content["fields"].get("id") == folder.name else None


def is_owned(folder: Path) -> bool:
    """Whether the process that wrote the newest file lives."""
    newest = [file for file in files_of(folder) if file.path.name.startswith("log-")]
    if not newest:
        return False
    try:
        file = os.open(newest[-1].path, os.O_RDWR)
    except OSError:
        return True  # it cannot be asked: leave it alone
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # no locks here: the signs of life in the store decide
    finally:
        os.close(file)
    return False


def prune(data: Path) -> None:
    """Remove the folders of runs that were delivered and ended more than 30 days ago."""
    for name in ("done.json", "ended.json"):
        for marker in (data / "jobs").glob(f"*/{name}"):
            if name == "ended.json" and (marker.parent / "left.json").exists():
                continue
            with contextlib.suppress(OSError):
                if time.time() - marker.stat().st_mtime > RETENTION_S:
                    log.info("Removing the log of a run that ended 30 days ago: %s", marker.parent)
                    shutil.rmtree(marker.parent, ignore_errors=True)
