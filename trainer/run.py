"""`python -m trainer run`: one training in this process, stopped by a signal as by a pause."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any

from tqdm import tqdm

from heimdall_dash.records import Row
from trainer.charts import KEY_METRICS
from trainer.checkpoint import CheckpointFolder
from trainer.config import TrainingConfig
from trainer.errors import AllDamaged, CheckpointError
from trainer.loop import Outcome, fit
from trainer.network import check_device
from trainer.options import config_from
from trainer.parallel import Alone, ranks_from_environment
from trainer.publishing import LinesPublisher, NullPublisher, Publisher

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(arguments: argparse.Namespace) -> int:
    """Trains as the options say. 0: completed, paused or cancelled; 1: failed."""
    config = _config(arguments)
    if arguments.print_config:
        print(config.model_dump_json(indent=2))
        return 0
    check_device(config.device)
    ranks = ranks_from_environment(config.device)
    try:
        with stop_signal() as is_stopped:
            is_stopped = _or_late(is_stopped, arguments.max_seconds)
            if arguments.no_publish or ranks.rank != 0:
                folder = _folder(arguments, arguments.resume or arguments.name)
                outcome = _fit(arguments, config, NullPublisher(), folder, is_stopped, ranks)
            else:
                outcome = _published(arguments, config, is_stopped, ranks)
    finally:
        ranks.close()
    if ranks.rank == 0:
        reason = f": {outcome.reason}" if outcome.reason else ""
        print(f"{outcome.status} after epoch {outcome.epoch}{reason}", file=sys.stderr)
    return 1 if outcome.status == "failed" else 0


def _config(arguments: argparse.Namespace) -> TrainingConfig:
    """From the options; a resumed job's own config is the base."""
    base: dict[str, Any] | None = None
    if arguments.resume:
        base = _config_in(_folder(arguments, arguments.resume))
        if base is None:
            raise CheckpointError(
                f"Job {arguments.resume} has no checkpoint in "
                f"{_folder(arguments, arguments.resume).path}."
            )
    return config_from(arguments, base)


def _config_in(folder: CheckpointFolder) -> dict[str, Any] | None:
    """Of the training in the folder; where all checkpoints are damaged it is begun again."""
    try:
        state = folder.load_last()
    except AllDamaged:
        if (config := folder.config()) is None:
            raise
        return config
    return None if state is None else state.config


def _or_late(is_stopped: Callable[[], bool], seconds: float | None) -> Callable[[], bool]:
    """Also true once so many seconds have gone."""
    if seconds is None:
        return is_stopped
    end = time.monotonic() + seconds
    return lambda: is_stopped() or time.monotonic() >= end


def _folder(arguments: argparse.Namespace, job: str) -> CheckpointFolder:
    """Where a job's checkpoints are: a published one's beside its log, as the worker has them."""
    if arguments.checkpoint_dir is not None:
        return CheckpointFolder(arguments.checkpoint_dir)
    published = arguments.data_dir / "jobs" / job
    if published.exists():
        return CheckpointFolder(published / "checkpoints")
    return CheckpointFolder(arguments.data_dir / "checkpoints" / job)


def _published(
    arguments: argparse.Namespace,
    config: TrainingConfig,
    is_stopped: Callable[[], bool],
    ranks: Alone,
) -> Outcome:
    from heimdall_dash.publisher import Job  # only a run that publishes needs a store's client

    start: dict[str, Any] = {"job_id": arguments.resume} if arguments.resume else {}
    if arguments.resume and not (arguments.data_dir / "jobs" / arguments.resume).exists():
        raise CheckpointError(
            f"{arguments.resume} was never published from {arguments.data_dir}: go on with it by "
            f"--no-publish, or start a new job."
        )
    with Job.start(
        arguments.name,
        total_epochs=config.epochs,
        config=config.model_dump(),
        key_metrics=KEY_METRICS,
        data_dir=arguments.data_dir,
        url=arguments.url,
        **start,
    ) as job:
        folder = _folder(arguments, job.id)
        folder.check_owner = job.check_owner

        def is_unwanted() -> bool:
            return is_stopped() or job.desired == "paused"

        outcome = _fit(
            arguments, config, job, folder, is_unwanted, ranks, lambda: job.desired == "cancelled"
        )
        if job.refused is not None:  # taken over by another process, cancelled or deleted
            return replace(outcome, reason=str(job.refused))
        job.finish(outcome.status, outcome.reason)
    if outcome.status == "paused":
        print(f"go on with: python -m trainer run --resume {job.id}", file=sys.stderr)
    return outcome


def _fit(
    arguments: argparse.Namespace,
    config: TrainingConfig,
    publisher: Publisher,
    folder: CheckpointFolder,
    is_paused: Callable[[], bool],
    ranks: Alone,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    if not arguments.resume and ranks.rank == 0 and folder.last.exists():
        raise CheckpointError(
            f"{folder.path} already holds a training: go on with it by --resume, or choose "
            f"another --name or --checkpoint-dir."
        )
    if arguments.out is not None and ranks.rank == 0:
        publisher = LinesPublisher(arguments.out, publisher)
    newest: list[Row] = []
    with progress_bar(config.epochs, arguments.quiet or ranks.rank != 0) as show:

        def progress(row: Row) -> None:
            newest[:] = [row]
            show(row)

        outcome = fit(
            config,
            publisher=publisher,
            checkpoints=folder,
            wanted=lambda: (
                "cancelled" if is_cancelled() else "paused" if is_paused() else "running"
            ),
            resume=bool(arguments.resume),
            progress=progress,
            ranks=ranks,
        )
    if arguments.json and ranks.rank == 0:
        last = newest[0] if newest else {}
        print(json.dumps({"status": outcome.status, "reason": outcome.reason} | last))
    return outcome


@contextmanager
def stop_signal() -> Iterator[Callable[[], bool]]:
    """Inside, SIGINT and SIGTERM only ask for a stop; a second one acts as usual."""
    asked: list[int] = []
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(number, before[signal.Signals(number)])

    for number in SIGNALS:
        signal.signal(number, ask)
    try:
        yield lambda: bool(asked)
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def progress_bar(epochs: int, is_hidden: bool) -> Iterator[Callable[[Row], None]]:
    """A bar on standard error: epochs, time left, loss, p68 and predicted p68."""
    with tqdm(total=epochs, unit="epoch", disable=is_hidden, dynamic_ncols=True) as bar:

        def show(row: Row) -> None:
            bar.n = row["epoch"]
            bar.set_postfix(
                loss=_short(row["val_loss"]),
                p68=f"{_short(row['val_distance_p68_m'])} m",
                sigma=f"{_short(row['predicted_distance_p68_m'])} m",
            )

        yield show


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
