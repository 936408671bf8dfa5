"""`heimdall import`: other tools' runs as jobs, with their dates."""

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

from heimdall_dash.cli.text import printable
from heimdall_dash.errors import HeimdallError
from heimdall_dash.importers import csv_files, tensorboard, trackio, wandb_offline
from heimdall_dash.importers.deliver import Imported, Writing, bring, imported, prepared
from heimdall_dash.importers.follow import Following
from heimdall_dash.importers.run import ForeignRun
from heimdall_dash.publish.destination import find

Finding = Callable[[list[Path]], list[Any]]
TOOLS: dict[str, Finding] = {
    "tensorboard": tensorboard.runs,
    "csv": csv_files.runs,
    "trackio": trackio.runs,
    "wandb": wandb_offline.runs,
}


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "import",
        help="other tools' runs as jobs",
        description="Bring runs of TensorBoard, W&B (offline), trackio, or CSV files: names and "
        "times as they are. What a job has no place for (images, text) is counted and named. A "
        "second import adds only what is new.",
    )
    parser.add_argument("tool", choices=list(TOOLS))
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files, or folders "
                        "of any depth (trackio: default is its own folder)")  # fmt: skip
    parser.add_argument("--follow", action="store_true", help="go on until Ctrl-C: runs that grow, "
                        "and those that begin")  # fmt: skip
    parser.add_argument("--url", help="of the dashboard or the store (http, https, redis, rediss)")
    parser.set_defaults(command=_import)


def _import(options: argparse.Namespace) -> int:
    paths = options.paths or ([trackio.usual_folder()] if options.tool == "trackio" else [])
    if not paths:
        raise HeimdallError(f"import {options.tool} needs a PATH")
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or folder")
    with tempfile.TemporaryDirectory(prefix="heimdall-import-") as folder:
        if options.follow:
            return _follow(options, paths, Path(folder))
        return _once(options, paths, Path(folder))


def _once(options: argparse.Namespace, paths: list[Path], folder: Path) -> int:
    runs: list[ForeignRun] = TOOLS[options.tool](paths)
    if not runs:
        print(f"no runs of {options.tool} in {', '.join(map(str, paths))}")
        return 0
    transport = find(options.url, None).open()
    parts = 0
    try:
        with _bar(sum(run.source_bytes for run in runs)) as bar:
            for run, writing in _prepared(runs, folder):
                if isinstance(writing, OSError):
                    done = imported(run, 0, 0, str(writing))
                else:
                    done = bring(writing, transport)
                parts += done.trouble is not None
                bar.write(line_of(done), file=sys.stdout)
                bar.update(run.source_bytes)
    finally:
        transport.close()
    if parts:
        print(f"Heimdall: {parts} of {len(runs)} runs are not whole", file=sys.stderr)
    return 1 if parts else 0


def _prepared(
    runs: list[ForeignRun], folder: Path
) -> Iterator[tuple[ForeignRun, Writing | OSError]]:
    """The runs as lines; the next one is read while the store takes this one."""

    def prepare(run: ForeignRun) -> Writing | OSError:
        try:
            return prepared(run, folder)
        except OSError as error:
            return error

    with ThreadPoolExecutor(1) as reader:
        ahead = reader.submit(prepare, runs[0])
        for place, run in enumerate(runs):
            writing = ahead.result()
            if place + 1 < len(runs):
                ahead = reader.submit(prepare, runs[place + 1])
            yield run, writing


def _follow(options: argparse.Namespace, paths: list[Path], folder: Path) -> int:
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        destination = find(options.url, None)
        Following(
            lambda: TOOLS[options.tool](paths), destination.open, folder,
            lambda done: print(line_of(done), flush=True),
        ).run(stop.wait)  # fmt: skip
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def line_of(done: Imported) -> str:
    if not done.job_id:
        return printable(done.trouble)
    news = done.steps_now - done.steps_before
    told = f"{done.job_id[:8]}  {printable(done.name)}: {done.steps_now} steps, {news} of them new"
    if done.left_out:
        named = ", ".join(f"{kind} {what}" for kind, what in done.left_out.items())
        told += f"; left out: {printable(named)}"
    return told + (f"; {printable(done.trouble)}" if done.trouble else "")


def _bar(total_bytes: int) -> Any:
    from tqdm import tqdm  # only here: it is slow to import

    return tqdm(
        total=total_bytes, unit="B", unit_scale=True, desc="importing", disable=None,
        file=sys.stderr,
    )  # fmt: skip
