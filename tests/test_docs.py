"""What the documentation shows is what is in examples/, and runs as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from heimdall_dash import read
from tests.conftest import Web

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
SHOWN = re.compile(r"<!-- examples/(\S+) -->\n```\w+\n(.*?)\n```\n", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


@pytest.fixture(autouse=True)
def _here(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEIMDALL_URL", web.url)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")


def run(*command: object, folder: Path, **environment: str) -> None:
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=os.environ | environment, text=True,
        capture_output=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def job_named(name: str) -> dict[str, Any]:
    jobs = read.jobs()
    found = jobs[jobs.job_name == name]
    assert len(found) == 1, f"{len(found)} jobs {name}"
    return dict(found.iloc[0])


def test_every_example_in_the_documentation_is_the_file() -> None:
    found = SHOWN.findall((ROOT / "docs" / "publish.md").read_text())
    assert {name for name, _ in found} >= {
        "plain_python.py", "predictions_run.py", "lightning_run.py", "http_curl.sh",
        "offline_node.py", "container.sh", "notebook_cells.py",
    }  # fmt: skip
    for name, text in found:
        assert text == (EXAMPLES / name).read_text().rstrip(), name


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_links_and_pictures_of_the_documentation_lead_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text()):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        if anchor and target.suffix == ".md":
            heads = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            assert anchor in {slug(head) for head in heads}, f"{path}#{anchor}"


def slug(head: str) -> str:
    return re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")


@pytest.mark.slow
def test_plain_python_and_predictions_run_as_shown(tmp_path: Path) -> None:
    run(sys.executable, EXAMPLES / "plain_python.py", folder=tmp_path)
    job = job_named("plain Python")
    assert (job["status"], job["current_epoch"]) == ("completed", 20)
    run(sys.executable, EXAMPLES / "predictions_run.py", folder=tmp_path)
    assert job_named("predictions")["predictions_revision"] > 0


@pytest.mark.slow
def test_container_hands_its_training_all_that_it_needs(tmp_path: Path) -> None:
    """`docker` is a program that starts what it is given, with the environment that it is given
    and nothing else; the image's home is not there."""
    docker = tmp_path / "docker"
    docker.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        "given = sys.argv[1:]\n"
        "volume = given[given.index('--volume') + 1].split(':')[0]\n"
        "env = dict(one.split('=', 1) for flag, one in zip(given, given[1:]) if flag == '--env')\n"
        "env |= {'HEIMDALL_DATA': volume, 'PYTHONPATH': os.environ['PYTHONPATH']}\n"
        f"os.execve(sys.executable, [sys.executable, {str(EXAMPLES / 'plain_python.py')!r}],"
        " env | {'HOME': '/nonexistent'})\n"
    )
    docker.chmod(0o755)
    before = set(read.jobs().index)
    run("bash", EXAMPLES / "container.sh", folder=tmp_path, DOCKER=str(docker))
    [job_id] = set(read.jobs().index) - before
    assert (tmp_path / "runs" / "jobs" / job_id).is_dir()


@pytest.mark.slow
def test_notebook_runs_as_shown(web: Web, tmp_path: Path) -> None:
    parts = re.split(r"^# %%.*\n", (EXAMPLES / "notebook_cells.py").read_text(), flags=re.M)[1:]
    wait = (
        "import time\nend = time.monotonic() + 20\n"
        "while job.url is None and time.monotonic() < end: time.sleep(0.02)\n"
    )
    cells = [parts[0].replace("\njob\n", f"\n{wait}job\n"), *parts[1:]]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(book, timeout=60, kernel_name="python3", startup_timeout=120)
    client.execute(env=dict(os.environ), cwd=str(tmp_path))
    page, _, chart, closed = (cell["outputs"][-1:] for cell in book.cells)
    assert f'<iframe src="{web.url}/?tab=metrics&amp;job=' in page[0]["data"]["text/html"]
    assert "&amp;embed=train_loss" in chart[0]["data"]["text/html"]
    assert closed[0]["data"]["text/plain"] == "True"
    assert job_named("notebook")["status"] == "completed"
