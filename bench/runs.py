"""A thousand stored runs, fifty running: until list and table are ready, and what they cost."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench import history
from bench.idle import pss_mb
from bench.latency import _browser
from bench.report import keep, table
from heimdall_dash.records import Status, utc_now
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.viewers import Viewer

NAME = "runs"
CASES = ((10, 5), (1_000, 50))  # stored, of which so many run at an epoch a second
QUICK_CASES = ((10, 5), (60, 10))
TIMES, QUICK_TIMES = 5, 1
SECONDS, QUICK_SECONDS = 30, 4
EPOCHS = 20  # of a stored run
METRICS = ("train_loss", "val_loss", "val_rmse_m", "learning_rate", "gradient_norm")
PARAMETERS = 30
WITHIN_S = 60.0
# when the cards are there, and when the table has rows; both in milliseconds since the address
READY = """
const now = performance.now();
const is = (text) => document.querySelector(text) !== null;
const cell = '.runs-grid .ag-center-cols-container [role=row] [role=gridcell]';
window.__ready ??= {};
if (is('.job-cards > li')) window.__ready.list ??= now;
if (is(cell)) window.__ready.table ??= now;
return window.__ready;
"""


def run(results: Path, *, quick: bool = False) -> str:
    cases = QUICK_CASES if quick else CASES
    times, seconds = (QUICK_TIMES, QUICK_SECONDS) if quick else (TIMES, SECONDS)
    with ExitStack() as stack:
        sites = [stack.enter_context(site(*case)) for case in cases]
        for _ in range(times):  # in turns: what else the machine does hits all of them
            for one in sites:
                one.ready.append(opened(one.address))
        rows = [one.measured(seconds) for one in sites]
    if not quick:
        keep(results, NAME, rows)
    head = [
        "stored", "running", "list, ms", "table, ms", "first frame, kB of text",
        "web, % of a core", "without a viewer, %", "web, MB",
    ]  # fmt: skip
    return table(head, [list(row.values()) for row in rows])


@dataclass
class Site:
    stored: int
    ids: list[str]  # of the jobs that run
    store: Store
    address: str
    pid: int
    ready: list[dict[str, float]] = field(default_factory=list)

    def measured(self, seconds: float) -> dict[str, float]:
        text = first_frame(self.address)
        with trained(self.store, self.ids):
            alone = cpu_percent(self.pid, seconds)
            with _browser() as driver:
                driver.get(f"{self.address}/?tab=jobs")
                until_ready(driver)
                looked_at = cpu_percent(self.pid, seconds)
        middle = {
            what: sorted(one[what] for one in self.ready)[len(self.ready) // 2]
            for what in ("list", "table")
        }
        return {
            "stored": self.stored, "running": len(self.ids),
            "list_ms": middle["list"], "table_ms": middle["table"],
            "first_frame_kb": text / 1e3, "web_core_percent": looked_at,
            "web_core_percent_without_viewer": alone, "web_mb": pss_mb(self.pid),
        }  # fmt: skip


@contextmanager
def site(stored: int, running: int) -> Iterator[Site]:
    """A web process over a store with so many jobs."""
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedStore(Path(folder))
        embedded.start()
        store = Store(embedded.url)
        try:
            ids = filled(store, stored, running)
            with history.web(embedded.url, Path(folder)) as (address, pid):
                yield Site(stored, ids, store, address, pid)
        finally:
            store.close()
            embedded.stop(30)


def filled(store: Store, stored: int, running: int) -> list[str]:
    """Jobs with a few epochs and parameters each, the newest of them running; the ids of those."""
    ids = []
    for number in range(stored):
        is_running = number >= stored - running
        config = {
            "epochs": 500, "seed": number,
            **{f"model.parameter_{k}": (number * k) % 17 / 8 for k in range(PARAMETERS)},
        }  # fmt: skip
        job_id = store.create_job(
            f"run {number}", status=Status.RUNNING, config=config, total_epochs=500, external=True
        )["id"]
        store.append(job_id, [row(epoch) for epoch in range(1, EPOCHS + 1)])
        if is_running:
            ids.append(job_id)
        else:
            store.change(job_id, fields={"status": Status.COMPLETED, "completed_at": utc_now()})
    return ids


def row(epoch: int) -> dict[str, Any]:
    cells = {name: (k + 1) / (epoch + 1) for k, name in enumerate(METRICS)}
    return {"epoch": epoch, "timestamp": utc_now(), **cells}


@contextmanager
def trained(store: Store, ids: list[str]) -> Iterator[None]:
    """An epoch a second for each of these."""
    stop = threading.Event()

    def train() -> None:
        epoch, began = EPOCHS, time.monotonic()
        while True:
            epoch += 1
            for number, job_id in enumerate(ids):
                store.append(job_id, [row(epoch)])
                due = began + epoch - EPOCHS - 1 + (number + 1) / len(ids)
                if stop.wait(max(0.0, due - time.monotonic())):
                    return

    thread = threading.Thread(target=train)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def opened(address: str) -> dict[str, float]:
    """Milliseconds until list and table stand in a new browser."""
    with _browser() as driver:
        driver.set_window_size(1440, 900)
        driver.get(f"{address}/?tab=jobs")
        return until_ready(driver)


def until_ready(driver: Any) -> dict[str, float]:
    deadline = time.monotonic() + WITHIN_S
    while len(ready := driver.execute_script(READY)) < 2:
        if time.monotonic() > deadline:
            raise AssertionError(f"no list and table within {WITHIN_S:.0f} s: {ready}")
        time.sleep(0.01)
    found: dict[str, float] = ready
    return found


def first_frame(address: str) -> int:
    """Bytes of text of the list's sync."""
    url = address.replace("http", "ws") + "/ws/training"
    with Viewer(url, framed=True) as viewer:
        frame = viewer.next_of("sync")
        return len(json.dumps(frame, separators=(",", ":")))


def cpu_percent(pid: int, seconds: float) -> float:
    """Of a core, by the process, over so many seconds."""
    process = psutil.Process(pid)
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    time.sleep(seconds)
    return 100 * (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began)
