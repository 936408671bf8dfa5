"""What 10,000 running jobs and 100,000 viewers would need, from unit costs on a small site.

The site: four web processes and a cluster of three nodes, jobs of one epoch a second, viewers who
acknowledge each frame. CPU time is counted, and what the idle site takes is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from websockets.asyncio.client import connect

from bench.report import keep, table
from heimdall_dash.frames import FRAMES
from heimdall_dash.records import Status, utc_now
from heimdall_dash.store.store import Store
from tests.conftest import wait_for
from tests.servers import Cluster, free_port

NAME = "capacity"
METRICS = 19
WEB_PROCESSES = 4
JOBS, WATCHED, VIEWERS, SECONDS = 240, 60, 200, 20
QUICK = (12, 6, 8, 3)
OPENED = 500  # epochs of a history that is opened
AIM = {"jobs": 10_000, "viewers": 100_000}  # one epoch a second each
BUSY = 0.6  # of a core that may be planned with


@dataclass
class Load:
    """What was done in one stretch, and the CPU seconds that it took."""

    seconds: float
    epochs: int
    deliveries: int
    web_s: float
    store_s: float


def run(results: Path, *, quick: bool) -> str:
    jobs, watched_jobs, viewers, seconds = QUICK if quick else (JOBS, WATCHED, VIEWERS, SECONDS)
    with (
        tempfile.TemporaryDirectory() as folder,
        Cluster(Path(folder) / "cluster") as cluster,
        servers(cluster.url, Path(folder)) as web,
    ):
        nodes = [node.process.pid for node in cluster._nodes if node.process]
        site = Site(cluster.url, [port for port, _ in web], [pid for _, pid in web], nodes)
        ids = site.make_jobs(jobs)
        idle = site.load([], seconds, viewers=0)
        nobody = less(site.load(ids, seconds, viewers=0), idle)
        watched = less(site.load(ids[:watched_jobs], seconds, viewers=viewers), idle)
        opened_ms = site.opening(ids[0], 5 if quick else 40)
    units = unit_costs(nobody, watched, opened_ms)
    units["idle_web_core_percent"] = 100 * idle.web_s / idle.seconds / WEB_PROCESSES
    figures = {
        "jobs": jobs, "watched": watched_jobs, "viewers": viewers, "web_processes": WEB_PROCESSES,
        "units": units, "aim": AIM, "needed": needed(units),
    }  # fmt: skip
    if not quick:
        keep(results, NAME, figures)
    return f"{shown_units(units)}\n\n{shown_needed(figures['needed'])}"


def less(load: Load, idle: Load) -> Load:
    """Without what the idle site would have taken in that time."""
    share = load.seconds / idle.seconds
    return Load(
        load.seconds, load.epochs, load.deliveries,
        max(0.0, load.web_s - share * idle.web_s), max(0.0, load.store_s - share * idle.store_s),
    )  # fmt: skip


def unit_costs(nobody: Load, watched: Load, opened_ms: float) -> dict[str, float]:
    """CPU milliseconds: of one epoch in the store; of hearing of one in each web process; of
    bringing one to one viewer; of one history that is opened."""
    heard_ms = 1e3 * nobody.web_s / nobody.epochs / WEB_PROCESSES
    rest_s = watched.web_s - heard_ms / 1e3 * watched.epochs * WEB_PROCESSES
    return {
        "store_epoch_ms": 1e3 * nobody.store_s / nobody.epochs,
        "heard_ms": heard_ms,
        "delivery_ms": 1e3 * max(0.0, rest_s) / max(1, watched.deliveries),
        "opening_ms": opened_ms,
        "deliveries": watched.deliveries,
        "epochs_per_s": nobody.epochs / nobody.seconds,
    }


def needed(units: dict[str, float]) -> dict[str, float | None]:
    """For AIM, at one epoch a second a job. Hearing costs every web process the same, however many
    there are: its share of a core is what bounds the number of jobs."""
    hearing = AIM["jobs"] * units["heard_ms"] / 1e3
    left = BUSY - hearing
    delivering = AIM["viewers"] * units["delivery_ms"] / 1e3
    return {
        "store_cores": AIM["jobs"] * units["store_epoch_ms"] / 1e3,
        "store_shards": -(-AIM["jobs"] * units["store_epoch_ms"] / 1e3 // BUSY),
        "hearing_cores_of_each_web_process": hearing,
        "delivering_cores": delivering,
        "web_processes": -(-delivering // left) if left > 0.05 else None,
        "most_jobs_that_a_web_process_can_hear_of": BUSY / (units["heard_ms"] / 1e3),
    }


@contextlib.contextmanager
def servers(store_url: str, folder: Path) -> Iterator[list[tuple[int, int]]]:
    """Web processes, each on a port of its own: (port, process id)."""
    started = []
    try:
        for _ in range(WEB_PROCESSES):
            port = free_port()
            surroundings = os.environ | {
                "PORT": str(port), "REDIS_URL": store_url, "HEIMDALL_DATA": str(folder),
                "HEIMDALL_LOG_LEVEL": "error",
            }  # fmt: skip
            process = subprocess.Popen(
                [sys.executable, "-m", "heimdall_dash.web"], env=surroundings
            )
            started.append((port, process))
        for port, _ in started:
            wait_for(lambda port=port: answers(port), 60, "a web process")
        yield [(port, process.pid) for port, process in started]
    finally:
        for _, process in started:
            process.terminate()
        for _, process in started:
            process.wait(15)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


class Site:
    def __init__(self, url: str, ports: list[int], web: list[int], nodes: list[int]) -> None:
        self._store, self._ports = Store(url), ports
        self._web, self._nodes = ([psutil.Process(pid) for pid in pids] for pids in (web, nodes))
        self._epoch = 0

    def make_jobs(self, count: int) -> list[str]:
        ids = [
            self._store.create_job(
                f"job {number}", status=Status.RUNNING, config={}, total_epochs=None, external=True
            )["id"]
            for number in range(count)
        ]
        for epoch in range(1, OPENED + 1):
            self._store.append(ids[0], [self._row(epoch)])
        self._epoch = OPENED
        return ids

    def load(self, ids: list[str], seconds: int, viewers: int) -> Load:
        """One epoch a second for each job, and that many viewers, over all web processes."""
        delivered, stop = [0], threading.Event()
        loop = threading.Thread(target=self._watch, args=(ids, viewers, delivered, stop))
        loop.start()
        try:
            if viewers:
                wait_for(lambda: delivered[0] >= viewers, 60, "the viewers to be synced")
            web_s, store_s, before = self._cpu(self._web), self._cpu(self._nodes), delivered[0]
            began, epochs = time.perf_counter(), 0
            for second in range(seconds):
                self._epoch += 1
                for number, job_id in enumerate(ids):
                    self._store.append(job_id, [self._row(self._epoch)])
                    epochs += 1
                    due = began + second + (number + 1) / len(ids)
                    time.sleep(max(0.0, due - time.perf_counter()))
                time.sleep(max(0.0, began + second + 1 - time.perf_counter()))
            return Load(
                time.perf_counter() - began, epochs, delivered[0] - before,
                self._cpu(self._web) - web_s, self._cpu(self._nodes) - store_s,
            )  # fmt: skip
        finally:
            stop.set()
            loop.join()

    def opening(self, job_id: str, times: int) -> float:
        """CPU milliseconds of the web process for one history of 500 epochs."""
        path = (
            f"http://127.0.0.1:{self._ports[0]}/api/v1/training/jobs/{job_id}/metrics?points=1500"
        )
        before = self._cpu(self._web[:1])
        for _ in range(times):
            with urllib.request.urlopen(path, timeout=30) as answer:
                answer.read()
        return 1e3 * (self._cpu(self._web[:1]) - before) / times

    def _watch(
        self, ids: list[str], viewers: int, delivered: list[int], stop: threading.Event
    ) -> None:
        async def one(number: int) -> None:
            port, job_id = self._ports[number % len(self._ports)], ids[number % len(ids)]
            url = f"ws://127.0.0.1:{port}/ws/training/{job_id}?after={self._epoch}"
            async with connect(url, subprotocols=[FRAMES], max_size=None) as socket:  # type: ignore[list-item]
                async for text in socket:
                    frame = json.loads(text)
                    delivered[0] += frame["event"] in {"sync", "metrics"}
                    if frame["event"] != "heartbeat":
                        await socket.send(json.dumps({"ack": frame["cursor"]}))

        async def all_of_them() -> None:
            tasks = [asyncio.create_task(one(number)) for number in range(viewers)]
            await asyncio.to_thread(stop.wait)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run(all_of_them())

    @staticmethod
    def _row(epoch: int) -> dict[str, Any]:
        cells = {f"metric_{k}": 1.0 / (epoch + k) for k in range(METRICS)}
        return {"epoch": epoch, "timestamp": utc_now(), **cells}

    @staticmethod
    def _cpu(processes: list[psutil.Process]) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in processes)


def shown_units(units: dict[str, float]) -> str:
    return table(
        ["one …", "ms of a core"],
        [
            ["epoch of 19 metrics, in the store", units["store_epoch_ms"]],
            ["epoch of any job, heard by each web process", units["heard_ms"]],
            ["epoch brought to one viewer", units["delivery_ms"]],
            ["history of 500 epochs, opened", units["opening_ms"]],
            ["second of an idle web process on a cluster", 10 * units["idle_web_core_percent"]],
        ],
    )


def shown_needed(needs: dict[str, float | None]) -> str:
    rows = [[name.replace("_", " "), value] for name, value in needs.items()]
    return table(["for 10,000 jobs and 100,000 viewers, one epoch a second", "needed"], rows)
