"""Kept predictions on their way: into the store once, thinned evenly, brought when the process
died, over HTTP too, read and posted by REST, gone with the job."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from heimdall_dash.errors import StaleAttempt, UnknownJob
from heimdall_dash.predictions import kept
from heimdall_dash.publish.bring import sync_runs
from heimdall_dash.publisher import Job
from heimdall_dash.records import Status
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.jobs import job_view
from heimdall_dash.store.keys import JobKeys
from heimdall_dash.store.log_write import back_write
from heimdall_dash.store.predictions import MOST_EPOCHS, predictions_write
from heimdall_dash.store.replies import JobOver
from heimdall_dash.store.store import Store
from tests.conftest import Web, wait_for

TWO: dict[str, Any] = {"truth": np.zeros((4, 2)), "mean": np.ones((4, 2)), "sigma": np.ones(4)}


def new_job(store: Store) -> str:
    return store.create_job(
        "x", status=Status.RUNNING, config={}, total_epochs=None, external=True
    )["id"]


def keep(store: Store, job_id: str, *epochs: int, attempt: int = 0, mode: str = "write") -> None:
    writes = [predictions_write(0, kept(epoch, [1.0], [epoch], sigma=[1])) for epoch in epochs]
    store.keep_predictions(job_id, writes, mode=mode, token="", attempt=attempt)


def revision(store: Store, job_id: str) -> int:
    return int(job_view(store.job(job_id))["predictions_revision"])


def test_predictions_are_kept_once_per_epoch_and_the_newest_word_counts(store: Store) -> None:
    job_id = new_job(store)
    keep(store, job_id, 1, 2)
    assert store.predicted_epochs(job_id) == [1, 2]
    assert revision(store, job_id) == 1
    keep(store, job_id, 2)
    assert revision(store, job_id) == 1, "the same again is no news"
    store.keep_predictions(
        job_id, [predictions_write(0, kept(2, [5.0], [5.0], sigma=[5.0]))], mode="write", token="",
        attempt=0,
    )  # fmt: skip
    found = store.predictions(job_id, 2)
    assert found is not None
    assert found["mean"] == [[5.0]]
    assert revision(store, job_id) == 2
    assert store.predictions(job_id, 3) is None


def test_many_epochs_are_thinned_evenly_and_the_first_and_newest_stay(store: Store) -> None:
    job_id = new_job(store)
    for epoch in range(1, 401, 4):
        keep(store, job_id, epoch)
        assert store.predicted_epochs(job_id)[-1] == epoch
    epochs = store.predicted_epochs(job_id)
    assert len(epochs) == MOST_EPOCHS
    assert epochs[0] == 1
    gaps = np.diff(epochs)
    assert gaps.max() <= 4 * gaps.min()


def test_what_was_taken_back_takes_its_predictions_along(store: Store) -> None:
    job_id = new_job(store)
    sample = predictions_write(0, kept(6, [1.0], [1.0], sigma=[1.0]))
    keep(store, job_id, 1, 5, 9)
    store.keep_predictions(job_id, [back_write(0, 5), sample], mode="write", token="", attempt=0)
    assert store.predicted_epochs(job_id) == [1, 5, 6]


def test_older_trainer_adds_what_is_missing_and_replaces_nothing(store: Store) -> None:
    job_id = new_job(store)
    store.change(job_id, fields={"attempt": 2})
    keep(store, job_id, 1, attempt=2)
    with pytest.raises(StaleAttempt):
        keep(store, job_id, 2, attempt=1)
    other = predictions_write(0, kept(1, [7.0], [7.0], sigma=[1.0]))
    third = predictions_write(0, kept(3, [7.0], [7.0], sigma=[1.0]))
    store.keep_predictions(job_id, [other, third], mode="bring", token="", attempt=1)
    assert store.predicted_epochs(job_id) == [1, 3]
    assert (store.predictions(job_id, 1) or {})["mean"] == [[1.0]]


def test_unknown_and_ended_jobs_take_none_and_a_deleted_one_leaves_none(store: Store) -> None:
    with pytest.raises(UnknownJob):
        keep(store, "nobody", 1)
    job_id = new_job(store)
    keep(store, job_id, 1)
    store.change(job_id, fields={"status": "completed"})
    with pytest.raises(JobOver):
        keep(store, job_id, 2, mode="rest")
    store.delete(job_id, [Status.COMPLETED])
    assert store.predicted_epochs(job_id) == []
    assert store.call(lambda client: client.exists(JobKeys(job_id).predictions)) == 0


def test_run_delivers_its_predictions_through_the_log_and_again_to_an_empty_store(
    own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    store = Store(own_valkey.url)
    with Job.start("x", url=own_valkey.url, data_dir=tmp_path, with_origin=False) as job:
        for epoch in (1, 5, 9):
            job.predictions(epoch, **TWO, unit="km", places={"mast": (1, 2)})
            job.log(epoch, x=1.0)
        wait_for(lambda: store.predicted_epochs(job.id) == [1, 5, 9], what="predictions")
        own = JobKeys(job.id)
        store.call(lambda client: client.delete(own.job, own.predictions))
        wait_for(lambda: store.predicted_epochs(job.id) == [1, 5, 9], what="them again")
    found = store.predictions(job.id, 9)
    assert found is not None
    assert found["unit"] == "km"
    assert found["places"] == {"mast": [1.0, 2.0]}
    assert found["spread"] == [[1.0, 0.0, 1.0]] * 4
    assert store.notes(job.id) == []
    with Job.start(
        "x", url=own_valkey.url, data_dir=tmp_path, job_id=job.id, resume_from=5, with_origin=False
    ) as again:
        again.predictions(6, **TWO)
    assert store.predicted_epochs(job.id) == [1, 5, 6]
    store.close()


SCRIPT = """
import os, signal, sys
from heimdall_dash import Job
job = Job.start("x", url=sys.argv[1], data_dir=sys.argv[2], with_origin=False)
for epoch in (1, 2, 3):
    job.predictions(epoch, truth=[1.0, 2.0], mean=[1.0, 3.0], sigma=[1.0, 1.0], labels=["a", "b"])
print(job.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_predictions_of_a_killed_process_are_brought(web: Web, tmp_path: Path) -> None:
    """Its dashboard was away: nothing had left the local log."""
    away = "http://127.0.0.1:1"
    script = [sys.executable, "-c", SCRIPT, away, str(tmp_path)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    job_id = done.stdout.strip()
    assert [one.is_whole for one in sync_runs([tmp_path], web.url)] == [True]
    said = httpx.get(f"{web.api}/jobs/{job_id}/predictions", params={"epoch": 2}).json()
    assert said["epochs"] == [1, 2, 3]
    assert said["predictions"]["labels"] == ["a", "b"]
    before = said["revision"]
    list(sync_runs([tmp_path], web.url))
    assert httpx.get(f"{web.api}/jobs/{job_id}/predictions").json()["revision"] == before


def test_predictions_over_http_are_read_by_rest_with_the_newest_first(
    web: Web, client: httpx.Client, tmp_path: Path
) -> None:
    with Job.start("x", url=web.url, data_dir=tmp_path, with_origin=False) as job:
        for epoch in (0, 7):
            job.predictions(epoch, truth=[1.0], mean=[epoch], sigma=[2.0])
    said = client.get(f"/jobs/{job.id}/predictions").json()
    assert said["epochs"] == [0, 7]
    assert said["predictions"]["epoch"] == 7
    assert said["predictions"]["mean"] == [[7.0]]
    assert said["job_id"] == job.id
    view = client.get(f"/jobs/{job.id}").json()["job"]
    assert view["predictions_revision"] == said["revision"]
    first = client.get(f"/jobs/{job.id}/predictions", params={"epoch": 0}).json()
    assert first["predictions"]["mean"] == [[0.0]]
    refusal = client.get(f"/jobs/{job.id}/predictions", params={"epoch": 3})
    assert refusal.status_code == 404
    assert "0, 7" in refusal.json()["detail"]
    assert client.get("/jobs/nobody/predictions").status_code == 404
    assert client.get(f"/jobs/{job.id}/predictions", params={"epoch": -1}).status_code == 422


def test_other_languages_post_predictions(client: httpx.Client) -> None:
    job_id = client.post("/jobs", json={"job_name": "x", "external": True}).json()["id"]
    path = f"/jobs/{job_id}/predictions"
    assert client.get(path).json() == {
        "job_id": job_id, "revision": 0, "epochs": [], "predictions": None
    }  # fmt: skip
    points = [[float(n), 0.0] for n in range(1_000)]
    body = {"epoch": 3, "truth": points, "mean": points, "sigma": [1.0] * 1_000, "unit": "m"}
    answer = client.post(path, json=body)
    assert answer.status_code == 200
    assert answer.json()["predictions_revision"] == 1
    found = client.get(path).json()["predictions"]
    assert found["total"] == 1_000
    assert len(found["labels"]) == 256
    assert found["unit"] == "m"
    for change, said in [
        ({"sigma": [1.0]}, "sigma has 1 points"), ({"epoch": -1}, "epoch"), ({"extra": 1}, "extra"),
        ({"sigma": None}, "either"), ({"truth": [[1, 2, 3]] * 1_000}, "[N, 2]"),
    ]:  # fmt: skip
        refusal = client.post(path, json=body | change)
        assert refusal.status_code == 422, change
        assert said in str(refusal.json())
    client.post(f"/jobs/{job_id}/status", json={"status": "completed"})
    assert client.post(path, json=body).status_code == 409
    assert client.delete(f"/jobs/{job_id}").status_code == 204
    assert client.get(path).status_code == 404


def test_line_with_predictions_that_nobody_could_draw_is_named_and_costs_nothing_else(
    web: Web, client: httpx.Client, tmp_path: Path
) -> None:
    with Job.start("x", url=web.url, data_dir=tmp_path, with_origin=False) as job:
        job._keep(b'["predictions",{"epoch":1,"dimensions":9}]\n')
        job.log(1, x=1.0)
    shown = client.get(f"/jobs/{job.id}").json()
    assert shown["job"]["epochs_stored"] == 1
    assert "cannot be read" in shown["notes"][0]["message"]
