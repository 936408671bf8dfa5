"""What one more epoch costs after a hundred and after a million: bytes, the server, the browser."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench import history, latency
from bench.report import keep, table
from heimdall_dash.records import Status, utc_now
from heimdall_dash.store.compact import compact
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.viewers import Viewer

NAME = "live"
METRICS = (*latency.METRICS, "weight_decay", "samples_per_second", "val_bias_m", "val_spread_m")
CASES, QUICK_CASES = (100, 1_000_000), (100, 20_000)
ROUNDS, QUICK_ROUNDS = 3, 1
UPDATES = 40  # of a round
RATE_HZ = 4.0  # slow enough for each epoch to be drawn by itself
WITHIN_S = 60.0


def run(results: Path, *, quick: bool = False) -> str:
    cases, rounds = (QUICK_CASES, QUICK_ROUNDS) if quick else (CASES, ROUNDS)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        embedded = EmbeddedStore(Path(folder))
        embedded.start()
        stack.callback(embedded.stop, 30)
        store = Store(embedded.url)
        stack.callback(store.close)
        jobs = [Running(store, epochs) for epochs in cases]
        address, pid = stack.enter_context(history.web(embedded.url, Path(folder)))
        for _ in range(rounds):  # in turns: what else the machine does hits both
            for job in jobs:
                job.measure(address, psutil.Process(pid))
    rows = [job.row() for job in jobs]
    if not quick:
        keep(results, NAME, rows)
    head = ["epochs before", "bytes on the wire", "web process, ms", "browser, ms", "charts drawn"]
    return table(head, [list(row.values()) for row in rows])


@dataclass
class Running:
    """A job with so many epochs, which goes on for as long as it is measured."""

    store: Store
    epochs: int
    found: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._noise = random.Random(self.epochs)
        self.id = history.filled(self.store, f"after {self.epochs}", self.epochs, self.cells)
        while compact(self.store, self.id):
            pass
        self.store.change(self.id, fields={"status": Status.RUNNING})
        self.newest = self.epochs

    def cells(self, epoch: int) -> dict[str, float]:
        level = 1e3 / (1 + epoch) ** 0.3
        return {name: level * (1 + 0.1 * self._noise.random()) for name in METRICS}

    def measure(self, address: str, web: psutil.Process) -> None:
        self._note("bytes", statistics.median(self._wire_bytes(address)))
        with _page(f"{address}/?job={self.id}&tab=metrics") as (driver, renderers):
            latency._wait(lambda: latency._cursor(driver) == self.newest, WITHIN_S)
            time.sleep(3.0)  # what comes after the first charts
            drawn, before = _drawn(driver), _cpu_ms(renderers)
            served = _cpu_ms([web])
            for _ in range(UPDATES):
                self._log()
                time.sleep(1 / RATE_HZ)
            latency._wait(lambda: latency._cursor(driver) == self.newest, WITHIN_S)
            self._note("web_ms", (_cpu_ms([web]) - served) / UPDATES)
            self._note("browser_ms", (_cpu_ms(renderers) - before) / UPDATES)
            self._note("charts_drawn", (_drawn(driver) - drawn) / UPDATES)

    def _wire_bytes(self, address: str) -> Iterator[float]:
        """Of each update, for a viewer that watches all metrics."""
        with Viewer(address.replace("http", "ws") + "/ws/training", framed=True) as viewer:
            viewer.next_of("sync")
            stand = {"after": f"{self.newest}-1", "metrics": list(METRICS)}
            viewer.send({"watch": {self.id: stand}})
            viewer.ack(viewer.next_of("metrics"))
            for _ in range(UPDATES):
                before = viewer.received_bytes
                self._log()
                while True:
                    frame = viewer.next_of("metrics", "jobs", "job")
                    viewer.ack(frame)
                    if f'"{self.newest}-1"' in str(frame).replace("'", '"'):
                        break
                yield viewer.received_bytes - before

    def _log(self) -> None:
        self.newest += 1
        row = {"epoch": self.newest, "timestamp": utc_now(), **self.cells(self.newest)}
        self.store.append(self.id, [row])

    def _note(self, what: str, figure: float) -> None:
        self.found.setdefault(what, []).append(figure)

    def row(self) -> dict[str, float]:
        """Medians over the rounds."""
        return {"epochs_before": self.epochs} | {
            what: statistics.median(figures) for what, figures in self.found.items()
        }


COUNT = """
const {painter} = dash_clientside.heimdall.page;
if (window.__drawn === undefined) {
  window.__drawn = 0;
  painter.watchers.push(() => { window.__drawn += 1; });
}
return window.__drawn;
"""


def _drawn(driver: Any) -> int:
    """Charts drawn since this was asked first."""
    return int(driver.execute_script(COUNT))


def _cpu_ms(processes: list[psutil.Process]) -> float:
    return sum(1e3 * sum(one.cpu_times()[:2]) for one in processes)


@contextmanager
def _page(address: str) -> Iterator[tuple[Any, list[psutil.Process]]]:
    """A browser with the page, and its processes that run pages."""
    with latency._browser() as driver:
        driver.set_window_size(1440, 900)
        driver.get(address)
        family = psutil.Process(driver.service.process.pid).children(recursive=True)
        yield driver, [one for one in family if _is_page(one)]


def _is_page(process: psutil.Process) -> bool:
    try:
        return "--type=renderer" in process.cmdline()
    except psutil.Error:  # it ended meanwhile
        return False
