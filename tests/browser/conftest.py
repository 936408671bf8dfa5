"""A real web server in a process of its own, its own store, and a headless Chromium."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from dash.testing.browser import Browser
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from heimdall_dash import Job
from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import pytest_setup_options, wait_for
from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
LOST_LINK = ("WebSocket connection to", "net::ERR_CONNECTION_REFUSED", "net::ERR_EMPTY_RESPONSE")


class WebProcess:
    """`app.py` as a user runs it; what it printed is shown when it dies early."""

    def __init__(self, store_url: str, data: Path, log: Path) -> None:
        self.port, self._log = free_port(), log
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = os.environ | {
            "PORT": str(self.port),
            "REDIS_URL": store_url,
            "HEIMDALL_DATA": str(data),
            "HEIMDALL_DEMO": "0",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "app.py"],
                cwd=ROOT, env=self._environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            wait_for(self._answers, 60, "the web server to follow the store")
        except BaseException:
            self.kill()
            raise
        return self

    def kill(self) -> None:
        """As a crash: no farewell to anybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(8)
            self.kill()

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise AssertionError(f"the web server ended early:\n{self._log.read_text()}")
        with contextlib.suppress(httpx.TransportError):
            services = httpx.get(self.url + "/health", timeout=5).json()["services"]
            return bool(services["live"] == "healthy")
        return False


class Page:
    """The page in a browser, and what tests ask of it."""

    def __init__(self, browser: Browser, server: WebProcess) -> None:
        self.browser, self.driver, self.server = browser, browser.driver, server
        self.expected_errors: tuple[str, ...] = ()

    def open(self, query: str = "") -> None:
        self.driver.get(self.server.url + "/" + query)
        self.wait(lambda: self.run("return !!dash_clientside.heimdall?.page"), "the page's scripts")

    def screen(self, width: int = 1440, scheme: str = "light") -> None:
        """A phone below 500 pixels, else a window; animations are off."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        if width < 500:
            metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": True}
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: Callable[[], Any], what: str = "", timeout_s: float = 20) -> Any:
        return wait_for(condition, timeout_s, what)

    def text(self, element_id: str) -> str:
        """What stands in the element now, hidden or not."""
        found: str = self.run(
            "return document.getElementById(arguments[0])?.textContent ?? ''", element_id
        )
        return found

    def badge(self) -> tuple[str, str | None]:
        element = self.driver.find_element(By.ID, "connection-badge")
        return self.text("connection-badge"), element.get_attribute("data-state")

    def wait_badge(self, text: str, timeout_s: float = 20) -> None:
        self.wait(lambda: self.text("connection-badge") == text, f"badge {text}", timeout_s)

    def epochs(self) -> list[int]:
        """Epochs in the browser's column store."""
        found: list[int] = self.run("return dash_clientside.heimdall.page.feed.store.columns.epoch")
        return found

    def drawn(self, chart: str = "loss-chart", line: int = 0) -> list[float]:
        """Horizontal positions of a line as Plotly holds them."""
        found: list[float] = self.run(
            "return document.getElementById(arguments[0]).querySelector('.js-plotly-plot')"
            "?.data?.[arguments[1]]?.x ?? []",
            chart, line,
        )  # fmt: skip
        return found

    def layout(self, chart: str, path: str) -> Any:
        return self.run(
            "const box = document.getElementById(arguments[0]);"
            "let at = box.querySelector('.js-plotly-plot')?.layout;"
            "for (const key of arguments[1].split('.')) at = at?.[key];"
            "return at ?? null",
            chart, path,
        )  # fmt: skip

    def show(self, chart: str) -> None:
        """Scroll a chart to the middle and wait until it is drawn."""
        self.run("document.getElementById(arguments[0]).scrollIntoView({block: 'center'})", chart)
        self.wait(
            lambda: self.run(
                "const p = dash_clientside.heimdall.page.painter;"
                "return p.cards.get(arguments[0]).inView && !p.dirty.has(arguments[0])",
                chart,
            ),
            f"{chart} to be drawn",
        )

    def click(self, selector: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def open_form(self) -> None:
        """The form for a new job, unfolded with all its fields."""
        for accordion in ("create-open", "create-more"):
            button = self.driver.find_element(By.CSS_SELECTOR, f"#{accordion} button")
            self.wait(button.is_displayed, accordion)
            button.send_keys(Keys.ENTER)
        self.wait(self.field("width").is_displayed, "the form's fields")

    def field(self, name: str) -> WebElement:
        """An input of the form for a new job."""
        found: WebElement = self.run(
            "return [...document.querySelectorAll('#create-job input')]"
            '.find((one) => one.id.includes(`"name":"${arguments[0]}"`))',
            name,
        )
        return found

    def retype(self, name: str, text: str) -> None:
        self.field(name).send_keys(Keys.CONTROL + "a")  # a key is held until the call ends
        self.field(name).send_keys(text)

    def marked(self) -> dict[str, str]:
        """Names of the form's fields that are marked as wrong, each with what is said."""
        found: dict[str, str] = self.run(
            "return Object.fromEntries("
            "[...document.querySelectorAll('#create-job input[aria-invalid=true]')].map((one) => ["
            "JSON.parse(one.id).name,"
            "one.closest('.mantine-InputWrapper-root').querySelector('.mantine-InputWrapper-error')"
            "?.textContent ?? '']))"
        )
        return found

    def from_menu(self, chart: str, entry: str) -> None:
        """Choose an entry of a chart's menu, as a click does."""
        tools = f"[data-chart='{chart}'] [aria-haspopup]"
        self.driver.find_element(By.CSS_SELECTOR, tools).click()
        self.click(f"#chart-menu [data-do={entry}]")

    def choose_segment(self, control_id: str, value: str) -> None:
        """Choose one value of a segmented control, as a click on its label does."""
        self.run(
            "const root = document.getElementById(arguments[0]);"
            "const input = root.querySelector(`input[value='${arguments[1]}']`);"
            "root.querySelector(`label[for='${input.id}']`).click()",
            control_id, value,
        )  # fmt: skip

    def unexpected_errors(self) -> list[str]:
        return [
            entry["message"]
            for entry in self.browser.get_logs() or []
            if not any(part in entry["message"] for part in self.expected_errors)
        ]


@pytest.fixture
def server(own_valkey: EmbeddedStore, tmp_path: Path) -> Iterator[WebProcess]:
    web = WebProcess(own_valkey.url, tmp_path / "data", tmp_path / "web.log").start()
    yield web
    web.stop()


@pytest.fixture
def page(server: WebProcess, tmp_path: Path) -> Iterator[Page]:
    """Fails the test when the browser's console holds an error that nobody expected."""
    with open_browser(tmp_path) as browser:
        opened = Page(browser, server)
        yield opened
        assert opened.unexpected_errors() == []


@contextlib.contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    downloads = folder / "downloads"
    downloads.mkdir()
    with Browser(
        "chrome",
        headless=True,
        options=[pytest_setup_options()],
        download_path=str(downloads),
        percy_run=False,
        percy_finalize=False,
    ) as browser:
        browser.driver.implicitly_wait(0)
        browser.driver.set_window_size(1440, 1000)
        browser.downloads = downloads
        yield browser


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    embedded = EmbeddedStore(tmp_path_factory.mktemp("data"))
    embedded.start()
    yield embedded
    embedded.stop()


@pytest.fixture(scope="module")
def shared_page(
    shared_store: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    """One server and one browser for the tests of a module that leave both as they were."""
    folder = tmp_path_factory.mktemp("web")
    web = WebProcess(shared_store.url, folder / "data", folder / "web.log")
    try:
        with open_browser(folder) as browser:
            yield Page(browser, web.start())
    finally:
        web.stop()


@pytest.fixture
def reader(shared_page: Page) -> Iterator[Page]:
    """The shared page as a reader with a wide, light screen finds it. Jobs of other tests are
    there: open it with `?job=`."""
    shared_page.screen()
    shared_page.expected_errors = ()
    shared_page.browser.get_logs()
    yield shared_page
    assert shared_page.unexpected_errors() == []


@pytest.fixture
def train(shared_store: EmbeddedStore, tmp_path: Path) -> Iterator[Callable[..., Job]]:
    """`start_job` on the shared store."""
    with contextlib.ExitStack() as stack:
        yield starter(stack, shared_store.url, tmp_path / "trainer")


@pytest.fixture
def start_job(own_valkey: EmbeddedStore, tmp_path: Path) -> Iterator[Callable[..., Job]]:
    """Start a job as a trainer does; those still open are left at the end of the test."""
    with contextlib.ExitStack() as stack:
        yield starter(stack, own_valkey.url, tmp_path / "trainer")


def starter(stack: contextlib.ExitStack, url: str, data: Path) -> Callable[..., Job]:
    def start(name: str = "VHF", total_epochs: int = 500, **more: Any) -> Job:
        return stack.enter_context(
            Job.start(name, total_epochs=total_epochs, url=url, data_dir=data, **more)
        )

    return start


@pytest.fixture
def api(server: WebProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url + "/api/v1/training", timeout=20) as client:
        yield client


def metrics(epoch: int) -> dict[str, Any]:
    """One epoch of a run that learns; every chart gets something to show."""
    fade = 0.98**epoch
    return {
        "train_loss": -5 + 17 * fade,
        "val_loss": -4.8 + 17 * fade,
        "learning_rate": 1e-3,
        "epoch_duration_seconds": 0.5,
        "train_rmse_m": 60 + 70_000 * fade,
        "val_rmse_m": 80 + 70_000 * fade,
        "val_rmse_good_geom_m": 40 + 60_000 * fade,
        "val_distance_p50_m": 20 + 40_000 * fade,
        "val_distance_p68_m": 29 + 60_000 * fade,
        "val_distance_p95_m": 150 + 90_000 * fade,
        "predicted_distance_p68_m": 30 + 30_000 * fade,
        "mean_predicted_uncertainty_m": 75 + 40_000 * fade,
        "uncertainty_calibration_error": 0.06 + 9_000 * fade,
        "mean_gdop": 1.9,
        "gdop_below_5_percent": 89.2,
        "gradient_norm": 14 + epoch / 5,
        "weight_norm": 40 + epoch / 100,
        "reliability_observed": [min(1.0, (i + 1) / 20 * (1 - 0.5 * fade)) for i in range(19)],
    }


def log_epochs(job: Job, first: int, last: int) -> None:
    for epoch in range(first, last + 1):
        job.log(epoch, **metrics(epoch))
