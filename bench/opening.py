"""How long a job takes to open in a real browser with a cold server, and what comes by the wire."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from bench import history
from bench.idle import pss_mb
from bench.latency import _browser
from bench.report import keep, table
from heimdall_dash.store.compact import compact
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store

NAME = "opening"
CASES = ((500, 19), (100_000, 19), (5_000, 300), (1_000_000, 19))
QUICK_CASES = ((500, 19), (20_000, 19))
TIMES, QUICK_TIMES = 5, 1
BATCH = 1_000
WITHIN_S = 120.0
# milliseconds since the address was asked for, once a chart shows a line
DRAWN = """
const plots = [...document.querySelectorAll('.js-plotly-plot')];
const isDrawn = plots.some((plot) => plot.data?.some((line) => line.x?.length > 0));
return isDrawn ? performance.now() : null;
"""
WIRE = """
return performance.getEntriesByType('resource').filter(({name}) => name.includes('/api/'))
  .reduce((sum, {transferSize}) => sum + transferSize, 0)
"""


def run(results: Path, *, quick: bool = False) -> str:
    cases, times = (QUICK_CASES, QUICK_TIMES) if quick else (CASES, TIMES)
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedStore(Path(folder))
        embedded.start()
        store = Store(embedded.url)
        try:
            ids = [filled(store, epochs, metrics) for epochs, metrics in cases]
            for job_id in ids:
                while compact(store, job_id):
                    pass
            opened: dict[str, list[dict[str, float]]] = {job_id: [] for job_id in ids}
            for _ in range(times):  # in turns: what else the machine does hits all of them
                for job_id in ids:
                    opened[job_id].append(measured(embedded.url, Path(folder), job_id))
        finally:
            store.close()
            embedded.stop(30)
    rows = [
        {"epochs": epochs, "metrics": metrics, **middle(opened[job_id])}
        for (epochs, metrics), job_id in zip(cases, ids, strict=True)
    ]
    if not quick:
        keep(results, NAME, rows)
    head = ["epochs", "metrics", "first chart, ms", "kB of values", "web process, MB"]
    return table(head, [list(row.values()) for row in rows])


def filled(store: Store, epochs: int, metrics: int) -> str:
    """A job that is over, with falling curves; its id."""
    names = ["val_loss", "train_loss", *(f"group{k // 20}/metric_{k}" for k in range(2, metrics))]

    def cells(epoch: int) -> dict[str, float]:
        return {name: (k + 1) / epoch + 1e-3 * (epoch % 17) for k, name in enumerate(names)}

    return history.filled(store, f"{epochs} × {metrics}", epochs, cells, batch=BATCH)


def measured(url: str, folder: Path, job_id: str) -> dict[str, float]:
    """One cold server, one new browser."""
    with history.web(url, folder) as (address, pid), _browser() as driver:
        driver.set_window_size(1440, 900)
        driver.get(f"{address}/?job={job_id}&tab=metrics")
        deadline = time.monotonic() + WITHIN_S
        while (drawn_ms := driver.execute_script(DRAWN)) is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"no chart within {WITHIN_S:.0f} s")
            time.sleep(0.01)
        time.sleep(2.0)  # what comes after the first chart counts as bytes, too
        sent: Any = driver.execute_script(WIRE)
        return {"first_chart_ms": drawn_ms, "kilobytes": sent / 1e3, "web_mb": pss_mb(pid)}


def middle(found: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure."""
    return {name: sorted(one[name] for one in found)[len(found) // 2] for name in found[0]}
