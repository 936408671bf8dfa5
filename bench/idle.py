"""What `make run` takes until a job comes: memory of each process, seconds until it is ready."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.report import keep, table
from tests.servers import free_port

NAME = "idle"
STARTS, QUICK_STARTS = 5, 1
SETTLES_S = 3.0
EPOCH_WITHIN_S = 60.0


def run(results: Path, *, quick: bool = False) -> str:
    starts = sorted(started() for _ in range(QUICK_STARTS if quick else STARTS))
    ready_s, pss_mb = starts[len(starts) // 2]
    first_epoch_s = sorted(until_first_epoch() for _ in starts)[len(starts) // 2]
    figures = {"ready_s": ready_s, "first_epoch_s": first_epoch_s, "pss_mb": pss_mb}
    if not quick:
        keep(results, NAME, figures)
    rows = [[name, round(mb, 1)] for name, mb in [*pss_mb.items(), ("all", sum(pss_mb.values()))]]
    return (
        table(["process", "PSS, MB"], rows)
        + f"\n\nready after {ready_s:.2f} s, first epoch of the demonstration after "
        + f"{first_epoch_s:.2f} s"
    )


def started() -> tuple[float, dict[str, float]]:
    """Seconds until ready, and the processes' memory after that, without any job."""
    with launched(HEIMDALL_DEMO="0") as (launcher, ready_s, _):
        time.sleep(SETTLES_S)
        return ready_s, {name_of(pid): pss_mb(pid) for pid in family(launcher.pid)}


def until_first_epoch() -> float:
    """Seconds from the launcher's start to the demonstration's first epoch in the store."""
    began = time.monotonic()
    with launched(HEIMDALL_DEMO="1") as (_, _, url):
        while time.monotonic() - began < EPOCH_WITHIN_S:
            with urllib.request.urlopen(f"{url}/api/v1/training/jobs") as answer:
                jobs = json.load(answer)["jobs"]
            if jobs and jobs[0]["last_metric_at"]:
                return time.monotonic() - began
            time.sleep(0.05)
    raise TimeoutError(f"no epoch within {EPOCH_WITHIN_S:.0f} s")


@contextmanager
def launched(**more: str) -> Iterator[tuple[subprocess.Popen[str], float, str]]:
    """The launcher in a folder of its own, when it said that it is ready; after how many seconds;
    its address."""
    with tempfile.TemporaryDirectory() as folder:
        environment: dict[str, Any] = {
            **os.environ, "PORT": str(free_port()), "HEIMDALL_DATA": folder,
            "XDG_STATE_HOME": folder, **more,
        }  # fmt: skip
        began = time.monotonic()
        launcher = subprocess.Popen(
            [sys.executable, "-m", "heimdall_dash"], env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert launcher.stdout is not None
            line = launcher.stdout.readline()
            yield launcher, time.monotonic() - began, line.rpartition(" ")[2].strip()
        finally:
            launcher.send_signal(signal.SIGTERM)
            launcher.wait(timeout=30)


def family(pid: int) -> list[int]:
    """The process and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def pss_mb(pid: int) -> float:
    """Its memory, with its share of what it has in common with others."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {pid} tells no PSS")


def name_of(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    known = {
        "app.py": "web server", "worker": "worker", "heimdall_dash.undertaker": "undertaker",
        "heimdall_dash": "launcher",
    }  # fmt: skip
    return next((name for word, name in known.items() if word in words), Path(words[0]).name)
