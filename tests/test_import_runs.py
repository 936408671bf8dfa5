"""Foreign runs as jobs, through the store and over HTTP: dates, a second import, following."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from heimdall_dash.cli import main
from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import Web, wait_for
from tests.test_import_tensorboard import event_file, scalar

FOREIGN = Path(__file__).parent / "foreign"


def jobs(client: httpx.Client, name: str) -> list[dict[str, Any]]:
    found = client.get("/jobs", params={"limit": 500}).json()["jobs"]
    return [job for job in found if job["job_name"] == name]


def only_job(client: httpx.Client, name: str) -> dict[str, Any]:
    (job,) = jobs(client, name)
    return job


def history(client: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/jobs/{job['id']}/metrics").json()
    return answer


@pytest.fixture(params=["store", "http"])
def url(request: pytest.FixtureRequest, web: Web, valkey: EmbeddedStore) -> str:
    return str(valkey.url) if request.param == "store" else web.url


def test_a_run_keeps_its_names_times_and_dates(
    tmp_path: Path, url: str, client: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"first-{url[:4]}"
    event_file(tmp_path / name, *(scalar(tag, step, step / 4, 1.7e9 + step)
               for step in range(1, 9) for tag in ("loss/train", "mAP@0.5")))  # fmt: skip
    assert main(["import", "tensorboard", str(tmp_path), "--url", url]) == 0
    assert "8 steps, 8 of them new" in capsys.readouterr().out
    job = only_job(client, name)
    assert job["status"] == "completed"
    assert job["created_at"] == job["started_at"] == "2023-11-14T22:13:21.000Z"
    assert job["completed_at"] == "2023-11-14T22:13:28.000Z"
    table = history(client, job)["columns"]
    assert table["epoch"] == list(range(1, 9))
    assert table["loss/train"] == table["mAP@0.5"] == [step / 4 for step in range(1, 9)]
    assert table["timestamp"][2] == "2023-11-14T22:13:23.000Z"


def test_a_second_import_brings_only_what_is_new(
    tmp_path: Path, url: str, client: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"second-{url[:4]}"
    early = [scalar("loss", step, step / 4) for step in range(1, 5)]
    event_file(tmp_path / name, *early)
    command = ["import", "tensorboard", str(tmp_path), "--url", url]
    main(command)
    before = history(client, only_job(client, name))
    main(command)
    assert history(client, only_job(client, name)) == before
    assert "4 steps, 0 of them new" in capsys.readouterr().out
    late = [scalar("acc", 4, 0.5), scalar("loss", 5, 8.0)]
    event_file(tmp_path / name, *early, *late)
    assert main(command) == 0
    assert "5 steps, 1 of them new" in capsys.readouterr().out
    job = only_job(client, name)
    assert job["status"] == "completed"
    columns = history(client, job)["columns"]
    assert columns["loss"] == [0.25, 0.5, 0.75, 1.0, 8.0]
    assert columns["acc"] == [None, None, None, 0.5, None]
    notes = client.get(f"/jobs/{job['id']}").json()["notes"]
    assert notes == []  # nothing was replaced


def test_every_tool_is_brought(
    tmp_path: Path, web: Web, client: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    for tool in ("tensorboard", "lightning", "trackio", "wandb"):
        shutil.copytree(FOREIGN / tool, tmp_path / tool)
        kinds = ("tensorboard", "csv") if tool == "lightning" else (tool,)
        for kind in kinds:
            assert main(["import", kind, str(tmp_path / tool), "--url", web.url]) == 0
    told = capsys.readouterr().out
    assert "left out: histogram 1 (weights), image 1 (samples/0)" in told
    torch = only_job(client, "torch")
    assert torch["config"]["optimizer"] == "adam"
    shown = client.get(f"/jobs/{torch['id']}").json()
    assert shown["facts"]["left out, image"] == "1 (samples/0)"
    wandb = only_job(client, "bright-moon")
    assert (wandb["tags"], wandb["group"], wandb["project"]) == (["a", "b"], "g1", "proj")
    answer = history(client, wandb)
    assert answer["not_finite"] == {"loss": {"399": "nan"}}
    assert len(answer["columns"]["epoch"]) == 400
    assert only_job(client, "csv/version_0")["config"] == {"lr": 0.1}


def test_a_job_that_was_deleted_stays_deleted(
    tmp_path: Path, url: str, client: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"gone-{url[:4]}"
    event_file(tmp_path / name, scalar("loss", 1, 0.5))
    command = ["import", "tensorboard", str(tmp_path), "--url", url]
    main(command)
    client.delete(f"/jobs/{only_job(client, name)['id']}").raise_for_status()
    assert main(command) == 1
    assert "deleted on the dashboard" in capsys.readouterr().out
    assert jobs(client, name) == []


def test_names_and_steps_beyond_what_a_job_holds_are_named(
    tmp_path: Path, web: Web, client: httpx.Client
) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(f"step,{'x' * 201},ok,epoch\n1,2,3,4\n")
    assert main(["import", "csv", str(path), "--url", web.url]) == 0
    job = only_job(client, "odd")
    columns = history(client, job)["columns"]
    assert columns["ok"] == [3.0]
    assert columns["logged_epoch"] == [4.0]
    facts = client.get(f"/jobs/{job['id']}").json()["facts"]
    assert facts["left out, metric that cannot be one"].startswith("1 (xxx")


def test_nothing_to_import_is_said(
    tmp_path: Path, web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "tensorboard", str(tmp_path), "--url", web.url]) == 0
    assert "no runs" in capsys.readouterr().out
    assert main(["import", "csv", str(tmp_path / "none.csv"), "--url", web.url]) == 1
    assert main(["import", "csv", "--url", web.url]) == 1


@pytest.mark.slow
def test_following_brings_what_is_written_and_ends_with_the_signal(
    tmp_path: Path, url: str, client: httpx.Client
) -> None:
    name = f"live-{url[:4]}"
    written = [scalar("loss", step, 0.5, time.time()) for step in range(1, 4)]
    event_file(tmp_path / name, *written)
    process = subprocess.Popen(
        [sys.executable, "-m", "heimdall_dash", "import", "tensorboard", str(tmp_path),
         "--follow", "--url", url], stdout=subprocess.PIPE, env=os.environ, text=True,
    )  # fmt: skip
    try:
        wait_for(lambda: jobs(client, name), 20, "the job")
        wait_for(lambda: only_job(client, name)["current_epoch"] == 3, 20, "the first steps")
        assert only_job(client, name)["status"] == "running"
        written += [scalar("loss", 4, 0.25, time.time()), scalar("acc", 4, 0.5, time.time())]
        event_file(tmp_path / name, *written, scalar("loss", 5, 1.0)[:-9])  # torn
        wait_for(lambda: only_job(client, name)["current_epoch"] == 4, 20, "the fourth step")
        event_file(tmp_path / f"{name}-b", scalar("loss", 9, 0.5, time.time()))
        wait_for(lambda: jobs(client, f"{name}-b"), 20, "a run that began meanwhile")
    finally:
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "4 steps" in told
    job = only_job(client, name)
    assert job["status"] == "completed"
    columns = history(client, job)["columns"]
    assert columns["epoch"] == [1, 2, 3, 4]
    assert columns["acc"] == [None, None, None, 0.5]


def test_following_a_run_that_was_imported_adds_to_its_job(
    tmp_path: Path, web: Web, client: httpx.Client
) -> None:
    written = [scalar("loss", step, 0.5) for step in range(1, 4)]
    event_file(tmp_path / "again", *written)
    main(["import", "tensorboard", str(tmp_path), "--url", web.url])
    event_file(tmp_path / "again", *written, scalar("loss", 4, 0.25))
    process = subprocess.Popen(
        [sys.executable, "-m", "heimdall_dash", "import", "tensorboard", str(tmp_path),
         "--follow", "--url", web.url], env=os.environ,
    )  # fmt: skip
    try:
        wait_for(lambda: only_job(client, "again")["current_epoch"] == 4, 20, "the fourth step")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    job = only_job(client, "again")
    assert job["status"] == "completed"
    assert len(history(client, job)["columns"]["epoch"]) == 4
    assert json.dumps(client.get(f"/jobs/{job['id']}").json()["notes"]) == "[]"
