"""How quickly a backlog reaches the store, and how much memory that takes the training process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.report import keep, table

NAME = "backlog"
CASES = [(100_000, 4), (1_000_000, 19)]
QUICK_CASES = [(2_000, 4)]

TRAINER = """
import json, sys, time
from heimdall_dash import Job
from heimdall_dash.store.embedded import EmbeddedStore
data, rows, metrics = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
from pathlib import Path
store = EmbeddedStore(Path(data) / "store-data")
store.start(); url = store.url; store.stop()
row = {f"metric_{k}": 0.123456789 * k for k in range(metrics)}
job = Job.start("backlog", url=url, data_dir=data, with_origin=False)
start = time.perf_counter()
for epoch in range(rows):
    job.log(epoch, row)
logged = time.perf_counter() - start
store.start()
start = time.perf_counter()
job.finish("completed")
assert job.close()
drained = time.perf_counter() - start
store.stop()
print("FIGURES " + json.dumps({
    "rows": rows, "metrics": metrics, "logged_s": logged, "drained_s": drained,
    "rows_per_s": rows / drained,
    "largest_mb": next(
        int(line.split()[1]) / 1024 for line in open("/proc/self/status") if "VmHWM" in line
    ),
}))
"""


def run(results: Path, *, quick: bool = False) -> str:
    figures = [measured(rows, metrics) for rows, metrics in (QUICK_CASES if quick else CASES)]
    if not quick:
        keep(results, NAME, figures)
    return table(
        ["rows", "metrics", "logged while the store is away, s", "brought, s", "rows/s", "RSS, MB"],
        [
            [one["rows"], one["metrics"], round(one["logged_s"], 1), round(one["drained_s"], 1),
             round(one["rows_per_s"]), round(one["largest_mb"])]
            for one in figures
        ],
    )  # fmt: skip


def measured(rows: int, metrics: int) -> dict[str, Any]:
    """One trainer in a process of its own: everything logged while the store is away."""
    with tempfile.TemporaryDirectory() as data:
        done = subprocess.run(
            [sys.executable, "-c", TRAINER, data, str(rows), str(metrics)],
            capture_output=True, text=True, timeout=900, check=True,
        )  # fmt: skip
    line = next(line for line in done.stdout.splitlines() if line.startswith("FIGURES "))
    figures: dict[str, Any] = json.loads(line.removeprefix("FIGURES "))
    return figures
