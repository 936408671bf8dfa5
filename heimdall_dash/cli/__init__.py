"""`heimdall`, the command line; `python -m heimdall_dash` is the same.

Every command ends with 0, or with one line on stderr and 1 (it cannot be done) or 2 (it was not
understood). Importing this imports nothing of the server.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from heimdall_dash import __version__
from heimdall_dash.cli import backup, export, import_, jobs, run, sync
from heimdall_dash.cli.text import printable
from heimdall_dash.errors import HeimdallError


def main(arguments: Sequence[str] | None = None) -> int:
    """One command; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name may hold what the terminal has no letter for
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(given or ["run"])
    try:
        code = int(options.command(options))
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # `heimdall ls | head`: whoever read has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (HeimdallError, OSError) as error:
        return _refuse(str(error), 1)
    except KeyboardInterrupt:
        return _refuse("interrupted", 1)


def _refuse(message: str, code: int) -> int:
    print(f"Heimdall: {printable(message)}", file=sys.stderr)
    return code


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """In one line, where argparse would print the usage as well."""
        raise SystemExit(_refuse(f"{message}; see {self.prog} --help", 2))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="heimdall",
        description="Watch training runs while they happen. Without a command: run.",
        epilog="Where a command needs a dashboard, it takes --url, else HEIMDALL_URL (with "
        "HEIMDALL_TOKEN), else the newest that you run on this machine.",
    )
    parser.add_argument("--version", action="version", version=f"heimdall {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (run, jobs, sync, import_, export, backup):
        command.add_to(commands)
    return parser
