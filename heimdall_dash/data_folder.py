"""The data folder belongs to one launcher at a time: two stores on one file ruin it."""

import fcntl
import logging
import time
from pathlib import Path
from types import TracebackType
from typing import IO

from heimdall_dash.errors import StartupRefused
from heimdall_dash.remains import Remains

log = logging.getLogger(__name__)

ENDING_WITHIN_S = 15.0


class InUse(StartupRefused):
    """Another launcher lives in this folder."""


class DataFolder:
    """Guarantees: inside the `with` no other launcher works here, and nothing of an earlier one."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._file: IO[str] | None = None
        self.remains = Remains(data)

    @property
    def lock(self) -> int:
        """The descriptor that holds the lock, for a process that is to keep it, too."""
        assert self._file is not None
        return self._file.fileno()

    def __enter__(self) -> None:
        """Raises InUse; StartupRefused when the folder cannot be written."""
        try:
            self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = (self._data / "lock").open("a")
            self._take(self._file)
            self.remains.end()
        except OSError as error:
            raise StartupRefused(f"cannot write to {self._data}: {error.strerror}") from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def _take(self, file: IO[str]) -> None:
        deadline = time.monotonic() + ENDING_WITHIN_S
        is_said = False
        while True:
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if self.remains.launcher_lives() or time.monotonic() > deadline:
                    raise InUse(
                        f"another Heimdall uses the data folder {self._data}; set HEIMDALL_DATA to "
                        "another"
                    ) from error
            if not is_said:  # its undertaker holds the lock
                log.warning("An earlier Heimdall was killed, and what it left is being ended")
                is_said = True
            time.sleep(0.1)
