"""`heimdall sync`: bring what lies in local logs to a dashboard, and say how much it was."""

import argparse
import sys
from pathlib import Path
from typing import Any

from heimdall_dash.cli.text import cell, printable
from heimdall_dash.discovery import runs_folder
from heimdall_dash.publish.bring import LIVES, Synced, sync_runs


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "sync",
        help="bring what lies in local logs",
        description="Bring the epochs, notes and ends that lie in local logs of runs which are "
        "over or were killed: to --url, HEIMDALL_URL, REDIS_URL, or the dashboard on this machine. "
        "Says per run how many rows were here, and how many epochs the dashboard has. What a "
        "living process still writes is left to it. Doing it twice does no harm.",
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH",
        help="data folders, or folders of single runs (default: HEIMDALL_DATA or ./data, and "
        f"{runs_folder()})",
    )  # fmt: skip
    parser.add_argument("--url", help="of the dashboard or the store (http, https, redis, rediss)")
    parser.set_defaults(command=_sync)


def _sync(options: argparse.Namespace) -> int:
    missing = [path for path in options.paths if not path.exists()]
    if missing:
        raise FileNotFoundError(f"{missing[0]}: no such file or folder")
    runs, parts = 0, 0
    for run in sync_runs(options.paths, options.url):
        runs += 1
        parts += not run.is_whole and run.trouble != LIVES
        print(_line(run), flush=True)
    if not runs:
        print("nothing to bring")
    if parts:
        print(f"Heimdall: {parts} of {runs} runs could not be brought", file=sys.stderr)
    return 1 if parts else 0


def _line(run: Synced) -> str:
    name = f"{run.job_id[:8]}  {printable(run.name)}: {run.rows_there} rows here"
    if run.epochs_now is None:
        return f"{name}; left here: {printable(run.trouble)}"
    told = (
        f"{name}; epochs on the dashboard: {cell(run.epochs_before)} before, {run.epochs_now} now"
    )
    return told + (f"; {printable(run.trouble)}" if run.trouble else "")
