"""What publishing costs the training thread, with the store there and with the store away."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.peers import trackio_costs
from bench.report import keep, table
from heimdall_dash.publisher import Job
from heimdall_dash.store.embedded import EmbeddedStore
from trainer.checkpoint import CheckpointFolder
from trainer.config import TrainingConfig
from trainer.loop import fit
from trainer.publishing import NullPublisher, Publisher

NAME = "publishing"
CALLS, QUICK_CALLS = 5000, 30
LOG_EPOCHS = 60
ROUNDS, QUICK_ROUNDS = 10, 1
EPOCHS, QUICK_EPOCHS = 8, 2


def run(results: Path, *, quick: bool = False) -> str:
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as store:
        row = _one_row(Path(folder))
        calls = QUICK_CALLS if quick else CALLS
        epochs = QUICK_EPOCHS if quick else LOG_EPOCHS
        up = cost_in_training(store.url, Path(folder) / "up", epochs)
        loop = cost_in_a_row(store.url, Path(folder) / "loop", nineteen(row), calls)
        peer = None if quick else _quantiles(trackio_costs(nineteen(row), calls))
        ratio = loop_with_and_without(store.url, Path(folder), quick)
        store.stop()
        away = cost_in_training(store.url, Path(folder) / "away", epochs)
    figures = {
        "log_store_up_us": up, "log_store_away_us": away, "log_in_a_row_us": loop,
        "trackio_in_a_row_us": peer, "training": ratio,
    }  # fmt: skip
    if not quick:
        keep(results, NAME, figures)
    costs = table(
        ["log in the training thread", "calls", "median µs", "p95 µs", "p99 µs", "largest µs"],
        [
            [name, cost["calls"], *(round(cost[k], 1) for k in ("median", "p95", "p99", "largest"))]
            for name, cost in (
                ("in a training, store there", up),
                ("in a training, store away", away),
                ("19 metrics, one call after another", loop),
                ("trackio: 19 metrics, one call after another", peer),
            )
            if cost is not None
        ],
    )
    ratios = table(
        ["training with publishing / without", "median", "lowest", "highest"],
        [
            [name, *(round(ratio[clock][k], 4) for k in ("median", "lowest", "highest"))]
            for name, clock in (
                ("wall time of an epoch", "wall"),
                ("CPU time of an epoch", "cpu"),
                ("share of the sender's thread in it", "sender_share"),
            )
        ],
    )
    return f"{costs}\n\n{ratios}"


@contextmanager
def served(folder: Path) -> Iterator[EmbeddedStore]:
    store = EmbeddedStore(folder / "store-data")
    store.start()
    try:
        yield store
    finally:
        store.stop()


class Timed(NullPublisher):
    """Passes epochs on to a job, and keeps how long each call took, in µs."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.costs: list[float] = []

    def log(self, epoch: int, /, **metrics: Any) -> None:
        start = time.perf_counter()
        self.job.log(epoch, **metrics)
        self.costs.append(1e6 * (time.perf_counter() - start))


def cost_in_training(url: str, data: Path, epochs: int) -> dict[str, float]:
    """Microseconds of `Job.log` between the epochs of a real training: on the caches it left."""
    job = Job.start("bench", total_epochs=epochs, url=url, data_dir=data)
    timed = Timed(job)
    try:
        fit(
            TrainingConfig(epochs=epochs, train_samples=1024, val_samples=1024),
            publisher=timed,
            checkpoints=CheckpointFolder(data / "checkpoints"),
            wanted=lambda: "running",
        )
        job.finish("completed")
    finally:
        job.close(timeout_s=1.0)
    return _quantiles(timed.costs)


def cost_in_a_row(url: str, data: Path, row: dict[str, Any], calls: int) -> dict[str, float]:
    """Microseconds of `Job.log` with nothing in between: what its code itself takes."""
    with Job.start("bench", total_epochs=calls, url=url, data_dir=data) as job:
        timed = Timed(job)
        for epoch in range(calls):
            timed.log(epoch, **row)
    return _quantiles(timed.costs)


@dataclass(frozen=True)
class Cost:
    """Seconds per epoch of one short training."""

    wall: float
    cpu: float
    beside: float  # CPU time of other threads than the training's: the sender's


def loop_with_and_without(url: str, data: Path, quick: bool) -> dict[str, Any]:
    """Ratios of the time per epoch, pairs of short trainings in turn, so that load is shared."""
    wall, cpu, beside = [], [], []
    for number in range(QUICK_ROUNDS if quick else ROUNDS):

        def published() -> Cost:
            with Job.start("bench", total_epochs=EPOCHS, url=url, data_dir=data) as job:
                return _trained(job, quick)

        def alone() -> Cost:
            return _trained(NullPublisher(), quick)

        kinds: list[Callable[[], Cost]] = [published, alone]
        first, second = kinds if number % 2 else reversed(kinds)
        costs = {first: first(), second: second()}
        wall.append(costs[published].wall / costs[alone].wall)
        cpu.append(costs[published].cpu / costs[alone].cpu)
        beside.append(costs[published].beside / costs[alone].cpu)
    return {
        "wall": _spread(wall), "cpu": _spread(cpu), "sender_share": _spread(beside),
        "epochs": EPOCHS, "rounds": len(wall),
    }  # fmt: skip


def _trained(publisher: Publisher, quick: bool) -> Cost:
    """A short training of the demonstration's size; its first epoch is left out."""
    marks: list[tuple[float, float, float]] = []

    def mark(row: dict[str, Any]) -> None:
        marks.append((time.perf_counter(), time.process_time(), time.thread_time()))

    with tempfile.TemporaryDirectory() as folder:
        fit(
            TrainingConfig(epochs=QUICK_EPOCHS if quick else EPOCHS),
            publisher=publisher,
            checkpoints=CheckpointFolder(Path(folder)),
            wanted=lambda: "running",
            progress=mark,
        )
    wall, cpu, own = (
        (last - first) / (len(marks) - 1) for first, last in zip(marks[0], marks[-1], strict=True)
    )
    return Cost(wall, cpu, cpu - own)


def nineteen(row: dict[str, Any]) -> dict[str, float]:
    """As many metrics as a usual training logs, each a number."""
    numbers = {name: value for name, value in row.items() if isinstance(value, float)}
    return dict(list(numbers.items())[:19])


def _one_row(folder: Path) -> dict[str, Any]:
    """A real epoch's metrics."""
    rows: list[dict[str, Any]] = []

    class Keep(NullPublisher):
        def log(self, epoch: int, /, **metrics: Any) -> None:
            rows.append(metrics)

    config = TrainingConfig(epochs=1, train_samples=256, val_samples=256)
    fit(
        config,
        publisher=Keep(),
        checkpoints=CheckpointFolder(folder / "row"),
        wanted=lambda: "running",
    )
    return rows[-1]


def _quantiles(costs: list[float]) -> dict[str, float]:
    ordered = sorted(costs)
    return {
        "median": statistics.median(ordered),
        "p95": ordered[int(0.95 * (len(ordered) - 1))],
        "p99": ordered[int(0.99 * (len(ordered) - 1))],
        "largest": ordered[-1],
        "calls": len(ordered),
    }


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "median": statistics.median(values),
        "lowest": min(values),
        "highest": max(values),
    }
