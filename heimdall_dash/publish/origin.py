"""Where a run comes from: host, command, git commit, Python. Facts of it, unless told not to."""

import os
import platform
import shlex
import socket
import sys
from pathlib import Path

from heimdall_dash.publish.config import MASK
from heimdall_dash.publish.secrets import is_secret
from heimdall_dash.records import storable

MAX_TEXT = 2_000


def origin() -> dict[str, str]:
    """Raises nothing; what cannot be found is left out."""
    found = {
        "host": socket.gethostname(),
        "command": _command(sys.argv),
        "python": platform.python_version(),
        "git_commit": _commit(Path.cwd()) if _has_folder() else "",
    }
    return {name: storable(text)[:MAX_TEXT] for name, text in found.items() if text}


def _command(arguments: list[str]) -> str:
    """The command line, with what looks like a secret masked: `--api-key=…`, `--token …`."""
    shown, hides_next = [], False
    for argument in arguments:
        name, equals, _ = argument.partition("=")
        if hides_next and not argument.startswith("-"):
            shown.append(MASK)
        elif equals and is_secret(name):
            shown.append(f"{name}={MASK}")
        else:
            shown.append(shlex.quote(argument))
        hides_next = argument.startswith("-") and not equals and is_secret(name)
    return " ".join(shown)


def _has_folder() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _commit(folder: Path) -> str:
    """The commit that the folder's clone stands at, read without starting git."""
    for parent in [folder, *folder.parents]:
        git = parent / ".git"
        try:
            if git.is_file():  # a worktree or submodule says where its own is
                git = (parent / git.read_text().partition(":")[2].strip()).resolve()
            if not git.is_dir():
                continue
            head = (git / "HEAD").read_text().strip()
            return head if not head.startswith("ref: ") else _resolved(git, head[5:])
        except OSError:
            return ""
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
