"""Child processes of tests: started, read and ended; their output is shown when they fail."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent


class Child:
    """`python <arguments>` in a session of its own, with its output in a file."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self._log = folder / f"child-{len(list(folder.glob('child-*')))}.log"
        clean = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**clean, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.family():
            process.kill()
        self.process.wait()

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def family(self) -> list[psutil.Process]:
        """This process, if it lives, and all that it started, directly or not."""
        try:
            parent = psutil.Process(self.process.pid)
            return [*parent.children(recursive=True), parent]
        except psutil.NoSuchProcess:
            return []

    def stop(self, timeout_s: float = 15.0) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)


def lives(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie has ended and only waits for init to take note."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


SETTINGS = {
    "PORT", "HOST", "REDIS_URL", "HEIMDALL_DATA", "HEIMDALL_TOKEN", "HEIMDALL_DEMO",
    "WEB_CONCURRENCY", "HEIMDALL_LOG_LEVEL", "HEIMDALL_URL", "HEIMDALL_PREFIX", "HEIMDALL_ORIGINS",
}  # fmt: skip
