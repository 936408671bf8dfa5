"""What a launcher has started, written down in its data folder: whoever comes after a killed one
can end it, and nothing else.

A process counts as the launcher's own only with the number and the start that were written down,
and only in the folder where that was: a copy of the folder is another's.
"""

import json
import logging
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from heimdall_dash.processes import identity, kill_session, send, wait_until_ended

log = logging.getLogger(__name__)

STORE = "store"
LAUNCHER = "launcher"
PARTS_TIMEOUT_S = 5.0  # then what has not stopped is killed
STORE_TIMEOUT_S = 3.0


class Remains:
    """The file `<data>/processes.json`: by name, each process's number and what identifies it; and
    what identifies the folder."""

    def __init__(self, data: Path) -> None:
        self._data, self._file = data, data / "processes.json"

    def exist(self) -> bool:
        return self._file.exists()

    def note(self, pids: Mapping[str, int]) -> None:
        """These processes, and this one as the launcher, are what there is now."""
        found = {
            name: (pid, identity(pid)) for name, pid in [*pids.items(), (LAUNCHER, os.getpid())]
        }
        temporary = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        temporary.write_text(json.dumps({"folder": self._folder(), "processes": found}, indent=1))
        os.replace(temporary, self._file)

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)

    def launcher_lives(self) -> bool:
        return LAUNCHER in self._living()

    def end(self) -> bool:
        """End what still runs, as the launcher would have: the store last, so that the worker can
        give its job back. Whether there was anything."""
        found = self._living()
        found.pop(LAUNCHER, None)
        store = found.pop(STORE, None)
        if found or store:
            log.warning("A launcher was killed: ending what it left behind")
        for pid, _ in found.values():
            send(pid, signal.SIGTERM)
        deadline = time.monotonic() + PARTS_TIMEOUT_S
        for pid, known in found.values():
            _end(pid, known, max(0.0, deadline - time.monotonic()))
        if store is not None:
            send(store[0], signal.SIGTERM)
            _end(*store, STORE_TIMEOUT_S)
        self.forget()
        return bool(found or store)

    def _living(self) -> dict[str, tuple[int, str]]:
        """By name: number and identity of those that still run."""
        try:
            noted = json.loads(self._file.read_text())
            if noted["folder"] != self._folder():
                log.info("%s is a copy: what it names belongs to another folder", self._data)
                return {}
            return {
                name: (pid, known)
                for name, (pid, known) in noted["processes"].items()
                if type(pid) is int and pid > 1 and known and identity(pid) == known
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            log.warning("%s cannot be read: %r", self._file, error)
            return {}

    def _folder(self) -> str:
        """The same where it was only moved."""
        found = self._data.stat()
        return f"{found.st_dev}:{found.st_ino}"


def _end(pid: int, known: str, timeout_s: float) -> None:
    """Wait for a process that was asked to stop, then kill it; and all that is in its session."""
    if not wait_until_ended(pid, known, timeout_s):
        send(pid, signal.SIGKILL)
        wait_until_ended(pid, known, 1.0)
    kill_session(pid)
