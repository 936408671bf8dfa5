"""The web process as it is started: from the package or by `app.py`, one or several."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import uvicorn

from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.web import NoticedProcess
from tests.conftest import wait_for
from tests.processes import Child
from tests.servers import free_port

pytestmark = pytest.mark.slow


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v1/training/jobs").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(
    "command", [["-m", "heimdall_dash.web"], ["app.py"], ["-m", "uvicorn", "app:server", "--port"]]
)
@pytest.mark.parametrize("processes", ["1", "2"])
def test_web_process_serves_the_page(
    valkey: EmbeddedStore, tmp_path: Path, command: list[str], processes: str
) -> None:
    port = free_port()
    arguments = [*command, str(port)] if command[-1] == "--port" else command
    environment = {
        "PORT": str(port), "REDIS_URL": valkey.url, "HEIMDALL_DATA": str(tmp_path),
        "WEB_CONCURRENCY": processes,
    }  # fmt: skip
    with Child(tmp_path, *arguments, **environment) as child:
        wait_for(lambda: answers(port) or child.has_ended(), 40)
        assert not child.has_ended(), child.output
        assert "<title>" in httpx.get(f"http://127.0.0.1:{port}/").text
        assert child.stop() in {0, -15}, child.output


@pytest.mark.parametrize("command", [["-m", "heimdall_dash.web"], ["app.py"]])
def test_web_process_without_a_store_says_so_in_one_line(
    tmp_path: Path, command: list[str]
) -> None:
    ended = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=60,
        cwd=Path(__file__).parent.parent,
        env={"PATH": "/usr/bin:/bin", "HEIMDALL_DATA": str(tmp_path), "PORT": str(free_port())},
    )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "REDIS_URL" in ended.stderr


@pytest.mark.timeout(60)
def test_web_process_that_dies_while_it_is_asked_whether_it_lives_is_noticed_at_once() -> None:
    """The others were not looked after meanwhile, nor was it started again."""
    process = NoticedProcess(uvicorn.Config("nowhere:application", log_config=None), [])
    process.start()
    process.join()  # there is no such application
    assert not process.ping(timeout=600)
