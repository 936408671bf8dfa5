"""Where a run comes from: found without git, without secrets, and never an error."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from heimdall_dash.publish import origin as module
from heimdall_dash.publish.config import MASK
from heimdall_dash.publish.origin import origin

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    command = ["git", *who, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def committed(folder: Path) -> str:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    return git(folder, "rev-parse", "HEAD")


def test_the_commit_is_found_in_a_clone_below_it_in_a_worktree_and_when_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "clone"
    commit = committed(clone)
    (clone / "deep" / "er").mkdir(parents=True)
    git(clone, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    git(clone, "worktree", "add", "-q", "--detach", str(tmp_path / "loose"))
    for packed in (False, True):
        if packed:
            git(clone, "pack-refs", "--all")
        for folder in (clone, clone / "deep" / "er", tmp_path / "side", tmp_path / "loose"):
            monkeypatch.chdir(folder)
            assert origin()["git_commit"] == commit


@pytest.mark.parametrize(
    "head",
    [b"", b"\xff\xfe\x00", b"ref: refs/heads/nowhere\n", b"ref: ../../secret.txt\n", b"nonsense\n",
     b"ref: refs/heads/\x00\n", b"ref: " + b"x" * 5000 + b"\n"],
)  # fmt: skip
def test_a_clone_that_cannot_be_read_has_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    """A HEAD that points elsewhere published that file; one that is no text ended the start."""
    (tmp_path / "run" / ".git").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("hunter2")
    (tmp_path / "run" / ".git" / "HEAD").write_bytes(head)
    monkeypatch.chdir(tmp_path / "run")
    assert "git_commit" not in origin()


def test_a_detached_head_is_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text(COMMIT + "\n")
    monkeypatch.chdir(tmp_path)
    assert origin()["git_commit"] == COMMIT


def test_a_folder_that_is_gone_costs_the_commit_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert origin().keys() == {"host", "command", "python"}


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["train.py", "--lr", "1e-3", "a b"], "train.py --lr 1e-3 'a b'"),
        (
            ["t", "--api-key=hunter2", "--api_key", "hunter2"],
            f"t --api-key={MASK} --api_key {MASK}",
        ),
        (["t", "--hf-token", "hunter2", "x"], f"t --hf-token {MASK} x"),
        (["t", "+model.password=hunter2"], f"t +model.password={MASK}"),
        (["t", "--token", "--other"], "t --token --other"),
        (["t", "--max_tokens", "512", "--tokenizer=bert"], "t --max_tokens 512 --tokenizer=bert"),
        (["t", "redis://user:hunter2@host:1/0"], f"t redis://user:{MASK}@host:1/0"),
        (["t", "--url=rediss://:hunter2@host"], f"t --url=rediss://:{MASK}@host"),
        (["t", "\udcff"], "t '?'"),
        (["t", 7, None], "t 7 None"),
        ([], None),
    ],
)
def test_the_command_is_told_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch, arguments: Any, command: str | None
) -> None:
    monkeypatch.setattr(sys, "argv", arguments)
    assert origin().get("command") == command


def test_what_cannot_be_found_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter inside another program may have no argv at all."""

    def refuse() -> str:
        raise OSError("no name")

    monkeypatch.delattr(sys, "argv")
    monkeypatch.setattr(module.socket, "gethostname", refuse)
    found = origin()
    assert "command" not in found
    assert "host" not in found
    assert found["python"]


def test_a_long_command_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["t", *["x" * 100] * 1000])
    assert len(origin()["command"]) <= module.MAX_TEXT
