"""Keras 3 itself, on torch."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

os.environ["KERAS_BACKEND"] = "torch"
import keras

from heimdall_dash.integrations import run as runs
from heimdall_dash.integrations.keras import HeimdallCallback
from tests.conftest import wait_for
from tests.integrations.conftest import ROOT, Dashboard

X = np.linspace(-1, 1, 16, dtype="float32")[:, None]
Y = 2 * X


def line() -> keras.Model:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)], name="line")
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse", metrics=["mae"])
    return model


@pytest.fixture(autouse=True)
def _nothing_rests() -> Iterator[None]:
    yield
    for run in list(runs._resting):
        run.end()


def test_keras_logs_training_and_validation_of_an_epoch_in_one_row(dashboard: Dashboard) -> None:
    heimdall, model = HeimdallCallback("keras", tags=["tiny"]), line()
    model.fit(X, Y, 4, 3, verbose=0, validation_data=(X, Y), callbacks=[heimdall])
    assert dashboard.only("keras")["status"] == "running"
    model.evaluate(X, Y, verbose=0, callbacks=[heimdall])
    heimdall.finish()
    job = dashboard.only("keras")
    assert (job["status"], job["total_epochs"], job["progress_percent"]) == ("completed", 3, 100)
    assert job["config"]["optimizer"]["learning_rate"] == pytest.approx(0.1)
    assert (job["config"]["loss"], job["config"]["parameters"]) == ("mse", 2)
    rows = dashboard.rows(job["id"])
    usual = {"loss", "mae", "val_loss", "val_mae", "learning_rate"}
    assert sorted(rows) == [1, 2, 3]
    assert rows[1].keys() == usual
    assert rows[3].keys() == usual | {"test_loss", "test_mae"}


def test_keras_goes_on_with_the_run_beside_its_checkpoints(
    dashboard: Dashboard, tmp_path: Path
) -> None:
    for epochs, first in ((4, 0), (6, 2)):
        heimdall = HeimdallCallback("keras resumed", checkpoints=tmp_path / "saved")
        line().fit(X, Y, epochs=epochs, initial_epoch=first, verbose=0, callbacks=[heimdall])
        heimdall.finish()
    job = dashboard.only("keras resumed")
    assert (job["status"], job["attempt"]) == ("completed", 1)
    assert sorted(dashboard.rows(job["id"])) == [1, 2, 3, 4, 5, 6]


def test_keras_pauses_and_stops_when_it_is_told(dashboard: Dashboard) -> None:
    heimdall, model = HeimdallCallback("keras steered"), line()

    def steer() -> None:
        job_id = wait_for(lambda: dashboard.jobs("keras steered"), 30)[0]["id"]
        wait_for(lambda: dashboard.rows(job_id))
        dashboard.ask(job_id, "pause")
        wait_for(lambda: heimdall.run.is_paused())
        dashboard.ask(job_id, "resume")
        wait_for(lambda: not heimdall.run.is_paused())
        dashboard.ask(job_id, "cancel")

    thread = threading.Thread(target=steer)
    thread.start()
    model.fit(X, Y, epochs=10_000_000, verbose=0, callbacks=[heimdall])
    thread.join()
    heimdall.finish()
    assert dashboard.only("keras steered")["status"] == "cancelled"


def test_keras_training_that_fails_says_so(dashboard: Dashboard) -> None:
    model = line()
    fails = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: 1 / (1 - epoch))
    with pytest.raises(ZeroDivisionError), HeimdallCallback("keras fails") as heimdall:
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[heimdall, fails])
    job = dashboard.only("keras fails")
    assert (job["status"], sorted(dashboard.rows(job["id"]))) == ("failed", [1, 2])


def test_keras_missing_is_said_in_one_line() -> None:
    code = "import sys; sys.modules['keras'] = None\nimport heimdall_dash.integrations.keras"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True)
    assert 'pip install "heimdall-dash[keras]"' in done.stderr.strip().splitlines()[-1]
