"""`make run` as a whole: ready in one line, stopped without a trace, going on where it was."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from heimdall_dash.discovery import living, runs_folder
from tests.conftest import wait_for
from tests.logs import logged
from tests.processes import Child, lives
from tests.servers import free_port
from tests.viewers import Viewer

pytestmark = pytest.mark.slow


def launch(tmp_path: Path, port: int, **more: str) -> Child:
    return Child(
        tmp_path, "-m", "heimdall_dash",
        PORT=str(port), HEIMDALL_DATA=str(tmp_path / "data"), **more,
    )  # fmt: skip


def wait_until_ready(child: Child, port: int) -> None:
    ready = f"Heimdall is ready: http://127.0.0.1:{port}"
    try:
        wait_for(lambda: ready in child.output or child.has_ended(), 60)
        assert child.output.count(ready) == 1
    except AssertionError as error:
        raise AssertionError(child.output) from error


def demo(port: int) -> dict[str, object]:
    jobs = httpx.get(f"http://127.0.0.1:{port}/api/v1/training/jobs").json()["jobs"]
    assert len(jobs) == 1
    return dict(jobs[0])


def epochs(port: int, job_id: object) -> list[int]:
    url = f"http://127.0.0.1:{port}/api/v1/training/jobs/{job_id}/metrics"
    return list(httpx.get(url).json()["columns"]["epoch"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_launcher_shows_the_demo_and_goes_on_with_it_after_a_stop(
    tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    with launch(tmp_path, port) as first:
        wait_until_ready(first, port)
        wait_for(lambda: int(str(demo(port)["current_epoch"])) >= 2, 60)
        assert (demo(port)["job_name"], demo(port)["total_epochs"]) == ("VHF", 500)
        family = first.family()
        assert len(family) >= 5  # launcher, undertaker, store, web server, worker
        first.process.send_signal(number)
        assert first.process.wait(10) == 0
        assert not [process for process in family if lives(process)]
    with launch(tmp_path, port) as second:
        wait_until_ready(second, port)
        before = len(epochs(port, demo(port)["id"]))
        assert before >= 3
        wait_for(lambda: int(str(demo(port)["current_epoch"])) >= before + 1, 60)
        seen = epochs(port, demo(port)["id"])
        assert seen == list(range(len(seen)))
        assert second.stop() == 0


def test_launcher_says_in_one_line_that_its_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with launch(tmp_path, port) as child:
            assert child.process.wait(20) != 0
            assert child.output.count("\n") == 1
            assert f"port {port}" in child.output
    assert not (tmp_path / "data").exists()


def test_launcher_says_in_one_line_that_its_data_folder_is_in_use(tmp_path: Path) -> None:
    first_port, second_port = free_port(), free_port()
    with launch(tmp_path, first_port, HEIMDALL_DEMO="0") as first:
        wait_until_ready(first, first_port)
        with launch(tmp_path, second_port) as second:
            assert second.process.wait(20) != 0
            assert second.output.count("\n") == 1
            assert "HEIMDALL_DATA" in second.output
        assert httpx.get(f"http://127.0.0.1:{first_port}/health").status_code == 200


@pytest.mark.parametrize(
    ("settings", "word"),
    [({"HOST": "0.0.0.0"}, "HEIMDALL_TOKEN"), ({"PORT": "x"}, "PORT"),
     ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "REDIS_URL")],
)  # fmt: skip
def test_launcher_refuses_impossible_settings_in_one_line(
    tmp_path: Path, settings: dict[str, str], word: str
) -> None:
    environment = {"PORT": str(free_port()), "HEIMDALL_DATA": str(tmp_path / "data"), **settings}
    with Child(tmp_path, "-m", "heimdall_dash", **environment) as child:
        assert child.process.wait(30) != 0
        assert word in child.output
        assert child.output.count("\n") == 1
        assert "Traceback" not in child.output


def is_well(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=30).status_code == 200
    except httpx.TransportError:
        return False


def test_launcher_starts_parts_that_die_again(tmp_path: Path) -> None:
    port = free_port()
    with launch(tmp_path, port, HEIMDALL_DEMO="0") as child:
        wait_until_ready(child, port)
        for part in psutil.Process(child.process.pid).children():
            part.kill()
            wait_for(lambda part=part: not lives(part), 10)
            wait_for(lambda: is_well(port), 40, f"recovery from the death of {part}")
        assert child.stop() == 0


def can_bind(probe: socket.socket, port: int | None) -> bool:
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def test_web_and_worker_follow_a_store_that_comes_back_on_another_port(tmp_path: Path) -> None:
    port = free_port()
    with launch(tmp_path, port, HEIMDALL_DEMO="0") as child, socket.socket() as taken:
        wait_until_ready(child, port)
        url_file = tmp_path / "data" / "store" / "url"
        before = url_file.read_text()
        (store,) = [one for one in child.family() if "valkey" in one.name()]
        child.process.send_signal(signal.SIGSTOP)
        store.kill()
        store_port = urlsplit(before.strip()).port
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wait_for(lambda: not lives(store))
        wait_for(lambda: can_bind(taken, store_port), 10, "the port")
        taken.listen()
        child.process.send_signal(signal.SIGCONT)
        wait_for(lambda: url_file.read_text() != before, 10, "the store's new address")
        wait_for(lambda: not is_well(port), 10, "/health to tell")
        wait_for(lambda: is_well(port), 60, "web server and worker to follow")
        found = [one for one in living() if one.url == f"http://127.0.0.1:{port}"]
        assert [one.store_url for one in found] == [url_file.read_text().strip()]
        assert child.stop() == 0


def undertaker_of(family: list[psutil.Process]) -> psutil.Process:
    (found,) = [one for one in family if "heimdall_dash.undertaker" in one.cmdline()]
    return found


def test_killed_launcher_leaves_nothing_behind_and_the_next_one_starts_at_once(
    tmp_path: Path,
) -> None:
    port = free_port()
    with launch(tmp_path, port, HEIMDALL_DEMO="0") as first:
        wait_until_ready(first, port)
        family = first.family()
        assert len(family) >= 5  # launcher, undertaker, store, web server, worker
        first.process.kill()
        first.process.wait()
        with launch(tmp_path, port, HEIMDALL_DEMO="0") as second:
            wait_until_ready(second, port)
            assert not [one for one in family if lives(one)]
            assert "ending what it left behind" in first.output
            assert second.stop() == 0


def test_killed_launcher_leaves_nothing_behind_when_nobody_starts_another(tmp_path: Path) -> None:
    port = free_port()
    with launch(tmp_path, port, HEIMDALL_DEMO="0") as child:
        wait_until_ready(child, port)
        family = child.family()
        child.process.kill()
        child.process.wait()
        wait_for(lambda: not [one for one in family if lives(one)], 12, "the end of all parts")
    assert "is killed" not in child.output


@pytest.mark.parametrize("same_port", [True, False])
def test_launcher_ends_what_an_earlier_one_left_that_was_killed_with_its_undertaker(
    tmp_path: Path, same_port: bool
) -> None:
    port = free_port()
    with launch(tmp_path, port, HEIMDALL_DEMO="0") as first:
        wait_until_ready(first, port)
        family = first.family()
        first.process.send_signal(signal.SIGSTOP)  # it would start another undertaker
        undertaker_of(family).kill()
        first.process.kill()
        first.process.wait()
        left = [one for one in family if lives(one)]
        assert len(left) >= 3  # store, web server, worker
        second_port = port if same_port else free_port()
        with launch(tmp_path, second_port, HEIMDALL_DEMO="0") as second:
            wait_until_ready(second, second_port)
            assert not [one for one in left if lives(one)]
            assert second.stop() == 0


def test_demo_goes_on_with_no_epoch_lost_when_its_launcher_was_killed(tmp_path: Path) -> None:
    port = free_port()
    with launch(tmp_path, port) as first:
        wait_until_ready(first, port)
        wait_for(lambda: int(str(demo(port)["current_epoch"])) >= 2, 60)
        first.process.kill()
        first.process.wait()
        with launch(tmp_path, port) as second:
            wait_until_ready(second, port)
            before = len(epochs(port, demo(port)["id"]))
            wait_for(lambda: int(str(demo(port)["current_epoch"])) >= before + 1, 60)
            seen = epochs(port, demo(port)["id"])
            assert seen == list(range(len(seen)))
            url = f"http://127.0.0.1:{port}/api/v1/training/jobs/{demo(port)['id']}"
            kinds = [note["kind"] for note in httpx.get(url).json()["notes"]]
            assert "stalled" not in kinds  # it was given back, not taken over
            assert second.stop() == 0


def test_launcher_brings_what_dead_trainers_left_here_and_where_no_dashboard_was_known(
    tmp_path: Path,
) -> None:
    port, nowhere = free_port(), f"redis://127.0.0.1:{free_port()}/0"
    ids = {folder: str(uuid.uuid4()) for folder in (tmp_path / "data", runs_folder())}
    for folder, job_id in ids.items():
        trainer = ["-m", "tests.faults.trainer", str(folder), job_id, nowhere]
        with Child(tmp_path, *trainer) as child:
            wait_for(lambda: len(logged(folder, job_id)) > 20, 30, child.output)  # noqa: B023
            child.process.kill()
            child.process.wait()
        job_file = folder / "jobs" / job_id / "job.json"
        content = json.loads(job_file.read_text())  # as it is where no address was given
        job_file.write_text(json.dumps(content | {"url": None}))
    with launch(tmp_path, port, HEIMDALL_DEMO="0") as dashboard:
        wait_until_ready(dashboard, port)
        for folder, job_id in ids.items():
            expected = logged(folder, job_id)
            api = f"http://127.0.0.1:{port}/api/v1/training/jobs/{job_id}"
            wait_for(lambda: httpx.get(api).status_code == 200, 30, f"{folder}")  # noqa: B023
            wait_for(lambda: epochs(port, job_id) == expected, 30, f"{folder}")  # noqa: B023
            wait_for(lambda: httpx.get(api).json()["job"]["status"] == "failed")  # noqa: B023
        assert dashboard.stop() == 0


def test_trainers_find_the_dashboard_as_long_as_it_lives_and_where_its_store_is(
    tmp_path: Path,
) -> None:
    port = free_port()
    with launch(tmp_path, port, HEIMDALL_DEMO="0") as child:
        wait_until_ready(child, port)
        url = f"http://127.0.0.1:{port}"
        (found,) = [one for one in living() if one.url == url]
        assert found.store_url == (tmp_path / "data" / "store" / "url").read_text().strip()
        assert found.data == (tmp_path / "data").absolute()
        assert child.stop() == 0
    assert not [one for one in living() if one.url == url]


def test_launcher_serves_with_several_web_processes(tmp_path: Path) -> None:
    port = free_port()
    with launch(tmp_path, port, HEIMDALL_DEMO="0", WEB_CONCURRENCY="2") as child:
        wait_until_ready(child, port)
        url = f"http://127.0.0.1:{port}/api/v1/training/jobs"
        job_id = httpx.post(url, json={"job_name": "x", "external": True}).json()["id"]
        socket_url = f"ws://127.0.0.1:{port}/ws/training/{job_id}?after=-1"
        with contextlib.ExitStack() as stack:
            viewers = [
                stack.enter_context(Viewer(socket_url, framed=number % 2 == 0))
                for number in range(8)
            ]
            for first in range(0, 400, 20):
                rows = [{"epoch": epoch, "x": epoch} for epoch in range(first, first + 20)]
                httpx.post(f"{url}/{job_id}/metrics", json=rows).raise_for_status()
            for number, viewer in enumerate(viewers):
                see = viewer.epochs_up_to if number % 2 else viewer.framed_up_to
                assert see(399) == list(range(400))
        family = child.family()
        assert child.stop() == 0, child.output
        assert not [process for process in family if lives(process)]


UNREACHABLE = "redis://127.0.0.1:1/0"
LAUNCHER, WEB, WORKER = ["-m", "heimdall_dash", "run"], ["app.py"], ["-m", "trainer", "worker"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "url"),
    [(LAUNCHER, UNREACHABLE), (WORKER, UNREACHABLE), (WORKER, UNREACHABLE + "?foo=bar"),
     (WEB, UNREACHABLE + "?socket_timeout=x"), (WEB, "redis+sentinel://x")],
)  # fmt: skip
def test_store_that_cannot_be_is_told_in_one_line(
    tmp_path: Path, command: list[str], url: str
) -> None:
    """The worker and the web server told of it by tracebacks, for ever."""
    environment = {
        "PATH": os.environ["PATH"], "REDIS_URL": url, "HEIMDALL_DATA": str(tmp_path),
        "HEIMDALL_DEMO": "0", "PORT": str(free_port()),
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=40,
        cwd=Path(__file__).parent.parent, env=environment,
    )  # fmt: skip
    said = [line for line in ended.stderr.splitlines() if " INFO " not in line]
    assert ended.returncode in {1, 2}
    assert len(said) == 1, ended.stderr
