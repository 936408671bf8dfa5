"""One process of `make run` that is started again when it dies."""

import logging
import random
import signal
import subprocess
import time
from pathlib import Path

from heimdall_dash.processes import kill_session

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent


class Part:
    """One child process in a session of its own; started again, ever more slowly, when it dies."""

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        *,
        stdin: int = subprocess.DEVNULL,
        keeps: tuple[int, ...] = (),
    ) -> None:
        """stdin: a file descriptor of its standard input; keeps: further ones that it inherits."""
        self.name, self._command, self._environment = name, command, environment
        self._stdin, self._keeps = stdin, keeps
        self.deaths = 0
        self._started_at = 0.0
        self._retry_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(
            self._command, env=self._environment, cwd=ROOT, start_new_session=True,
            stdin=self._stdin, pass_fds=self._keeps,
        )  # fmt: skip

    def revive(self) -> None:
        """Start it again if it is dead and its pause is over."""
        now = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            lived_s = now - self._started_at
            self.deaths = 1 if lived_s > 30 else self.deaths + 1
            pause_s = min(10.0, 0.25 * 2 ** min(self.deaths, 6)) * random.uniform(0.8, 1.2)
            self._retry_at = now + pause_s
            log.error(
                "The %s ended with code %s after %.0f s; starting it again in %.1f s",
                self.name, self._process.returncode, lived_s, pause_s,
            )  # fmt: skip
            kill_session(self._process.pid)
            self._process = None
        if self._process is None and now >= self._retry_at:
            self.start()

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def wait(self, deadline: float) -> None:
        """Until it ended, or kill it and everything in its session at the deadline."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("The %s did not stop in time and is killed", self.name)
            self._process.kill()
            self._process.wait()
        kill_session(self._process.pid)
