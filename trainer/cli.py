"""The command line: run, worker, evaluate, simulate. It parses, checks and passes on."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import pandas as pd

from heimdall_dash.errors import HeimdallError
from trainer.checkpoint import load
from trainer.errors import TrainerError
from trainer.material import Simulated
from trainer.network import evaluate
from trainer.options import ConfigError, add_config_options, config_from
from trainer.run import run
from trainer.tables import as_text, events_table, write_table

FAILED, WRONG_USE = 1, 2


def main(argv: list[str] | None = None) -> int:
    """Exit code 0: done or paused; 1: the training failed; 2: impossible options or files."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.call(arguments))
    except ConfigError as error:
        print(f"trainer: impossible configuration\n{error}", file=sys.stderr)
    except (TrainerError, HeimdallError, OSError) as error:
        print(f"trainer: {error}", file=sys.stderr)
    return WRONG_USE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trainer",
        description="Trains a network that locates radio emitters and knows how sure it is.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    runner = commands.add_parser("run", help="train here, and publish to the dashboard")
    runner.add_argument("--name", default="training", help="the job's name [default training]")
    runner.add_argument("--no-publish", action="store_true", help="train without the dashboard")
    runner.add_argument("--url", help="the store's URL [default: as the dashboard finds it]")
    runner.add_argument(
        "--data-dir",
        type=Path,
        default=Path(os.environ.get("HEIMDALL_DATA", "data")),
        help="checkpoints and metric logs [default $HEIMDALL_DATA, else ./data]",
    )
    runner.add_argument("--checkpoint-dir", type=Path, help="checkpoints of this run, elsewhere")
    runner.add_argument("--resume", metavar="JOB", help="go on with this job (id or folder name)")
    runner.add_argument("--out", type=Path, metavar="FILE", help="also write epochs as JSON lines")
    runner.add_argument(
        "--max-seconds", type=float, metavar="S", help="pause after so many seconds [s]"
    )
    runner.add_argument("--quiet", action="store_true", help="no progress bar")
    runner.add_argument(
        "--json", action="store_true", help="at the end, the last epoch as JSON on standard output"
    )
    runner.add_argument(
        "--print-config", action="store_true", help="show the checked config as JSON, and end"
    )
    add_config_options(runner)
    runner.set_defaults(call=run)

    worker = commands.add_parser("worker", help="take jobs from the dashboard's queue")
    worker.set_defaults(call=_worker)

    checker = commands.add_parser("evaluate", help="metrics of a checkpoint, and their bounds")
    checker.add_argument("checkpoint", type=Path)
    checker.add_argument("--json", action="store_true", help="JSON instead of a table")
    checker.set_defaults(call=_evaluate)

    maker = commands.add_parser("simulate", help="write simulated events to a file")
    maker.add_argument("--out", type=Path, required=True, help="a name in .parquet or .csv")
    add_config_options(maker)
    maker.set_defaults(call=_simulate)
    return parser


def _worker(arguments: argparse.Namespace) -> int:
    from trainer.worker import main as work  # its parts are not needed to train by hand

    return int(work() or 0)


def _evaluate(arguments: argparse.Namespace) -> int:
    """Evaluates on the validation scenes that the checkpoint's own config describes."""
    metrics = evaluate(load(arguments.checkpoint))
    print(json.dumps(metrics, indent=2, allow_nan=False) if arguments.json else as_text(metrics))
    return 0


def _simulate(arguments: argparse.Namespace) -> int:
    """Training and validation scenes of the config, marked `split` train and val."""
    config = config_from(arguments)
    scenes = Simulated(config)
    train, validation = events_table(scenes.of_epoch(0)), events_table(scenes.validation)
    validation["event_id"] += config.train_samples
    table = pd.concat([train.assign(split="train"), validation.assign(split="val")])
    write_table(table, arguments.out)
    print(f"{arguments.out}: {config.train_samples + config.val_samples} events, {len(table)} rows")
    return 0
