"""Processes as the system tells of them: whether one still runs, and how to end its session."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def identity(pid: int) -> str | None:
    """What tells this process from a later one with the same number; None: it has ended.

    A zombie has ended: it only waits for somebody to take note.
    """
    if sys.platform == "linux":
        try:
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return None if after_name[0] in "ZX" else f"{_boot()} {after_name[19]}"
        except (OSError, IndexError):
            return None
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split(maxsplit=1)
    return None if len(shown) < 2 or shown[0].startswith("Z") else shown[1].strip()


def send(pid: int, number: signal.Signals) -> None:
    """A signal to a process that may have ended meanwhile."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def wait_until_ended(pid: int, known: str, timeout_s: float) -> bool:
    """Whether the process that `identity` knew so ended in time."""
    deadline = time.monotonic() + timeout_s
    while identity(pid) == known:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def kill_session(session: int) -> None:
    """Kill what a process left behind in its session (Linux; elsewhere they watch their parent)."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            pid = int(entry.name)
            if os.getsid(pid) == session and pid != session:
                os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError):
            continue


def _boot() -> str:
    """A start time counts from the last boot."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
