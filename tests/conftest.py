"""Fixtures that several test files share: real servers, each in a folder of its own."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from selenium.webdriver.chrome.options import Options

from heimdall_dash.manifest import Manifest
from heimdall_dash.server import build_server
from heimdall_dash.settings import Settings
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from heimdall_dash.web import uvicorn_options
from tests import small_trainer
from tests.servers import Cluster, RedisServer, free_port

HAS_TRAINER = (Path(__file__).parents[1] / "trainer").is_dir()
# What is about the demonstration, or about the page that its manifest makes.
OF_THE_TRAINER = ("trainer", "browser", "faults", "test_architecture.py", "test_launcher.py",
                  "test_queue.py", "test_two_hosts.py", "test_worker.py")  # fmt: skip
collect_ignore = [] if HAS_TRAINER else list(OF_THE_TRAINER)

CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class ChromiumOptions(Options):
    """Keeps what dash.testing (4.4) switches off without asking: the page's notifications."""

    def add_argument(self, argument: str) -> None:
        if argument != "--disable-notifications":
            super().add_argument(argument)


def pytest_setup_options() -> Options:
    """dash.testing asks for the browser's options here."""
    options = ChromiumOptions()
    for flag in CHROMIUM_FLAGS:
        options.add_argument(flag)
    return options


def wait_for(condition: Callable[[], Any], timeout_s: float = 10.0, what: str = "") -> Any:
    """The condition's first true value; fails the test when none comes in time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if value := condition():
            return value
        threading.Event().wait(0.02)
    raise AssertionError(f"waited {timeout_s} s for {what or condition} in vain")


@pytest.fixture(scope="session", autouse=True)
def _nobodys_dashboard(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests and what they start must never meet the dashboard of whoever runs them."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    os.environ.pop("HEIMDALL_URL", None)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    """The embedded store, for tests that leave other jobs alone."""
    embedded = EmbeddedStore(tmp_path_factory.mktemp("valkey"))
    embedded.start()
    yield embedded
    embedded.stop()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[EmbeddedStore]:
    """An embedded store for one test, which may stop and start it."""
    embedded = EmbeddedStore(tmp_path / "data")
    embedded.start()
    yield embedded
    embedded.stop()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as nodes:
        yield nodes


@pytest.fixture(params=["valkey", "redis", "cluster"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The same behaviour on each kind of server."""
    fixture = {"valkey": "valkey", "redis": "redis_server", "cluster": "cluster"}[request.param]
    return str(request.getfixturevalue(fixture).url)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = Store(store_url)
    yield opened
    opened.close()


class Web:
    """The real web server in a thread."""

    def __init__(self, settings: Settings, manifest: Manifest = small_trainer.MANIFEST) -> None:
        self.settings = settings
        self.url = f"http://{settings.host}:{settings.port}"
        self.ws_url = f"ws://{settings.host}:{settings.port}/ws/training"
        self.api = self.url + "/api/v1/training"
        self.application = build_server(settings, manifest)
        config = uvicorn.Config(self.application, **uvicorn_options(settings))
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> "Web":
        self._thread.start()
        wait_for(self._follows_store, what="the web server to follow the store")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(15)
        assert not self._thread.is_alive(), "the web server did not stop"

    def _follows_store(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            services = httpx.get(self.url + "/health", headers=self.auth).json()["services"]
            return bool(services["live"] == "healthy")
        return False

    @property
    def auth(self) -> dict[str, str]:
        token = self.settings.heimdall_token
        return {"Authorization": f"Bearer {token}"} if token else {}


def web_settings(store_url: str, data: Path, **more: Any) -> Settings:
    values = {
        "port": free_port(),
        "redis_url": store_url,
        "heimdall_data": data,
        "heimdall_demo": False,
        **more,
    }
    return Settings(**values)


@pytest.fixture(scope="module")
def web(valkey: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with Web(web_settings(valkey.url, tmp_path_factory.mktemp("web"))) as server:
        yield server


@pytest.fixture
def client(web: Web) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=web.api, timeout=20) as opened:
        yield opened
