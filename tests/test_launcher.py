"""`make run` as a whole: ready in one line, stopped without a trace, going on where it was."""

import contextlib
import signal
import socket
from pathlib import Path

import httpx
import psutil
import pytest

from tests.conftest import wait_for
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
        assert len(family) >= 4  # the launcher, the store, the web server, the worker
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


def test_launcher_starts_parts_that_die_again(tmp_path: Path) -> None:
    port = free_port()
    with launch(tmp_path, port, HEIMDALL_DEMO="0") as child:
        wait_until_ready(child, port)

        def is_well() -> bool:
            try:
                return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
            except httpx.TransportError:
                return False

        for part in psutil.Process(child.process.pid).children():
            part.kill()
            wait_for(lambda part=part: not lives(part), 10)
            wait_for(is_well, 40, f"recovery from the death of {part}")
        assert child.stop() == 0


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
