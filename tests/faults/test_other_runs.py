"""Faults that end a run, or need a run of their own: nothing is lost, and nobody is judged dead.

They share the stage of the other faults, and leave it as it was.
"""

import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil
import pytest

from heimdall_dash.publish.bring import Bringer
from tests.conftest import wait_for
from tests.faults.stage import Stage
from tests.faults.table import Row
from tests.faults.test_faults import held
from tests.faults.trainer import truth
from tests.processes import Child

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]

SMALL = {"train_samples": 256, "val_samples": 256, "batch_size": 64, "epoch_delay_s": 0.2}


@pytest.fixture
def job_id(stage: Stage) -> Iterator[str]:
    """A further run; its job is removed afterwards."""
    chosen = str(uuid.uuid4())
    yield chosen
    httpx.post(f"{stage.api}/jobs/{chosen}/cancel", timeout=20)
    httpx.delete(f"{stage.api}/jobs/{chosen}", timeout=20)


def is_stored(stage: Stage, job_id: str, count: int) -> bool:
    """Whether the store has exactly the run's first `count` epochs, each with its value."""
    epochs = list(range(count))
    return stage.stored(job_id) == (epochs, [truth(epoch) for epoch in epochs])


def wait_stored(
    stage: Stage, job_id: str, count: int, what: str, recovery_s: float | None = None
) -> None:
    """Fails the test unless exactly these epochs come. recovery_s: from the fault's end until the
    store had what was trained by then."""
    wait_for(lambda: is_stored(stage, job_id, count), 60, f"{count} epochs after {what}")
    stage.rows.append(Row(what, recovery_s, count, len(stage.stored(job_id)[0])))


def count_at_the_end(trainer: Child) -> int:
    """Stop the trainer; how many epochs it trained."""
    trainer.stop(60)
    return int(trainer.output.rpartition("trained ")[2].split()[0])


def test_trainer_killed_while_the_store_is_away_is_brought_with_its_end(
    stage: Stage, job_id: str
) -> None:
    trainer = stage.start_trainer(job_id)
    wait_for(lambda: len(stage.stored(job_id)[0]) > 20, 30, "the first epochs")
    stage.kill_store()
    before = len(stage.trained(job_id))
    wait_for(lambda: len(stage.trained(job_id)) > before + 50, 30, "epochs that only the log has")
    trainer.process.kill()
    trainer.process.wait()
    stage.store.start()
    began, bringer = time.monotonic(), Bringer([stage.data], lambda: stage.store.url)
    wait_for(lambda: job_id in bringer.look(), 30, "the run to be brought")
    count, recovery_s = len(stage.trained(job_id)), time.monotonic() - began
    wait_stored(stage, job_id, count, "trainer killed while the store is away", recovery_s)
    assert stage.job(job_id)["status"] == "failed"
    assert "without a word" in stage.job(job_id)["error_message"]


def test_living_trainer_is_not_brought(stage: Stage, job_id: str) -> None:
    trainer = stage.start_trainer(job_id)
    wait_for(lambda: len(stage.stored(job_id)[0]) > 20, 30, "the first epochs")
    bringer = Bringer([stage.data], lambda: stage.store.url)
    assert not {job_id, stage.job_id} & set(bringer.look())
    assert stage.job(job_id)["status"] == "running"
    count = count_at_the_end(trainer)
    assert is_stored(stage, job_id, count)
    assert stage.job(job_id)["status"] == "completed"


def test_disk_full_while_the_store_is_away_loses_nothing(stage: Stage, job_id: str) -> None:
    trainer = stage.start_trainer(job_id, "room_bytes=4000")
    wait_for(lambda: len(stage.stored(job_id)[0]) > 20, 30, "the first epochs")
    stage.kill_store()
    held(5)  # about 125 epochs, of which the log has room for some 50
    stage.store.start()
    began = time.monotonic()
    wait_for(lambda: len(stage.stored(job_id)[0]) > 125, 60, "epochs that only the memory had")
    recovery_s = time.monotonic() - began
    assert len(stage.trained(job_id)) < 100
    trainer.process.send_signal(signal.SIGUSR1)  # the disk has room again
    wait_for(lambda: len(stage.trained(job_id)) > 125, 10, "the log to be whole again")
    count = count_at_the_end(trainer)
    wait_stored(stage, job_id, count, "disk full while the store is away", recovery_s)
    assert stage.trained(job_id) == list(range(count))
    assert stage.job(job_id)["status"] == "completed"


def test_publisher_over_http_outlives_the_web_server(stage: Stage, job_id: str) -> None:
    url = f"http://127.0.0.1:{stage.web_port}"
    trainer = stage.start_trainer(job_id, url=url)
    wait_for(lambda: len(stage.stored(job_id)[0]) > 20, 30, "the first epochs")
    stage.web.process.kill()
    stage.web.process.wait()
    held(3)
    stage.start_web()
    began, last = time.monotonic(), stage.trained(job_id)[-1]
    wait_for(lambda: len(stage.stored(job_id)[0]) > last, 60, "the epochs of the outage")
    recovery_s = time.monotonic() - began
    wait_stored(
        stage,
        job_id,
        count_at_the_end(trainer),
        "publisher over HTTP, web server killed",
        recovery_s,
    )
    assert stage.job(job_id)["status"] == "completed"


@contextmanager
def trained_by_a_worker(stage: Stage, *prelude: str) -> Iterator[tuple[str, Child]]:
    """A queued job that a worker of the stage trains."""
    worker = stage.start_worker(*prelude)
    body = {"job_name": "worker", "config": {**SMALL, "epochs": 1000}}
    made = httpx.post(f"{stage.api}/jobs", json=body, timeout=20).raise_for_status().json()
    try:
        wait_for(lambda: stage.job(made["id"])["current_epoch"] >= 3, 90, "the worker's epochs")
        yield made["id"], worker
    finally:
        for process in [*worker.family(), psutil.Process(stage.web.process.pid)]:
            process.resume()
        httpx.post(f"{stage.api}/jobs/{made['id']}/cancel", timeout=20)
        worker.stop(30)
        httpx.delete(f"{stage.api}/jobs/{made['id']}", timeout=20)


def assert_never_judged_dead(stage: Stage, job_ids: list[str], seconds: float) -> None:
    """For so long all of them live, in their first attempt."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for job_id in job_ids:
            job = stage.job(job_id)
            assert (job["status"], job["attempt"], job["stalled"]) == ("running", 0, False), job
        held(0.5)


def test_suspending_the_whole_machine_changes_nothing(stage: Stage, job_id: str) -> None:
    trainer = stage.start_trainer(job_id)
    with trained_by_a_worker(stage) as (worked, worker):
        wait_for(lambda: len(stage.stored(job_id)[0]) > 20, 30, "the first epochs")
        assert stage.store.process is not None
        parts = [stage.store.process.pid, stage.web.process.pid, stage.trainer.process.pid]
        trainers = [psutil.Process(trainer.process.pid), *worker.family()]
        for process in [*trainers, *map(psutil.Process, parts)]:
            process.suspend()
        held(35)
        for process in map(psutil.Process, parts):
            process.resume()
        held(6)  # web server and store wake first, and could take the others for dead
        assert_never_judged_dead(stage, [worked], 1)
        for process in trainers:
            process.resume()
        epoch = stage.job(worked)["current_epoch"]
        assert_never_judged_dead(stage, [worked, job_id], 25)
        assert stage.job(worked)["current_epoch"] > epoch
        notes = httpx.get(f"{stage.api}/jobs/{worked}", timeout=10).json()["notes"]
        assert not [note for note in notes if note["kind"] == "stalled"]
    wait_stored(stage, job_id, count_at_the_end(trainer), "machine suspended for 35 s")


@pytest.mark.parametrize("skew_s", [-60, 60])
def test_trainers_whose_clock_is_wrong_are_not_judged_dead(
    stage: Stage, job_id: str, skew_s: int
) -> None:
    skewed = ("import time", "right = time.time", f"time.time = lambda: right() + {skew_s}")
    trainer = stage.start_trainer(job_id, f"skew_s={skew_s}")
    with trained_by_a_worker(stage, *skewed) as (worked, _):
        wait_for(lambda: len(stage.stored(job_id)[0]) > 20, 30, "the first epochs")
        assert_never_judged_dead(stage, [worked, job_id], 25)
    wait_stored(stage, job_id, count_at_the_end(trainer), f"trainer's clock off by {skew_s} s")


def test_dead_trainer_with_a_wrong_clock_is_seen_to_be_dead(stage: Stage, job_id: str) -> None:
    trainer = stage.start_trainer(job_id, "skew_s=60")
    wait_for(lambda: len(stage.stored(job_id)[0]) > 20, 30, "the first epochs")
    trainer.process.kill()
    wait_for(lambda: stage.job(job_id)["stalled"], 40, "the trainer's death to show")
