"""Optuna itself: a group per study, a job per trial."""

import subprocess
import sys
import threading
from typing import Any

import optuna
import pytest

from heimdall_dash.integrations.optuna import HeimdallCallback
from tests.conftest import wait_for
from tests.integrations.conftest import ROOT, Dashboard

optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", -1, 1)
    for step in range(5):
        trial.report(x * x + trial.number, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    if trial.number == 4:
        raise ValueError("out of range")
    return x * x


def study(name: str) -> optuna.Study:
    pruner = optuna.pruners.ThresholdPruner(upper=3.0, n_warmup_steps=1)
    return optuna.create_study(
        study_name=name, pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=1)
    )


@pytest.mark.parametrize("is_watched", [True, False])
def test_optuna_has_a_job_per_trial(dashboard: Dashboard, is_watched: bool) -> None:
    name = f"watched {is_watched}"
    heimdall, tried = HeimdallCallback(tags=["tiny"]), study(name)
    run = heimdall.watch(objective) if is_watched else objective
    tried.optimize(run, n_trials=3, callbacks=[heimdall])
    tried.optimize(run, n_trials=1, callbacks=[heimdall])
    jobs = [dashboard.only(f"{name} {number}") for number in range(4)]
    assert {job["group"] for job in jobs} == {name}
    assert [job["status"] for job in jobs] == ["completed"] * 3 + ["cancelled"]
    assert jobs[3]["ended_because"] == "pruned by ThresholdPruner after step 1"
    assert jobs[0]["config"] == {"trial": 0, "x": tried.trials[0].params["x"]}
    assert jobs[0]["key_metrics"] == {"value": "min"}
    rows = dashboard.rows(jobs[0]["id"])
    assert sorted(rows) == [0, 1, 2, 3, 4]
    assert rows[4] == {
        "intermediate": tried.trials[0].intermediate_values[4], "value": tried.trials[0].value
    }  # fmt: skip


def test_optuna_trial_that_fails_says_why(dashboard: Dashboard) -> None:
    def fails(trial: optuna.Trial) -> float:
        raise ValueError("out of range")

    heimdall = HeimdallCallback()
    study("fails").optimize(heimdall.watch(fails), 1, catch=ValueError, callbacks=[heimdall])
    job = dashboard.only("fails 0")
    assert (job["status"], job["error_message"]) == ("failed", "ValueError: out of range")
    study("fails too").optimize(fails, 1, catch=ValueError, callbacks=[HeimdallCallback()])
    assert dashboard.only("fails too 0")["error_message"] == "the trial failed"


def test_optuna_stops_when_a_trial_is_cancelled(dashboard: Dashboard) -> None:
    def endless(trial: optuna.Trial) -> float:
        step = 0
        while True:
            trial.report(0.0, step)
            step += 1
            threading.Event().wait(0.005)

    def steer() -> None:
        job = wait_for(lambda: dashboard.jobs("endless 0"), 30)[0]
        dashboard.ask(job["id"], "cancel")

    heimdall, tried = HeimdallCallback(), study("endless")
    thread = threading.Thread(target=steer)
    thread.start()
    tried.optimize(heimdall.watch(endless), n_trials=3, callbacks=[heimdall])
    thread.join()
    assert [trial.state.name for trial in tried.trials] == ["PRUNED"]
    assert dashboard.only("endless 0")["status"] == "cancelled"


def test_optuna_trials_side_by_side_and_with_two_values(dashboard: Dashboard) -> None:
    def two(trial: optuna.Trial) -> Any:
        x = trial.suggest_float("x", 0, 1)
        return x, 1 - x

    heimdall = HeimdallCallback("pareto")
    tried = optuna.create_study(directions=["minimize", "maximize"])
    tried.optimize(heimdall.watch(two), n_trials=4, n_jobs=2, callbacks=[heimdall])
    for number in range(4):
        rows = dashboard.rows(dashboard.only(f"pareto {number}")["id"])
        assert rows[0].keys() == {"value_0", "value_1"}


def test_optuna_missing_is_said_in_one_line() -> None:
    code = "import sys; sys.modules['optuna'] = None\nimport heimdall_dash.integrations.optuna"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True)
    assert 'pip install "heimdall-dash[optuna]"' in done.stderr.strip().splitlines()[-1]
