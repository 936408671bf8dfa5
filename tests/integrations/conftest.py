"""A dashboard for trainings with real frameworks, found by them through HEIMDALL_URL."""

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Web, wait_for

ROOT = Path(__file__).resolve().parents[2]

# Frameworks warn of themselves, of torch and of Python at will: here our own warnings alone count.
warnings.simplefilter("default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("ignore"))
        item.add_marker(pytest.mark.filterwarnings("error:::heimdall_dash"))


class Dashboard:
    """What is asked of a dashboard over HTTP, as anybody would."""

    def __init__(self, web: Web) -> None:
        self.url = web.url
        self._client = httpx.Client(base_url=web.api, timeout=20)

    def job(self, job_id: str) -> dict[str, Any]:
        return dict(self._client.get(f"/jobs/{job_id}").raise_for_status().json())

    def jobs(self, name: str) -> list[dict[str, Any]]:
        """Those of this name, oldest first."""
        found = self._client.get("/jobs", params={"limit": 500}).json()["jobs"]
        return [job for job in reversed(found) if job["job_name"] == name]

    def only(self, name: str) -> dict[str, Any]:
        found = self.jobs(name)
        assert len(found) == 1, found
        return found[0]

    def rows(self, job_id: str) -> dict[int, dict[str, Any]]:
        """The history: cells by epoch, without times and empty cells."""
        columns = self._client.get(f"/jobs/{job_id}/metrics").raise_for_status().json()["columns"]
        names = [name for name in columns if name not in {"epoch", "timestamp"}]
        return {
            epoch: {name: columns[name][i] for name in names if columns[name][i] is not None}
            for i, epoch in enumerate(columns["epoch"])
        }

    def ask(self, job_id: str, action: str) -> None:
        self._client.post(f"/jobs/{job_id}/{action}").raise_for_status()

    def ended(self, name: str) -> dict[str, Any]:
        """The one job of this name, once it is over."""
        over = {"completed", "failed", "cancelled"}
        return dict(wait_for(lambda: next((j for j in self.jobs(name) if j["status"] in over), 0)))

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def dashboard(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dashboard]:
    monkeypatch.setenv("HEIMDALL_URL", web.url)
    monkeypatch.setenv("HEIMDALL_DATA", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    opened = Dashboard(web)
    yield opened
    opened.close()


Script = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def script(dashboard: Dashboard, tmp_path: Path) -> Script:
    """Runs a program from another folder, with the package of this clone."""

    def run(source: str | Path, *arguments: str, code: int = 0, module: str = "") -> Any:
        path = source
        if isinstance(source, str):
            path = tmp_path / "script.py"
            path.write_text(source)
        launcher = ["-m", *module.split()] if module else []
        done = subprocess.run(
            [sys.executable, *launcher, str(path), *arguments], cwd=tmp_path, text=True,
            capture_output=True, timeout=240, env=environment(),
        )  # fmt: skip
        assert done.returncode == code, done.stdout[-3000:] + done.stderr[-6000:]
        return done

    return run


def environment(**more: str) -> dict[str, str]:
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **more}
