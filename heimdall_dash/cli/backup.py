"""`heimdall backup` and `heimdall restore`: a copy of everything that a dashboard keeps."""

import argparse
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from heimdall_dash.publish.destination import store_address
from heimdall_dash.store.backup import Backup, Line, Unreadable, checked

URL = "of the store (redis, rediss); default: as trainings find it"


def add_to(commands: Any) -> None:
    backup = commands.add_parser(
        "backup",
        help="a copy of everything stored",
        description="Everything that the store of a dashboard holds, as one compressed file; the "
        "dashboard and its trainings may run meanwhile. Checkpoints and local logs are files of "
        "their own in the data folder, and not in it.",
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="such as heimdall.jsonl.gz")
    backup.add_argument("--url", help=URL)
    backup.set_defaults(command=_backup)
    restore = commands.add_parser(
        "restore",
        help="put a copy back",
        description="Put what `heimdall backup` wrote into a store, whose dashboard may run. Jobs "
        "that are there already stay as they are.",
    )
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--url", help=URL)
    restore.add_argument("--replace", action="store_true", help="jobs that are there already, too")
    restore.set_defaults(command=_restore)


def _backup(options: argparse.Namespace) -> int:
    source = Backup(store_address(options.url))
    part = options.file.with_name(f".{options.file.name}.{os.getpid()}")
    keys = 0
    try:
        with gzip.open(part, "wt", encoding="utf-8", compresslevel=5) as file:
            for line in source.lines():
                keys = line.get("end", keys)
                file.write(json.dumps(line, separators=(",", ":")) + "\n")
        os.replace(part, options.file)  # there whole or not at all
    finally:
        part.unlink(missing_ok=True)
        source.close()
    print(f"{options.file}: {keys} parts, {options.file.stat().st_size:,} bytes")
    return 0


def _restore(options: argparse.Namespace) -> int:
    for _ in checked(_lines(options.file)):  # it is whole, before anything is changed
        pass
    target = Backup(store_address(options.url))
    try:
        came, left = target.restore(_lines(options.file), replaces=options.replace)
    finally:
        target.close()
    print(f"{came} jobs restored")
    if left:
        print(f"{len(left)} jobs were there already and stay; --replace takes these too")
    return 0


def _lines(path: Path) -> Iterator[Line]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for text in file:
                line = json.loads(text)
                if not isinstance(line, dict):
                    raise Unreadable(f"{path} is no backup")
                yield line
    except (EOFError, gzip.BadGzipFile, ValueError) as error:
        raise Unreadable(f"{path} is no whole backup: {error}") from error
