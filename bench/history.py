"""A million epochs of 19 metrics: bytes a value at rest, seconds and memory to open it cold."""

from __future__ import annotations

import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.idle import pss_mb
from bench.report import keep, table
from heimdall_dash.records import Status, iso_time
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.log_write import row_write
from heimdall_dash.store.store import Store
from tests.servers import free_port

NAME = "history"
METRICS = tuple(f"metric_{number}" for number in range(19))
FIRST, IN_VIEW, POINTS = METRICS[:2], METRICS[2:18], 1_500  # what a page asks for, in this order
EPOCHS, QUICK_EPOCHS, FEW_EPOCHS = 1_000_000, 30_000, 500
JOBS, QUICK_JOBS = 10, 2
BATCH = 2_000
STARTED = 1_767_225_600.0  # 2026-01-01
COMPACT_WITHIN_S = 600.0


def run(results: Path, *, quick: bool = False) -> str:
    epochs, jobs = (QUICK_EPOCHS, QUICK_JOBS) if quick else (EPOCHS, JOBS)
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedStore(Path(folder))
        embedded.start()
        store = Store(embedded.url)
        try:
            figures = measured(store, embedded.url, Path(folder), epochs, jobs)
        finally:
            store.close()
            embedded.stop(30)
    if not quick:
        keep(results, NAME, figures)
    return table(["what", "figure"], [[name, figure] for name, figure in figures.items()])


def measured(
    store: Store, url: str, folder: Path, epochs: int, jobs: int
) -> dict[str, float | None]:
    few = noisy(store, FEW_EPOCHS)
    empty_bytes = used_bytes(store)
    began = time.monotonic()
    first = noisy(store, epochs)
    figures: dict[str, float | None] = {"epochs": epochs, "fill_s": time.monotonic() - began}
    values = epochs * len(METRICS)
    figures["bytes_a_value_filled"] = (used_bytes(store) - empty_bytes) / values
    with web(url, folder) as (address, pid):
        figures["compacted_after_s"] = until_compacted(store, first)
        figures["web_peak_mb_compacting"] = peak_mb(pid)
    figures["bytes_a_value_at_rest"] = (used_bytes(store) - empty_bytes) / values
    with web(url, folder) as (address, pid):
        figures["few_epochs_cold_s"], _ = asked(address, few, FIRST)
        figures["few_epochs_warm_s"], _ = asked(address, few, FIRST)
    with web(url, folder) as (address, pid):
        figures["web_mb_at_start"] = pss_mb(pid)
        figures["cold_s"], figures["answer_bytes"] = asked(address, first, FIRST)
        figures["warm_s"], _ = asked(address, first, FIRST)
        figures["in_view_s"], figures["in_view_bytes"] = asked(address, first, IN_VIEW)
        for copy in copies(store, first, jobs - 1):
            figures["last_of_ten_cold_s"], _ = asked(address, copy, FIRST)
            figures["last_of_ten_in_view_s"], _ = asked(address, copy, IN_VIEW)
        figures["web_mb_after_ten"] = pss_mb(pid)
        figures["web_peak_mb_ten"] = peak_mb(pid)
    for form in ("json", "csv"):
        with web(url, folder) as (address, pid):
            figures[f"{form}_s"], figures[f"{form}_bytes"] = exported(address, first, form)
            figures[f"web_peak_mb_{form}"] = peak_mb(pid)
    return figures


def noisy(store: Store, epochs: int) -> str:
    """A job with noisy falling curves, a row an epoch; its id."""
    noise = random.Random(epochs)

    def cells(epoch: int) -> dict[str, float]:
        level = 2.0 / math.sqrt(1 + epoch / 1e4)
        return {name: level * (1 + 0.1 * noise.random()) for name in METRICS}

    return filled(store, f"{epochs} epochs", epochs, cells)


def filled(
    store: Store,
    name: str,
    epochs: int,
    cells: Callable[[int], dict[str, float]],
    batch: int = BATCH,
) -> str:
    """A job that is over, with a row of cells for each epoch; its id."""
    job_id = str(
        store.create_job(
            name, status=Status.RUNNING, config={}, total_epochs=epochs, external=True
        )["id"]
    )
    for start in range(1, epochs + 1, batch):
        writes = []
        for epoch in range(start, min(start + batch, epochs + 1)):
            at = STARTED + 0.9 * epoch
            row = {"epoch": epoch, "timestamp": iso_time(at), **cells(epoch)}
            writes.append(row_write(epoch, row, {}, None, at))
        store.deliver(job_id, writes, token="bench", place=start - 1, attempt=0)
    store.change(job_id, fields={"status": Status.COMPLETED})
    return job_id


def copies(store: Store, job_id: str, count: int) -> Iterator[str]:
    """The same job under other ids, one at a time."""
    client = store._connected()
    fields = store.job(job_id)
    for _ in range(count):
        other = store.create_job(
            "copy", status=Status.COMPLETED, config={}, total_epochs=None, external=True
        )["id"]
        for key in client.scan_iter(match=f"heimdall:{{{job_id}}}:*", count=1000):
            client.copy(key, key.replace(job_id, other), replace=True)
        client.hset(f"heimdall:{{{other}}}:job", mapping={**fields, "id": other})
        yield str(other)
        store.delete(other, list(Status))


def used_bytes(store: Store) -> int:
    return int(store._connected().info("memory")["used_memory"])


def until_compacted(store: Store, job_id: str) -> float | None:
    """Seconds until the web process has compacted the job; None: this version does not."""
    began, key = time.monotonic(), f"heimdall:{{{job_id}}}:epochs"
    client = store._connected()
    before, left = client.xlen(key), -1
    while time.monotonic() - began < COMPACT_WITHIN_S:
        time.sleep(5.0)
        now = client.xlen(key)
        if now == before and time.monotonic() - began > 9:
            return None
        if now == left != before:
            return time.monotonic() - began
        left = now
    return COMPACT_WITHIN_S


@contextmanager
def web(url: str, folder: Path) -> Iterator[tuple[str, int]]:
    """A web process of its own; its address and process id."""
    port = free_port()
    environment = {
        **os.environ, "PORT": str(port), "HEIMDALL_DATA": str(folder / "web"), "REDIS_URL": url,
        "XDG_STATE_HOME": str(folder),
    }  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, "-m", "heimdall_dash.web"], env=environment)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{address}/docs", timeout=2).read()
                break
            except OSError:
                time.sleep(0.1)
        yield address, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def asked(address: str, job_id: str, metrics: Sequence[str]) -> tuple[float, int]:
    """Seconds and bytes, uncompressed, of an answer with what a page shows of these metrics."""
    query = urllib.parse.urlencode({"points": POINTS, "metrics": metrics}, doseq=True)
    began = time.monotonic()
    path = f"{address}/api/v1/training/jobs/{job_id}/series?{query}"
    with urllib.request.urlopen(path, timeout=300) as answer:
        size = len(answer.read())
    return time.monotonic() - began, size


def exported(address: str, job_id: str, form: str) -> tuple[float, int]:
    """Seconds and bytes of a download of all epochs."""
    began, size = time.monotonic(), 0
    path = f"{address}/api/v1/training/jobs/{job_id}/metrics?format={form}"
    with urllib.request.urlopen(path, timeout=300) as answer:
        while part := answer.read(2**20):
            size += len(part)
    return time.monotonic() - began, size


def peak_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {pid} tells no peak")
