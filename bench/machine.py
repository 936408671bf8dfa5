"""What `Job.start(system_metrics=True)` takes of a core: reading the machine, again and again."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.report import keep, table
from heimdall_dash.publish.machine import Machine

NAME = "machine"
READS, QUICK_READS = 500, 20
INTERVAL_S = 10.0  # the default


def run(results: Path, *, quick: bool = False) -> str:
    reads = QUICK_READS if quick else READS
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder))
        began = time.thread_time()
        for _ in range(reads):
            cells = machine.read()
        read_ms = 1e3 * (time.thread_time() - began) / reads
        machine.close()
    share = 100 * read_ms / 1e3 / INTERVAL_S
    figures = {"reads": reads, "metrics": len(cells), "read_ms": read_ms, "core_percent": share}
    if not quick:
        keep(results, NAME, figures)
    return table(["metrics", "ms per look", "% of a core, every 10 s"],
                 [[len(cells), round(read_ms, 3), round(share, 4)]])  # fmt: skip
