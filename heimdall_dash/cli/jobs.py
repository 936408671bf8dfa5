"""`heimdall ls` and `heimdall show`: jobs as tables, or as JSON for programs."""

import argparse
import json
import sys
from typing import Any

from heimdall_dash.cli.text import NOTHING, cell, printable, table, when
from heimdall_dash.records import Status
from heimdall_dash.rest import Rest, quoted

LIMIT = 50
ID_LETTERS = 8  # as many as tell a dashboard's jobs apart, nearly always
PLACES = {"epoch", "timestamp"}  # a row's own columns
IN_HEAD = ("status", "error_message", "ended_because", "group", "tags", "project", "created_at",
           "started_at", "completed_at", "estimated_completion", "last_metric_at", "best_epoch",
           "best_val_loss", "epochs_stored")  # fmt: skip


def add_to(commands: Any) -> None:
    listing = commands.add_parser(
        "ls", help="the jobs, newest first", description="The jobs, newest first."
    )
    listing.add_argument("--status", choices=[str(status) for status in Status])
    listing.add_argument(
        "--limit", type=_count, default=LIMIT, metavar="N", help=f"at most N ({LIMIT}); 0: all"
    )
    _add_common(listing)
    listing.set_defaults(command=_ls)
    showing = commands.add_parser(
        "show",
        help="one job: settings, facts, notes, last metrics",
        description="One job: settings, facts, notes, last metrics.",
    )
    showing.add_argument("id", metavar="ID", help="or its beginning, where no other begins so")
    _add_common(showing)
    showing.set_defaults(command=_show)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--url", help="the dashboard's address, such as http://127.0.0.1:8001")


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a whole number, 0 or more, not {text!r}")
    return int(text)


def _ls(options: argparse.Namespace) -> int:
    rest = Rest.find(options.url)
    jobs, total = rest.jobs(status=options.status, limit=options.limit or None)
    if options.json:
        print(json.dumps(jobs, indent=2, ensure_ascii=False))
        return 0
    header = ["ID", "NAME", "STATUS", "EPOCH", "BEST VAL_LOSS", "CREATED (UTC)"]
    print(table(header, [_line(job) for job in jobs]))
    if len(jobs) < total:
        print(f"{len(jobs)} of {total} jobs; --limit 0 shows all", file=sys.stderr)
    return 0


def _line(job: dict[str, Any]) -> list[str]:
    return [
        printable(job["id"])[:ID_LETTERS],
        cell(job["job_name"]),
        cell(job["status"]),
        _progress(job),
        cell(job.get("best_val_loss")),
        when(job.get("created_at")),
    ]


def _progress(job: dict[str, Any]) -> str:
    total = job.get("total_epochs")
    return f"{job.get('current_epoch') or 0}" + (f"/{total}" if total else "")


def _show(options: argparse.Namespace) -> int:
    rest = Rest.find(options.url)
    shown = rest.get(f"/jobs/{quoted(rest.find_id(options.id))}")
    if options.json:
        print(json.dumps(shown, indent=2, ensure_ascii=False))
        return 0
    job = shown["job"]
    print(f"{cell(job['job_name'])}  {cell(job['id'])}")
    head = [[name.replace("_", " "), cell(job.get(name))] for name in IN_HEAD]
    _print_part("", [["epoch", _progress(job)], *(row for row in head if row[1] != NOTHING)])
    _print_part("config", _pairs(job.get("config")))
    _print_part("facts", _pairs(shown.get("facts")))
    _print_part("last metrics", _pairs(_newest(shown.get("recent_metrics") or [])))
    notes = [_note(note) for note in shown.get("notes") or []]
    _print_part("notes", notes)
    return 0


def _print_part(title: str, rows: list[list[str]]) -> None:
    if not rows:
        return
    if title:
        print(f"\n{title}")
    for line in table([], rows).splitlines():
        print(f"  {line}")


def _pairs(values: Any) -> list[list[str]]:
    return [[printable(name), cell(value)] for name, value in dict(values or {}).items()]


def _newest(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The newest value of each metric in these rows, which are oldest first."""
    newest: dict[str, Any] = {}
    for row in rows:
        newest |= {name: value for name, value in row.items() if value is not None}
    return {name: value for name, value in newest.items() if name not in PLACES}


def _note(note: dict[str, Any]) -> list[str]:
    epoch = note.get("epoch")
    place = NOTHING if epoch is None else f"epoch {epoch}"
    return [when(note.get("timestamp")), place, cell(note.get("message"))]
