"""`heimdall export`: everything stored of some jobs, as CSV, Parquet or JSON."""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from heimdall_dash.cli.parquet import write_parquet
from heimdall_dash.rest import Rest, quoted

Writing = Callable[[Rest, str, IO[bytes]], None]


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "export",
        help="everything stored, as a file",
        description="Everything stored of one or more jobs. CSV: a row per epoch. Parquet: the "
        "same with types. JSON: columns, and the job with its facts, notes and kept predictions. "
        "Without --out, one job as CSV or JSON goes to stdout, anything else to files in this "
        "folder.",
    )
    parser.add_argument("ids", nargs="+", metavar="ID", help="or its beginning")
    parser.add_argument("--to", choices=list(FORMATS), default="csv", help="csv")
    parser.add_argument("--out", metavar="FILE|DIR", help="a file; for several jobs a folder")
    parser.add_argument("--url", help="the dashboard's address, such as http://127.0.0.1:8001")
    parser.set_defaults(command=_export)


def _export(options: argparse.Namespace) -> int:
    rest, write = Rest.find(options.url), FORMATS[options.to]
    ids = list(dict.fromkeys(rest.find_id(prefix) for prefix in options.ids))
    if options.out is None and len(ids) == 1 and options.to != "parquet":
        write(rest, ids[0], sys.stdout.buffer)
        return 0
    for job_id in ids:
        path = _path(rest, job_id, options, is_alone=len(ids) == 1)
        with _Replacing(path) as file:
            write(rest, job_id, file)
        print(path)
    return 0


def _path(rest: Rest, job_id: str, options: argparse.Namespace, *, is_alone: bool) -> Path:
    """The file itself, or `<name>-<id>.<ending>` in a folder, which is made."""
    out = Path(options.out or ".")
    if is_alone and options.out and not out.is_dir() and not options.out.endswith(os.sep):
        return out
    out.mkdir(parents=True, exist_ok=True)
    name = rest.get(f"/jobs/{quoted(job_id)}")["job"]["job_name"]
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "job"
    return out / f"{safe}-{job_id[:8]}.{options.to}"


class _Replacing:
    """A file that is there whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_name(f".{path.name}.{os.getpid()}")

    def __enter__(self) -> IO[bytes]:
        self._file = self._part.open("wb")
        return self._file

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._file.close()
        if kind is None:
            os.replace(self._part, self._path)
        else:
            self._part.unlink(missing_ok=True)


def _write_csv(rest: Rest, job_id: str, file: IO[bytes]) -> None:
    rest.copy(f"/jobs/{quoted(job_id)}/metrics", {"format": "csv"}, file)


def _write_json(rest: Rest, job_id: str, file: IO[bytes]) -> None:
    """`{"job", "facts", "notes", "predictions", "columns", …}`, without holding the columns, or
    more than one epoch's predictions, in memory."""
    path = f"/jobs/{quoted(job_id)}"
    shown = rest.get(path)
    head = json.dumps({name: shown[name] for name in ("job", "facts", "notes")})
    file.write(head.encode()[:-1] + b', "predictions": [')
    epochs = rest.get(f"{path}/predictions")["epochs"] if _has_predictions(shown) else []
    for place, epoch in enumerate(epochs):
        kept = rest.get(f"{path}/predictions", {"epoch": epoch})["predictions"]
        file.write(b", " * (place > 0) + json.dumps(kept).encode())
    file.write(b"],")  # the history's own braces close it
    rest.copy(f"/jobs/{quoted(job_id)}/metrics", {}, file, without=b"{")


def _has_predictions(shown: Any) -> bool:
    """Whether there may be any; a dashboard of before has none and knows no such call."""
    return bool(shown["job"].get("predictions_revision"))


FORMATS: dict[str, Writing] = {
    "csv": _write_csv,
    "json": _write_json,
    "parquet": write_parquet,
}
