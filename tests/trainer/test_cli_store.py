"""`python -m trainer run` in processes of its own, publishing to a real store."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.conftest import wait_for
from trainer.checkpoint import CheckpointFolder
from trainer.config import TrainingConfig
from trainer.loop import fit
from trainer.publishing import LinesPublisher, NullPublisher

SMALL = [
    "--train-samples", "64", "--val-samples", "64", "--batch-size", "32",
    "--width", "8", "--heads", "2", "--refine-steps", "1",
]  # fmt: skip
TIMES = {"epoch_duration_seconds", "train_seconds", "eval_seconds", "cpu_seconds", "timestamp"}


def start(store: EmbeddedStore, data: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "trainer", "run", "--quiet"]
    command += ["--url", store.url, "--data-dir", str(data), *more]
    return subprocess.Popen(
        command, env=os.environ | {"HEIMDALL_DATA": str(data)}, stderr=subprocess.PIPE, text=True
    )


def ended_well(process: subprocess.Popen[str]) -> str:
    _, text = process.communicate(timeout=60)
    assert process.returncode == 0, text
    return text


def rows(store: Store, job_id: str) -> list[dict[str, Any]]:
    return [without_times(write.row) for write in store.writes(job_id) if write.row]


def without_times(row: dict[str, Any]) -> dict[str, Any]:
    """What was measured: a None was not, and is no cell."""
    return {n: value for n, value in row.items() if n not in TIMES and value is not None}


@pytest.mark.slow
def test_a_terminated_run_is_paused_and_goes_on_with_no_epoch_lost_or_repeated(
    own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    """About 12 s. An unbroken training in this process has the same numbers."""
    store, data = Store(own_valkey.url), tmp_path / "trainer"
    options = ["--epochs", "6", "--epoch-delay-s", "1", *SMALL]
    first = start(own_valkey, data, "--name", "VHF", *options)
    jobs = wait_for(store.jobs, 30, "the job")
    job_id = jobs[0]["id"]
    wait_for(lambda: len(rows(store, job_id)) >= 3, 30, "three epochs")
    first.send_signal(signal.SIGTERM)
    text = ended_well(first)
    assert f"--resume {job_id}" in text
    fields = store.job(job_id)
    assert (fields["status"], fields["job_name"]) == ("paused", "VHF")
    before = len(rows(store, job_id))
    assert 3 <= before < 7

    assert "completed" in ended_well(
        start(own_valkey, data, "--resume", job_id, "--epoch-delay-s", "0")
    )
    fields = store.job(job_id)
    assert (fields["status"], fields["attempt"]) == ("completed", "1")
    assert json.loads(fields["config"])["epochs"] == 6
    assert store.facts(job_id)["crlb_p68_m"] > 0
    resumed = rows(store, job_id)
    assert [row["epoch"] for row in resumed] == list(range(7))

    store.close()
    config = TrainingConfig.model_validate(json.loads(fields["config"]) | {"epoch_delay_s": 0})
    out = LinesPublisher(tmp_path / "unbroken.jsonl", NullPublisher())
    fit(
        config,
        publisher=out,
        checkpoints=CheckpointFolder(tmp_path / "unbroken"),
        wanted=lambda: "running",
    )
    assert [
        without_times(json.loads(line)) for line in out.path.read_text().splitlines()
    ] == resumed


@pytest.mark.slow
def test_two_ranks_of_the_real_launcher_train_one_network(tmp_path: Path) -> None:
    """About 15 s. torchrun itself starts both ranks; rank 0 alone writes."""
    out = tmp_path / "rows.jsonl"
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        "-m", "trainer", "run", "--no-publish", "--quiet", "--epochs", "2", *SMALL,
        "--data-dir", str(tmp_path), "--out", str(out),
    ]  # fmt: skip
    done = subprocess.run(
        command, env=os.environ | {"GLOO_SOCKET_IFNAME": "lo"}, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr.count("completed after epoch 2") == 1
    assert [json.loads(line)["epoch"] for line in out.read_text().splitlines()] == [0, 1, 2]
