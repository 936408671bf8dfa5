"""From `Job.log` to the screen, in a real headless Chromium, after few and after many epochs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from selenium import webdriver
from selenium.webdriver.chrome.options import Options

from bench.report import keep, table
from heimdall_dash import Job
from heimdall_dash.errors import UnknownJob
from heimdall_dash.records import utc_now
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.conftest import CHROMIUM_FLAGS
from tests.servers import free_port

RATE_HZ = 10.0
METRICS = (
    "train_loss", "val_loss", "learning_rate", "train_rmse_m", "val_rmse_m",
    "val_rmse_good_geom_m", "val_distance_p50_m", "val_distance_p68_m", "val_distance_p95_m",
    "mean_predicted_uncertainty_m", "uncertainty_calibration_error", "mean_gdop",
    "gdop_below_5_percent", "gradient_norm", "weight_norm",
)  # fmt: skip

# After a draw, two animation frames later, note how old the newest drawn epoch is.
NOTE_AGES = """
const {feed, watch} = dash_clientside.heimdall.page;
const drawn = watch.hooks.arrived;
window.__ages = [];
window.__tasks = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.__tasks.push(entry.duration);
}).observe({entryTypes: ["longtask"]});
watch.hooks.arrived = (...given) => {
  const done = drawn(...given);
  done.then(() => requestAnimationFrame(() => requestAnimationFrame(() => {
    const stamps = feed.store.columns.timestamp;
    window.__ages.push(Date.now() - Date.parse(stamps[stamps.length - 1]));
  })));
  return done;
};
"""

# The least that it can take: Plotly alone draws the charts in view anew, and two frames as above.
FLOOR = """
const [times, done] = arguments;
(async () => {
const isSeen = (plot) => {
  const {top, bottom, height} = plot.getBoundingClientRect();
  return height > 0 && bottom > 0 && top < window.innerHeight;
};
const plots = [...document.querySelectorAll('.js-plotly-plot')].filter(isSeen);
const frame = () => new Promise((drawn) => {
  requestAnimationFrame(() => requestAnimationFrame(drawn));
});
const took = [];
for (let n = 0; n < times; n += 1) {
  await frame();
  const began = performance.now();
  for (const plot of plots) {
    const data = plot.data.map((line) => {
      return {...line, x: [...(line.x ?? [])], y: [...(line.y ?? [])]};
    });
    await window.Plotly.react(plot, data, {...plot.layout, datarevision: `floor ${n}`});
  }
  await frame();
  took.push(performance.now() - began);
}
done([plots.length, took]);
})();
"""
FLOORS, QUICK_FLOORS = 40, 5


def run(results: Path, *, quick: bool) -> str:
    """10 epochs/s; how old an epoch is when it is on the screen, after 10 to 100,000 of them."""
    histories = (10, 1_000) if quick else (10, 1_000, 10_000, 100_000)
    seconds = 5 if quick else 20
    rows = []
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as (store, url):
        for history in histories:
            ages, tasks, (charts, floors) = _measured(store, url, Path(folder), history, seconds)
            p50, p95 = np.percentile(ages, [50, 95]).tolist()
            floor = float(np.median(floors))
            rows.append(
                {
                    "epochs_before": history,
                    "draws": len(ages),
                    "p50_ms": p50,
                    "p95_ms": p95,
                    "charts_in_view": charts,
                    "floor_ms": floor,
                    "p50_of_floor": p50 / floor,
                    "median_task_ms": float(np.median(tasks)) if tasks else 0.0,
                    "tasks_over_100_ms": sum(task > 100 for task in tasks),
                    "longest_task_ms": max(tasks, default=0.0),
                }
            )
    keep(results, "latency", rows)
    head = [
        "epochs before", "draws", "p50 ms", "p95 ms", "charts in view", "floor ms", "p50 / floor",
        "median long task ms", "tasks > 100 ms", "longest task ms",
    ]  # fmt: skip
    return table(head, [list(row.values()) for row in rows])


def _measured(
    store: EmbeddedStore, url: str, folder: Path, history: int, seconds: int
) -> tuple[list[float], list[float], tuple[int, list[float]]]:
    """Ages of epochs on the screen, lengths of the browser's tasks beyond 50 ms, and how many
    charts are in view and what they take at least; in milliseconds."""
    job = Job.start(f"after {history}", url=store.url, data_dir=folder / "trainer")
    try:
        _fill(store.url, job, history)
        with _browser() as driver:
            driver.set_window_size(1440, 900)
            driver.get(f"{url}/?job={job.id}&tab=metrics")
            _wait(lambda: _cursor(driver) == history - 1)
            driver.execute_script(NOTE_AGES)
            stop = time.monotonic() + seconds
            epoch = history
            pause = threading.Event()
            while time.monotonic() < stop:
                job.log(epoch, **_metrics(epoch))
                epoch += 1
                pause.wait(1 / RATE_HZ)
            _wait(lambda: _cursor(driver) == epoch - 1)
            ages, tasks = driver.execute_script("return [window.__ages, window.__tasks]")
            driver.set_script_timeout(60)
            times = QUICK_FLOORS if seconds < 10 else FLOORS
            charts, floors = driver.execute_async_script(FLOOR, times)
            return ages, tasks, (charts, floors)
    finally:
        job.finish("completed")
        job.close()


def _fill(url: str, job: Job, history: int) -> None:
    """Give the job its first epochs, and wait until the store has them."""
    for epoch in range(history):
        job.log(epoch, **_metrics(epoch))
    store = Store(url)
    _wait(lambda: _last_epoch(store, job.id) == history - 1, 300)
    store.close()


def _last_epoch(store: Store, job_id: str) -> int:
    try:
        return int(store.job(job_id)["last_epoch"])
    except UnknownJob:
        return -1


def _metrics(epoch: int) -> dict[str, float]:
    return {
        name: 1e4 / (1 + epoch) + index + 0.01 * (epoch % 7) for index, name in enumerate(METRICS)
    }


def _cursor(driver: Any) -> int:
    found = driver.execute_script(
        "return window.dash_clientside?.heimdall?.page?.feed?.store?.columns.epoch.at(-1) ?? -2"
    )
    return int(found)


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[tuple[EmbeddedStore, str]]:
    store, port = EmbeddedStore(folder / "data"), free_port()
    store.start()
    environment = {
        **os.environ, "PORT": str(port), "REDIS_URL": store.url, "HEIMDALL_DATA": str(folder),
        "HEIMDALL_LOG_LEVEL": "error",
    }  # fmt: skip
    web = subprocess.Popen([sys.executable, "app.py"], env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(lambda: _answers(url))
        yield store, url
    finally:
        web.terminate()
        web.wait(10)
        store.stop()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url + "/health", timeout=2)
    except urllib.error.HTTPError:
        return True  # no worker, which is not what is measured
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _browser() -> Iterator[Any]:
    options = Options()
    for flag in CHROMIUM_FLAGS:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options)
    try:
        yield driver
    finally:
        driver.quit()


def _wait(condition: Any, timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s} s in vain at {utc_now()}")
        pause.wait(0.05)
