"""Runs whose process is dead and whose log was not delivered to its end: they are brought.

Never from a process that lives: the lock on its log says so, and where there are no locks its signs
of life in the store do, by the store's clock. A run that died without a word ends as failed.
"""

import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from heimdall_dash import discovery
from heimdall_dash.errors import HeimdallError, UnknownJob
from heimdall_dash.log import Rarely
from heimdall_dash.publish.destination import find, road_to
from heimdall_dash.publish.drain import Drain
from heimdall_dash.publish.journal import JOB_ID, OLDER_FORMAT, files_of, is_owned, saved
from heimdall_dash.publish.line import encode_other, epoch_of
from heimdall_dash.publish.log_file import LogFile
from heimdall_dash.publish.transport import Claim, Transport
from heimdall_dash.records import Status, iso_time

log = logging.getLogger(__name__)

DIED = (
    "its process ended without a word: killed, out of memory, or the power went; "
    "what it had logged was brought afterwards"
)
LIVES = "its process lives"
TAIL_BYTES = 1 << 20
CLOCKS_APART_S = 60.0  # the files' and the store's
OLD_ENOUGH_S = 2.0  # a run that is just being made has no lock yet


@dataclass(frozen=True)
class Synced:
    """What became of one run. rows_there: rows in its local log; epochs_before, epochs_now: epochs
    on the dashboard; trouble: why it is not whole."""

    job_id: str
    name: str
    rows_there: int
    epochs_before: int | None
    epochs_now: int | None
    is_whole: bool
    trouble: str | None = None


class Bringer:
    """Looks through folders, now and then, for what dead processes left there."""

    def __init__(self, folders: list[Path], url_of: Callable[[], str]) -> None:
        """folders: data folders. url_of: the store of this dashboard, asked each time."""
        self._folders, self._url_of = folders, url_of
        self._rarely = Rarely(log)

    def look(self) -> list[str]:
        """Bring what is there now; returns the ids of the runs that are whole. Raises nothing."""
        whole = []
        for folder in self._folders:
            for run in _left_in(folder):
                try:
                    done = self._bring(run)
                except Exception as error:  # one odd folder must not hide the others
                    self._rarely.info(run.name, "Job %s is not brought: %r", run.name, error)
                    continue
                if done is not None and done.is_whole:
                    log.info(
                        "Job %s was left in %s: brought, %s epochs are stored",
                        done.job_id, run, done.epochs_now,
                    )  # fmt: skip
                    whole.append(done.job_id)
                elif done is not None:
                    self._rarely.info(run.name, "Job %s is not brought: %s", run.name, done.trouble)
        return whole

    def _bring(self, run: Path) -> Synced | None:
        kept = saved(run)
        if kept is None or is_owned(run):
            return None
        own = self._url_of()
        if kept.get("url") not in (None, own):
            return None  # it belongs to another dashboard
        return bring(run, lambda: road_to(own, None))


def look_again(folders: list[Path], since_s: float) -> None:
    """The store came back with less than it had: logs that were written to after that time are
    brought once more, also where they had been delivered.

    since_s: Unix seconds
    """
    for folder in folders:
        for done in sorted((folder / "jobs").glob("*/done.json")):
            written = [file.path.stat().st_mtime for file in files_of(done.parent)]
            if max(written, default=0.0) >= since_s - CLOCKS_APART_S:
                with contextlib.suppress(OSError):
                    done.unlink()


def sync_runs(paths: list[Path], url: str | None) -> Iterator[Synced]:
    """Bring every run below `paths`: runs' folders, data folders, or what is above them.

    url: where to; default as a run finds it. Raises StartupRefused for an address that is none.
    """
    for run in _runs_below(paths):
        kept = saved(run)
        name = str(kept["fields"].get("job_name")) if kept else run.name
        if kept is None:
            yield Synced(run.name, name, 0, None, None, False, "no job.json that can be read")
        elif is_owned(run):
            yield Synced(run.name, name, _rows(run), None, None, False, LIVES)
        else:
            destination = find(url or kept.get("url"), run.parent.parent)
            try:
                yield bring(run, destination.open)
            except (HeimdallError, OSError) as error:
                yield Synced(run.name, name, _rows(run), None, None, False, str(error))


def bring(run: Path, open_transport: Callable[[], Transport]) -> Synced:
    """Deliver a dead run's log, and its end. Raises HeimdallError, OSError."""
    kept = saved(run)
    assert kept is not None, "asked before"
    fields = kept["fields"]
    name, rows = str(fields.get("job_name")), _rows(run)
    with _locked(run) as is_mine:
        if not is_mine:
            return Synced(run.name, name, rows, None, None, False, LIVES)
        if fields.get("external") == "1":
            _say_end(run)
        files = files_of(run)
        transport = open_transport()
        try:
            claim = Claim(run.name, files[-1].token if files else OLDER_FORMAT, 0, True, fields)
            drain = Drain(transport, claim, brings=True)
            before = drain.begin().epochs
            drain.empty(files)
            now = transport.look(drain.claim, beats=False).epochs
        except UnknownJob:
            _mark_done(run)
            return Synced(run.name, name, rows, 0, 0, True, "it was deleted on the dashboard")
        finally:
            transport.close()
        _mark_done(run)
        return Synced(run.name, name, rows, before, now, True)


def _left_in(folder: Path) -> Iterator[Path]:
    """Folders of runs that nobody has marked as delivered."""
    try:
        runs = sorted((folder / "jobs").iterdir())
    except OSError:
        return
    for run in runs:
        if not JOB_ID.match(run.name) or (run / "done.json").exists():
            continue
        if (run / "ended.json").exists() and not (run / "left.json").exists():
            continue  # of the older format, and delivered
        with contextlib.suppress(OSError):
            if time.time() - (run / "job.json").stat().st_mtime > OLD_ENOUGH_S:
                yield run


def _runs_below(paths: list[Path]) -> Iterator[Path]:
    for path in paths or _usual_places():
        path = path.absolute()
        if (path / "job.json").exists():
            yield path
            continue
        for parent in (path, path / "jobs", path / "data" / "jobs"):
            for run in sorted(parent.glob("*/job.json")):
                if JOB_ID.match(run.parent.name):
                    yield run.parent


def _usual_places() -> list[Path]:
    told = os.environ.get("HEIMDALL_DATA")
    return [Path(told or "data"), discovery.runs_folder()]


@contextlib.contextmanager
def _locked(run: Path) -> Iterator[bool]:
    """Hold the newest file's lock, as its owner did; False when somebody else has it."""
    files = [file for file in files_of(run) if file.path.name.startswith("log-")]
    if not files:
        yield True  # of a version without locks
        return
    file = os.open(files[-1].path, os.O_RDWR)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:
            log.debug("no locks here: the signs of life in the store decide")
        yield True
    finally:
        os.close(file)


def _say_end(run: Path) -> None:
    """Write the end behind a log that has none; a torn last line is closed first."""
    files = files_of(run)
    if not files or files[-1].token == OLDER_FORMAT:
        _end_of_older_format(run)
        return
    path = files[-1].path
    tail = _tail(path)
    lines = tail.split(b"\n")
    if any(line.startswith(b'["end"') for line in lines):
        return
    end = {
        "status": Status.FAILED, "error_message": DIED,
        "completed_at": iso_time(path.stat().st_mtime),
    }  # fmt: skip
    _append(path, (b"\n" if tail and not tail.endswith(b"\n") else b"") + encode_other("end", end))


def _end_of_older_format(run: Path) -> None:
    """Versions before this noted the end in `left.json`; a log of its own says it now."""
    end: Any = None
    with contextlib.suppress(OSError, ValueError):
        end = orjson.loads((run / "left.json").read_bytes())
    if isinstance(end, dict) and end.get("status"):
        _append(run / "log-0000-left00000000.jsonl", encode_other("end", end))


def _append(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        file.write(line)


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        return file.read()


def _rows(run: Path) -> int:
    """Rows in the run's own files."""
    return sum(_rows_of(file) for file in files_of(run))


def _rows_of(file: LogFile) -> int:
    try:
        with file.path.open("rb") as opened:
            return sum(epoch_of(line) is not None for line in opened)
    except OSError:
        return 0


def _mark_done(run: Path) -> None:
    with contextlib.suppress(OSError):
        (run / "done.json").write_bytes(orjson.dumps({"at": time.time()}))
