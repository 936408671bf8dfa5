"""Finding the dashboards of this user on this machine, with real processes that live and die."""

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from heimdall_dash import discovery
from heimdall_dash.discovery import announce, living, runs_folder, state_folder
from tests.conftest import wait_for

URL, STORE_URL = "http://127.0.0.1:8001", "redis://:secret@127.0.0.1:1/0"
ROOT = Path(__file__).parent.parent

ANNOUNCER = """
import sys
from pathlib import Path
from heimdall_dash.discovery import announce
with announce("http://127.0.0.1:9000", "redis://:x@127.0.0.1:1/0", Path("data")):
    print("announced", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "heimdall-dash" / "dashboards"


def start_announcer() -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", ANNOUNCER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"announced\n"
    return process


def test_announced_dashboard_is_found_with_all_that_a_trainer_needs(tmp_path: Path) -> None:
    assert living() == []
    with announce(URL, STORE_URL, tmp_path / "data"):
        (found,) = living()
    assert (found.url, found.store_url, found.data) == (URL, STORE_URL, tmp_path / "data")
    assert found.pid == os.getpid()
    assert found.started_at.endswith("Z")
    assert living() == []


def test_data_folder_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with announce(URL, STORE_URL, Path("data")):
        assert living()[0].data == tmp_path / "data"


def test_announcement_is_for_its_user_alone_and_leaves_nothing(state: Path, tmp_path: Path) -> None:
    with announce(URL, STORE_URL, tmp_path):
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        modes = {stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()}
        assert modes == {0o600}
    assert list(state.iterdir()) == []


def test_newest_dashboard_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "utc_now", lambda: "2026-01-01T00:00:00.000Z")
    older = announce("http://127.0.0.1:1", STORE_URL, tmp_path)
    monkeypatch.setattr(discovery, "utc_now", lambda: "2026-01-01T00:00:00.001Z")
    with announce("http://127.0.0.1:2", STORE_URL, tmp_path), older:
        assert [dashboard.url[-1] for dashboard in living()] == ["2", "1"]


def test_store_that_moved_is_found_at_its_new_address(tmp_path: Path) -> None:
    with announce(URL, STORE_URL, tmp_path) as announced:
        announced.update(store_url="redis://127.0.0.1:2/0")
        (found,) = living()
        assert (found.url, found.store_url) == (URL, "redis://127.0.0.1:2/0")


def test_killed_dashboard_is_not_found_and_its_file_goes(state: Path) -> None:
    with start_announcer() as process:
        assert [dashboard.pid for dashboard in living()] == [process.pid]
        process.kill()
    assert living() == []
    assert list(state.iterdir()) == []


def test_forked_child_does_not_keep_a_dead_dashboard_alive(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    announced = announce(URL, STORE_URL, tmp_path).start()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)  # until the parent lets go
        os._exit(0)
    try:
        announced._let_go()  # as the kernel does when the parent dies
        wait_for(lambda: living() == [], what="the child to have let go")
    finally:
        os.close(writing)
        os.close(reading)
        os.waitpid(child, 0)


def test_readers_at_once_do_not_take_each_other_for_the_owner(state: Path) -> None:
    with start_announcer() as process:
        process.kill()
    lock = next(state.glob("*.lock"))
    held = os.open(lock, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_SH)
    assert living() == []
    os.close(held)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"url": 7}', b'{"url": "http://x"}', b"[" * 100_000,
     b'{"url":"ftp://x","store_url":"","data":"","started_at":"","pid":"x"}'],
)  # fmt: skip
def test_garbage_in_the_folder_costs_nobody_a_dashboard(
    state: Path, tmp_path: Path, content: bytes
) -> None:
    with announce(URL, STORE_URL, tmp_path), start_announcer() as process:
        for path in state.glob("*.json"):
            if json.loads(path.read_bytes())["pid"] == process.pid:
                path.write_bytes(content)
        (state / "folder.json").mkdir()
        (state / "folder.lock").mkdir()
        os.mkfifo(state / "pipe.json")
        os.mkfifo(state / "pipe.lock")
        (state / "nowhere.lock").symlink_to(tmp_path / "nothing")
        assert [dashboard.url for dashboard in living()] == [URL]
        process.send_signal(signal.SIGKILL)


def test_dashboard_of_another_machine_or_container_is_not_taken(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with announce(URL, STORE_URL, tmp_path):
        monkeypatch.setattr(discovery, "_here", lambda: "elsewhere")
        assert living() == []
        assert len(list(state.glob("*.json"))) == 1


def test_leftovers_go_in_the_end(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with start_announcer() as process:
        process.kill()
    (state / "unborn.lock").touch()
    monkeypatch.setattr(discovery, "_here", lambda: "after a reboot")
    assert living() == []
    assert len(list(state.iterdir())) == 3
    for path in state.iterdir():
        os.utime(path, (0, 0))
    assert living() == []
    assert list(state.iterdir()) == []


def test_dashboard_runs_where_no_state_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with announce(URL, STORE_URL, tmp_path) as announced:
        announced.update(store_url="redis://x")
        assert living() == []
    assert "HEIMDALL_URL" in caplog.text


def test_state_folder_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_folder() == tmp_path / "state" / "heimdall-dash"
    assert runs_folder() == state_folder() / "runs"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert state_folder().is_absolute()
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    if sys.platform == "linux":
        assert state_folder() == tmp_path / ".local" / "state" / "heimdall-dash"


def test_announcer_that_is_told_to_end_leaves_nothing(state: Path) -> None:
    with start_announcer() as process:
        assert process.stdin is not None
        process.stdin.close()
        wait_for(lambda: process.poll() == 0)
    assert list(state.iterdir()) == []
