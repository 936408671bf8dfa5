"""XGBoost itself."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from heimdall_dash.integrations import run as runs
from heimdall_dash.integrations.xgboost import HeimdallCallback
from tests.conftest import wait_for
from tests.integrations.conftest import ROOT, Dashboard

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(64, 3))
DATA = xgb.DMatrix(X, X[:, 0])
PARAMETERS = {"max_depth": 2, "eta": 0.3, "objective": "reg:squarederror", "nthread": 1}


def train(callback: HeimdallCallback, rounds: int = 5, **more: Any) -> xgb.Booster:
    return xgb.train(
        PARAMETERS, DATA, rounds, evals=[(DATA, "train"), (DATA, "eval")],
        callbacks=[callback], verbose_eval=False, **more,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_rests() -> Iterator[None]:
    yield
    for run in list(runs._resting):
        run.end()


def test_xgboost_logs_each_round(dashboard: Dashboard) -> None:
    heimdall = HeimdallCallback("xgb", total_epochs=5)
    train(heimdall)
    heimdall.finish()
    job = dashboard.only("xgb")
    assert (job["status"], job["step_name"], job["progress_percent"]) == ("completed", "round", 100)
    config = job["config"]
    assert (config["objective"], config["max_depth"]) == ("reg:squarederror", 2)
    assert config["eta"] == pytest.approx(0.3)
    rows = dashboard.rows(job["id"])
    assert sorted(rows) == [1, 2, 3, 4, 5]
    assert rows[1].keys() == {"train/rmse", "eval/rmse"}


def test_xgboost_goes_on_with_the_run_of_a_booster(dashboard: Dashboard, tmp_path: Path) -> None:
    first = HeimdallCallback("xgb resumed")
    train(first).save_model(tmp_path / "model.json")
    first.finish()
    again = HeimdallCallback("xgb resumed")
    train(again, 3, xgb_model=tmp_path / "model.json")
    again.finish()
    assert sorted(dashboard.rows(dashboard.only("xgb resumed")["id"])) == list(range(1, 9))


def test_xgboost_cross_validation_has_means_and_deviations(dashboard: Dashboard) -> None:
    heimdall = HeimdallCallback("xgb cv")
    xgb.cv(PARAMETERS, DATA, 3, nfold=2, callbacks=[heimdall])
    heimdall.finish()
    rows = dashboard.rows(dashboard.only("xgb cv")["id"])
    assert rows[3].keys() == {"train/rmse", "train/rmse_std", "test/rmse", "test/rmse_std"}


def test_xgboost_pauses_and_stops_when_it_is_told(dashboard: Dashboard) -> None:
    heimdall = HeimdallCallback("xgb steered")

    def steer() -> None:
        job_id = wait_for(lambda: dashboard.jobs("xgb steered"), 30)[0]["id"]
        dashboard.ask(job_id, "pause")
        wait_for(lambda: heimdall.run.is_paused())
        dashboard.ask(job_id, "resume")
        wait_for(lambda: not heimdall.run.is_paused())
        dashboard.ask(job_id, "cancel")

    thread = threading.Thread(target=steer)
    thread.start()
    booster = train(heimdall, 10_000_000)
    thread.join()
    heimdall.finish()
    assert booster.num_boosted_rounds() < 10_000_000
    assert dashboard.only("xgb steered")["status"] == "cancelled"


def test_xgboost_missing_is_said_in_one_line() -> None:
    code = "import sys; sys.modules['xgboost'] = None\nimport heimdall_dash.integrations.xgboost"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True)
    assert 'pip install "heimdall-dash[xgboost]"' in done.stderr.strip().splitlines()[-1]
