"""Two web hosts and two workers behind a real nginx, with one store: one of each dies."""

import contextlib
import ssl
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.conftest import wait_for
from tests.processes import Child
from tests.proxies import Nginx
from tests.servers import RedisServer
from tests.viewers import Viewer

TOKEN = "correct horse; battery, staple"
AUTH = {"Authorization": f"Bearer {TOKEN}"}
EPOCHS = 30
SMALL = {"train_samples": 256, "val_samples": 256, "batch_size": 64, "epoch_delay_s": 0.2}
AWAY = (OSError, ConnectionClosed, InvalidHandshake, TimeoutError)


class Reconnecting:
    """A program that looks on through the proxy, and comes back whenever it is cut off."""

    def __init__(self, address: str, **options: Any) -> None:
        self._address, self._options = address, options
        self.losses: dict[int, float] = {}
        self.differing: list[int] = []  # epochs that came again with another loss
        self.connections = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join(20)

    def _run(self) -> None:
        while not self._is_over.wait(0.2):
            after = max(self.losses, default=-1)
            with (
                contextlib.suppress(*AWAY),
                Viewer(f"{self._address}?after={after}", **self._options) as viewer,
            ):
                self.connections += 1
                self._watch(viewer)

    def _watch(self, viewer: Viewer) -> None:
        while not self._is_over.is_set():
            message = viewer.next()
            if message["event"] == "training_progress" and "epoch" in message["data"]:
                epoch, loss = message["data"]["epoch"], message["data"]["train_loss"]
                if self.losses.setdefault(epoch, loss) != loss:
                    self.differing.append(epoch)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_nothing_is_lost_when_one_web_host_and_the_worker_that_trains_die(tmp_path: Path) -> None:
    """About 50 s: a worker that is not heard of for 20 s is taken for dead."""
    with (
        RedisServer(tmp_path / "redis") as redis,
        Nginx(tmp_path / "nginx", hosts=2) as nginx,
        contextlib.ExitStack() as machines,
    ):
        shared = {
            "REDIS_URL": redis.url, "HEIMDALL_TOKEN": TOKEN, "HEIMDALL_PREFIX": "/heimdall/",
            "HEIMDALL_PROXIES": "127.0.0.1", "HEIMDALL_DEMO": "0",
        }  # fmt: skip

        def machine(name: str, *command: str, **more: str) -> Child:
            data = str(tmp_path / name)
            child = Child(tmp_path, *command, **shared, **more, HEIMDALL_DATA=data)
            return machines.enter_context(child)

        webs = [
            machine(f"web {port}", "app.py", PORT=str(port)) for port in nginx.backends
        ]  # one Python program each, as on two hosts
        workers = [machine(f"worker {one}", "-m", "trainer", "worker") for one in (1, 2)]
        trust = ssl.create_default_context(cafile=str(nginx.certificate))
        api = machines.enter_context(
            httpx.Client(base_url=f"{nginx.url}/api/v1/training", verify=trust, headers=AUTH)
        )

        def job() -> dict[str, Any]:
            with contextlib.suppress(httpx.TransportError):
                answer = api.get(f"/jobs/{job_id}")
                return dict(answer.json()["job"]) if answer.status_code == 200 else {}
            return {}

        for port in nginx.backends:
            wait_for(lambda port=port: answers(port), 60, f"the web host at {port}")
        body = {"job_name": "two hosts", "config": {**SMALL, "epochs": EPOCHS}}
        job_id = api.post("/jobs", json=body).raise_for_status().json()["id"]
        address = f"wss://localhost:{nginx.port}/heimdall/ws/training/{job_id}"
        viewers = [Reconnecting(address, ssl=trust, additional_headers=AUTH) for _ in range(4)]
        for viewer in viewers:
            machines.callback(viewer.stop)
        wait_for(lambda: job().get("current_epoch", 0) >= 5, 60, "the first epochs")
        wait_for(lambda: all(viewer.losses for viewer in viewers), 20, "all viewers to follow")

        (trains,) = [one for one in workers if len(one.family()) > 1]
        for dead in (webs[0], trains):
            for process in dead.family():
                process.kill()

        wait_for(lambda: job().get("status") == "completed", 120, f"the end of {job}")
        expected = list(range(EPOCHS + 1))
        wait_for(lambda: all(EPOCHS in one.losses for one in viewers), 20, "the last epoch")
        stored = api.get(f"/jobs/{job_id}/metrics").json()["columns"]
        assert stored["epoch"] == expected
        for viewer in viewers:
            assert list(viewer.losses) == expected
            assert list(viewer.losses.values()) == stored["train_loss"]
            assert viewer.differing == []  # what the other worker trained again is the same
        assert job()["attempt"] == 1
        cut = [viewer.connections > 1 for viewer in viewers]
        assert any(cut), "the proxy shared the viewers out among both hosts"


def answers(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        headers = {**AUTH, "Host": "localhost"}
        url = f"http://127.0.0.1:{port}/heimdall/health/ready"
        return httpx.get(url, headers=headers).status_code == 200
    return False
