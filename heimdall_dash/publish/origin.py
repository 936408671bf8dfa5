"""Where a run comes from: host, command, git commit, Python. Facts of it, unless told not to."""

import platform
import re
import shlex
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from heimdall_dash.publish.config import MASK
from heimdall_dash.publish.secrets import is_secret
from heimdall_dash.records import storable

MAX_TEXT = 2_000
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?\Z")
_PASSWORD = re.compile(r"(://[^/@:\s]*:)[^/@\s]+@")


def origin() -> dict[str, str]:
    """Raises nothing; what cannot be found is left out."""
    found = {
        "host": _said(socket.gethostname),
        "command": _said(lambda: _command(sys.argv)),
        "python": platform.python_version(),
        "git_commit": _said(lambda: _commit(Path.cwd())),
    }
    return {name: storable(text)[:MAX_TEXT] for name, text in found.items() if text}


def _said(ask: Callable[[], str]) -> str:
    """No folder, no argv, a clone that is half copied: where a run comes from is never a reason
    to fail it."""
    try:
        return ask()
    except Exception:
        return ""


def _command(arguments: list[str]) -> str:
    """The command line, with what looks like a secret masked: `--api-key=…`, `--token …`, and the
    password of an address."""
    shown, hides_next = [], False
    for argument in map(str, arguments):
        name, equals, _ = argument.partition("=")
        if hides_next and not argument.startswith("-"):
            shown.append(MASK)
        elif equals and is_secret(name):
            shown.append(f"{name}={MASK}")
        else:
            shown.append(_PASSWORD.sub(rf"\1{MASK}@", shlex.quote(argument)))
        hides_next = argument.startswith("-") and not equals and is_secret(name)
    return " ".join(shown)


def _commit(folder: Path) -> str:
    """The commit that the folder's clone stands at, read without starting git. Raises OSError,
    ValueError."""
    for parent in [folder, *folder.parents]:
        git = parent / ".git"
        if git.is_file():  # a worktree or submodule says where its own is
            git = (parent / git.read_text().partition(":")[2].strip()).resolve()
        if git.is_dir():
            head = (git / "HEAD").read_text().strip()
            commit = head if not head.startswith("ref: ") else _resolved(git, head[5:])
            return commit if _COMMIT.match(commit) else ""  # whatever else lay there is not told
    return ""


def _resolved(git: Path, ref: str) -> str:
    common = git
    if (git / "commondir").exists():
        common = (git / (git / "commondir").read_text().strip()).resolve()
    if (common / ref).exists():
        return (common / ref).read_text().strip()
    for line in (common / "packed-refs").read_text().splitlines():
        commit, _, name = line.partition(" ")
        if name == ref:
            return commit
    return ""
