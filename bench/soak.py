"""A page that is left open while a job trains: heap and nodes of the browser, minute by minute.

HEIMDALL_BENCH_SOAK_S (default 600) sets how long; an hour is 3600.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench.latency import _browser, _cursor, _metrics, _server, _wait
from bench.report import keep, table
from heimdall_dash import Job

NAME = "soak"
RATE_HZ = 5.0
SECONDS, QUICK_SECONDS = 600.0, 10.0
SAMPLES, QUICK_SAMPLES = 10, 2


def run(results: Path, *, quick: bool) -> str:
    """5 epochs/s; heap and nodes after a collection of garbage."""
    seconds = float(os.environ.get("HEIMDALL_BENCH_SOAK_S", SECONDS))
    seconds, samples = (QUICK_SECONDS, QUICK_SAMPLES) if quick else (seconds, SAMPLES)
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as (store, url):
        job = Job.start("soak", url=store.url, data_dir=Path(folder) / "trainer")
        try:
            rows = soaked(job, url, seconds, samples)
        finally:
            job.finish("completed")
            job.close()
    if not quick:
        keep(results, NAME, {"seconds": seconds, "rate_hz": RATE_HZ, "samples": rows})
    head = ["after s", "epochs", "heap, MB", "nodes", "listeners"]
    return table(head, [list(row.values()) for row in rows])


def soaked(job: Job, url: str, seconds: float, samples: int) -> list[dict[str, float]]:
    rows = []
    with _browser() as driver:
        driver.set_window_size(1440, 900)
        driver.get(f"{url}/?job={job.id}&tab=metrics")
        began, epoch, pause = time.monotonic(), 0, threading.Event()
        for sample in range(samples + 1):
            while epoch < 20 or time.monotonic() < began + seconds * sample / samples:
                job.log(epoch, **_metrics(epoch))
                epoch += 1
                pause.wait(1 / RATE_HZ)
            last = epoch - 1
            _wait(lambda last=last: _cursor(driver) == last)
            rows.append({"after_s": time.monotonic() - began, "epochs": epoch, **held(driver)})
    return rows


def held(driver: Any) -> dict[str, float]:
    """What the page holds once everything that can be collected is."""
    driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
    heap = driver.execute_cdp_cmd("Runtime.getHeapUsage", {})
    counters = driver.execute_cdp_cmd("Memory.getDOMCounters", {})
    return {
        "heap_mb": heap["usedSize"] / 2**20,
        "nodes": counters["nodes"],
        "listeners": counters["jsEventListeners"],
    }
