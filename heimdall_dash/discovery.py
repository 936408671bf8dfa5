"""Which dashboards live on this machine: a small file for each, in the user's state folder.

A dashboard announces itself and keeps a lock for as long as it lives, so that a file which a killed
one left behind is recognised, whatever process has its number now. Nothing here asks whether a
dashboard answers; whoever takes one does.
"""

import contextlib
import fcntl
import logging
import os
import socket
import time
import uuid
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
from platformdirs import user_state_path

from heimdall_dash.records import utc_now

log = logging.getLogger(__name__)

NAME = "heimdall-dash"
MAX_BYTES = 64 * 1024  # of one announcement
FOREIGN_S = 30 * 24 * 3600.0  # then what another machine or an earlier boot left is removed
UNBORN_S = 60.0  # a lock without its announcement is one that is just being made, or a leftover


@dataclass(frozen=True)
class Dashboard:
    """A dashboard of this user on this machine.

    url: of its web server, such as http://127.0.0.1:8001. store_url: of its store, with password.
    data: its HEIMDALL_DATA, absolute. started_at: ISO 8601 in UTC.
    """

    url: str
    store_url: str
    data: Path
    pid: int
    started_at: str


def state_folder() -> Path:
    """Where this user's programs keep what is no document: $XDG_STATE_HOME/heimdall-dash, else
    as the system has it (~/.local/state/heimdall-dash). It need not exist."""
    chosen = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(chosen):
        return Path(chosen) / NAME
    return user_state_path(NAME, appauthor=False).absolute()  # a user may have no home


def runs_folder() -> Path:
    """Where a run's log goes when there is neither a dashboard nor HEIMDALL_DATA."""
    return state_folder() / "runs"


class announce:
    """Say that a dashboard lives here, from `start` (or `with`) until `stop`.

    Never raises: a dashboard without a writable state folder runs, it is only not found by itself.
    """

    def __init__(self, url: str, store_url: str, data: Path) -> None:
        self._dashboard = Dashboard(url, store_url, data.absolute(), os.getpid(), utc_now())
        name = str(uuid.uuid4())
        self._file = _folder() / f"{name}.json"
        self._lock_file = self._file.with_suffix(".lock")
        self._lock = -1

    def start(self) -> Self:
        try:
            _make(self._file.parent)
            self._lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
            # A forked child shares the lock and would keep it when this process is dead.
            os.register_at_fork(after_in_child=self._let_go)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._write()
        except OSError as error:
            log.warning(
                "Trainers on this machine will not find this dashboard by themselves (%s); set "
                "HEIMDALL_URL=%s for them", error, self._dashboard.url,
            )  # fmt: skip
            self.stop()
        return self

    def update(self, *, url: str | None = None, store_url: str | None = None) -> None:
        """The dashboard or its store has moved."""
        old = self._dashboard
        self._dashboard = Dashboard(
            url or old.url, store_url or old.store_url, old.data, old.pid, old.started_at
        )
        if self._lock >= 0:
            try:
                self._write()
            except OSError as error:
                log.warning("%s cannot be written: %s", self._file, error)

    def stop(self) -> None:
        if self._lock >= 0:
            for path in (self._file, self._lock_file):
                with contextlib.suppress(OSError):
                    path.unlink()
            self._let_go()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _let_go(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _write(self) -> None:
        content = asdict(self._dashboard) | {"data": str(self._dashboard.data), "machine": _here()}
        temporary = self._file.with_suffix(".new")
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(orjson.dumps(content))
        os.replace(temporary, self._file)


def living() -> list[Dashboard]:
    """This user's dashboards on this machine, newest first; files of dead ones are removed.

    Never raises: what cannot be read there is passed over.
    """
    found = []
    for path in _entries():
        try:
            if (dashboard := _living(path)) is not None:
                # the lock file's time tells two apart that began in the same millisecond
                found.append((dashboard.started_at, path.stat().st_mtime_ns, dashboard))
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.debug("%s is passed over: %s", path, error)
    return [dashboard for *_, dashboard in sorted(found, key=lambda one: one[:2], reverse=True)]


def _entries() -> list[Path]:
    try:
        return sorted(_folder().glob("*.lock"))
    except OSError:
        return []


def _living(lock_file: Path) -> Dashboard | None:
    file = lock_file.with_suffix(".json")
    is_dead = not _is_held(lock_file)
    try:
        content = _content(file)
        is_here = content.get("machine") == _here()
    except (OSError, ValueError):
        if is_dead and _age_s(lock_file) > UNBORN_S:
            _remove(file, lock_file)
        return None
    if is_dead:
        if is_here or _age_s(file) > FOREIGN_S:
            _remove(file, lock_file)
        return None
    return _dashboard(content) if is_here else None


def _is_held(lock_file: Path) -> bool:
    """Whether a living process has the lock. A shared lock asks, so that two who ask at once do
    not take each other for the owner."""
    file = os.open(lock_file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if os.fstat(file).st_uid != os.getuid():
            raise ValueError("another user's")
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(file)


def _content(path: Path) -> dict[str, Any]:
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(file, "rb") as opened:
        if os.fstat(file).st_uid != os.getuid():
            raise ValueError("another user's")
        content = orjson.loads(opened.read(MAX_BYTES))
    if not isinstance(content, dict):
        raise ValueError("not an announcement")
    return content


def _dashboard(content: dict[str, Any]) -> Dashboard:
    texts = [content[name] for name in ("url", "store_url", "data", "started_at")]
    if not all(isinstance(text, str) for text in texts) or not texts[0].startswith("http"):
        raise ValueError("not an announcement")
    url, store_url, data, started_at = texts
    return Dashboard(url, store_url, Path(data), int(content["pid"]), started_at)


def _remove(*paths: Path) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def _age_s(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def _folder() -> Path:
    return state_folder() / "dashboards"


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)  # an announcement holds the store's password


@cache
def _here() -> str:
    """Names the place where 127.0.0.1 leads to the same: this boot of this machine, and in it this
    network namespace. A home folder may be shared by many machines and containers."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/net')}"
    except OSError:
        return socket.gethostname()
