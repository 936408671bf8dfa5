"""Every example runs, as it stands, and its run is on the dashboard."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Web
from tests.integrations.conftest import ROOT, Dashboard, Script, environment

EXAMPLES = ROOT / "examples"
NAMES = {  # file → name and status of its run, a metric that it has
    "plain_python.py": ("plain Python", "grad/norm"),
    "predictions_run.py": ("predictions", "coverage_68"),
    "plain_pytorch.py": ("plain PyTorch", "grad/norm"),
    "lightning_run.py": ("Lightning", "val_loss"),
    "transformers_run.py": ("transformers", "eval_loss"),
    "keras_run.py": ("Keras", "val_mae"),
    "xgboost_run.py": ("XGBoost", "val/rmse"),
    "optuna_run.py": ("Optuna 0", "value"),
    "wandb_run.py": ("W&B", "train/loss"),
}


def test_examples_are_all_known_and_short() -> None:
    files = {path.name for path in EXAMPLES.iterdir() if path.suffix in {".py", ".sh"}}
    assert files == {*NAMES, "http_curl.sh", "offline_node.py", "notebook_cells.py", "container.sh"}
    for name in files:
        assert len((EXAMPLES / name).read_text().splitlines()) < 40, name


@pytest.mark.parametrize("name", NAMES)
def test_example_publishes_its_run(dashboard: Dashboard, script: Script, name: str) -> None:
    script(EXAMPLES / name)
    job_name, metric = NAMES[name]
    job = dashboard.only(job_name)
    assert job["status"] == "completed"
    assert any(metric in row for row in dashboard.rows(job["id"]).values())


def test_example_in_the_shell(dashboard: Dashboard, web: Web, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", EXAMPLES / "http_curl.sh"], env=environment(), cwd=tmp_path, text=True,
        capture_output=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "completed"), done.stderr
    assert sorted(dashboard.rows(dashboard.only("shell")["id"])) == [1, 2, 3, 4, 5]


def test_example_of_a_node_without_network(
    dashboard: Dashboard, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEIMDALL_URL")
    script(EXAMPLES / "offline_node.py")
    assert dashboard.jobs("offline node") == []
    command = [sys.executable, "-m", "heimdall_dash", "sync", os.environ["HEIMDALL_DATA"]]
    command += ["--url", dashboard.url]
    subprocess.run(command, env=environment(), cwd=ROOT, check=True, timeout=60)
    job = dashboard.only("offline node")
    assert (job["status"], len(dashboard.rows(job["id"]))) == ("completed", 10)
    assert json.dumps(job["config"])
