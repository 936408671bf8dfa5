"""The worker, as its own process with a real store: trains, obeys, gives back, is taken over."""

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import psutil
import pytest

from heimdall_dash.queue import JobQueue
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.conftest import Web, wait_for, web_settings
from tests.logs import logged
from tests.processes import Child, lives
from trainer.config import TrainingConfig
from trainer.manifest import MANIFEST

pytestmark = pytest.mark.slow

SMALL = {"train_samples": 256, "val_samples": 256, "batch_size": 64}
DETERMINISTIC = ("train_loss", "val_loss", "val_rmse_m", "weight_norm", "gradient_norm")


@pytest.fixture
def web_of_worker(own_valkey: EmbeddedStore, tmp_path: Path) -> Iterator[Web]:
    with Web(web_settings(own_valkey.url, tmp_path / "data"), MANIFEST) as server:
        yield server


@pytest.fixture
def api(web_of_worker: Web) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=web_of_worker.api, timeout=20) as client:
        yield client


def worker(
    valkey: EmbeddedStore, tmp_path: Path, machine: str = "data", **environment: str
) -> Child:
    return Child(
        tmp_path, "-m", "trainer", "worker",
        REDIS_URL=valkey.url, HEIMDALL_DATA=str(tmp_path / machine), **environment,
    )  # fmt: skip


def limited_worker(valkey: EmbeddedStore, tmp_path: Path, limit: str, room_bytes: int) -> Child:
    """A worker whose trainings the operating system refuses more than `room_bytes`: of a file's
    size (RLIMIT_FSIZE), or of memory beyond what it has at the start (RLIMIT_AS)."""
    code = f"""
import resource, sys
import psutil
from trainer import attempt, worker
real = attempt._claim
def claim(*given):
    room = {room_bytes} + (psutil.Process().memory_info().vms if "{limit}" == "RLIMIT_AS" else 0)
    resource.setrlimit(resource.{limit}, (room, room))
    return real(*given)
attempt._claim = claim
sys.exit(worker.main())
"""
    return Child(tmp_path, "-c", code, REDIS_URL=valkey.url, HEIMDALL_DATA=str(tmp_path / "data"))


def submit(api: httpx.Client, epochs: int, **config: float | str) -> str:
    body = {"job_name": "VHF", "config": {**SMALL, "epochs": epochs, **config}}
    return str(api.post("/jobs", json=body).raise_for_status().json()["id"])


def job(api: httpx.Client, job_id: str) -> dict[str, object]:
    return dict(api.get(f"/jobs/{job_id}").json()["job"])


def wait_until(api: httpx.Client, job_id: str, status: str, child: Child) -> dict[str, object]:
    def look() -> dict[str, object] | None:
        found = job(api, job_id)
        return found if found["status"] == status else None

    try:
        return dict(wait_for(look, 60, f"status {status}"))
    except AssertionError as error:
        raise AssertionError(f"{error}\n{job(api, job_id)}\n{child.output}") from error


def wait_for_epoch(api: httpx.Client, job_id: str, epoch: int) -> None:
    wait_for(lambda: int(str(job(api, job_id)["current_epoch"])) >= epoch, 60, f"epoch {epoch}")


def columns(api: httpx.Client, job_id: str) -> dict[str, list[object]]:
    return dict(api.get(f"/jobs/{job_id}/metrics").json()["columns"])


def test_worker_trains_a_queued_job_to_its_end(
    api: httpx.Client, own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    job_id = submit(api, 4)
    with worker(own_valkey, tmp_path) as child:
        done = wait_until(api, job_id, "completed", child)
    assert done["current_epoch"] == done["total_epochs"] == 4
    history = columns(api, job_id)
    assert history["epoch"] == [0, 1, 2, 3, 4]
    assert all(isinstance(value, float) for value in history["uncertainty_calibration_error"])
    assert "crlb_p68_m" in api.get(f"/jobs/{job_id}").json()["facts"]


def test_worker_pauses_resumes_and_cancels_within_moments_and_exactly(
    api: httpx.Client, own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    straight = submit(api, 12)
    with worker(own_valkey, tmp_path) as child:
        wait_until(api, straight, "completed", child)
        broken = submit(api, 12)
        wait_for_epoch(api, broken, 3)
        assert api.post(f"/jobs/{broken}/pause").json()["status"] == "paused"
        other = submit(api, 2)  # the worker is free for the next job
        wait_until(api, other, "completed", child)
        assert api.post(f"/jobs/{broken}/resume").json()["status"] == "queued"
        wait_until(api, broken, "completed", child)
        long = submit(api, 5000)
        wait_for_epoch(api, long, 1)
        assert api.post(f"/jobs/{long}/cancel").json()["status"] == "cancelled"
    whole, resumed = columns(api, straight), columns(api, broken)
    assert resumed["epoch"] == list(range(13))
    assert {name: resumed[name] for name in DETERMINISTIC} == {
        name: whole[name] for name in DETERMINISTIC
    }


def test_stopped_worker_gives_its_job_back_and_the_next_goes_on(
    api: httpx.Client, own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    job_id = submit(api, 25)
    with worker(own_valkey, tmp_path) as first:
        wait_for_epoch(api, job_id, 2)
        assert first.stop(timeout_s=8) == 0, first.output
    waiting = job(api, job_id)
    assert (waiting["status"], waiting["attempt"]) == ("queued", 1)
    with worker(own_valkey, tmp_path) as second:
        wait_until(api, job_id, "completed", second)
    assert columns(api, job_id)["epoch"] == list(range(26))
    notes = api.get(f"/jobs/{job_id}").json()["notes"]
    assert [note["kind"] for note in notes] == ["resumed"]


@pytest.mark.parametrize("whom", ["the trainer", "the worker"])
def test_job_of_a_killed_process_is_taken_over_without_gap_or_overlap(
    api: httpx.Client, own_valkey: EmbeddedStore, tmp_path: Path, whom: str
) -> None:
    job_id = submit(api, 25)
    with worker(own_valkey, tmp_path) as first:
        wait_for_epoch(api, job_id, 3)
        parent = psutil.Process(first.process.pid)
        (trainer,) = parent.children()
        victim = trainer if whom == "the trainer" else parent
        victim.send_signal(signal.SIGKILL)
        with worker(own_valkey, tmp_path) as second:
            done = wait_until(api, job_id, "completed", second)
    assert columns(api, job_id)["epoch"] == list(range(26))
    assert int(str(done["attempt"])) >= 1


def test_trainer_that_was_frozen_and_replaced_changes_nothing_when_it_wakes(
    api: httpx.Client, own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    job_id = submit(api, 30)
    folder = tmp_path / "data" / "jobs" / job_id / "checkpoints"
    with worker(own_valkey, tmp_path) as first:
        wait_for_epoch(api, job_id, 2)
        (trainer,) = psutil.Process(first.process.pid).children()
        trainer.send_signal(signal.SIGSTOP)
        with worker(own_valkey, tmp_path) as second:
            done = wait_until(api, job_id, "completed", second)
        kept = {path.name: path.read_bytes() for path in folder.iterdir()}
        before = columns(api, job_id)
        trainer.send_signal(signal.SIGCONT)
        wait_for(lambda: not lives(trainer), 20, "the end of the late trainer")
    assert columns(api, job_id) == before
    assert before["epoch"] == list(range(31))
    assert job(api, job_id) == done
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == kept


def test_worker_ends_a_trainer_that_hangs_and_goes_on_with_its_job(
    api: httpx.Client, own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    """One worker alone: it would wait for its frozen child for ever."""
    job_id = submit(api, 12)
    with worker(own_valkey, tmp_path, HEIMDALL_HANGS_AFTER_S="2") as only:
        wait_for_epoch(api, job_id, 3)
        (trainer,) = psutil.Process(only.process.pid).children()
        trainer.send_signal(signal.SIGSTOP)
        done = wait_until(api, job_id, "completed", only)
    assert int(str(done["attempt"])) >= 1
    assert columns(api, job_id)["epoch"] == list(range(13))
    assert "is ended" in only.output


def test_worker_on_another_machine_goes_on_from_the_checkpoint_in_the_store(
    api: httpx.Client, own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    straight, job_id = submit(api, 12), submit(api, 12)
    with worker(own_valkey, tmp_path, "one machine") as first:
        wait_until(api, straight, "completed", first)
        wait_for_epoch(api, job_id, 3)
        assert api.post(f"/jobs/{job_id}/pause").json()["status"] == "paused"
        wait_for(lambda: not job(api, job_id).get("desired"), 20, "the pause")
        assert first.stop() == 0
    with worker(own_valkey, tmp_path, "another machine") as second:
        api.post(f"/jobs/{job_id}/resume").raise_for_status()
        wait_until(api, job_id, "completed", second)
        assert "goes on from another machine's checkpoint" in second.output
    whole, resumed = columns(api, straight), columns(api, job_id)
    assert resumed["epoch"] == list(range(13))
    assert {name: resumed[name] for name in DETERMINISTIC} == {
        name: whole[name] for name in DETERMINISTIC
    }


@pytest.mark.parametrize(
    ("limit", "room_bytes", "reason"),
    [
        ("RLIMIT_FSIZE", 0, "File too large"),  # as a full disk: nothing can be written at all
        ("RLIMIT_FSIZE", 50_000, "File too large"),  # the log can, a checkpoint cannot
        ("RLIMIT_AS", 300 * 2**20, "Out of memory"),
    ],
)
def test_job_fails_with_its_reason_where_the_system_refuses_room(
    api: httpx.Client,
    own_valkey: EmbeddedStore,
    tmp_path: Path,
    limit: str,
    room_bytes: int,
    reason: str,
) -> None:
    large = {"train_samples": 8192, "batch_size": 8192, "width": 512}
    job_id = submit(api, 5, **(large if limit == "RLIMIT_AS" else {}))
    with limited_worker(own_valkey, tmp_path, limit, room_bytes) as child:
        failed = wait_until(api, job_id, "failed", child)
    assert reason in str(failed["error_message"])


def test_impossible_job_fails_with_its_reason_and_the_worker_lives_on(
    api: httpx.Client, own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    store = Store(own_valkey.url)
    fields = JobQueue(store, own_valkey.url).submit(
        "VHF", TrainingConfig(epochs=2).model_dump(mode="json")
    )
    config = {**orjson.loads(fields["config"]), "max_gdop": -5}
    store.change(fields["id"], fields={"config": orjson.dumps(config).decode()})
    with worker(own_valkey, tmp_path) as child:
        failed = wait_until(api, fields["id"], "failed", child)
        assert "max_gdop" in str(failed["error_message"])
        wait_until(api, submit(api, 1), "completed", child)
    store.close()


def test_training_goes_on_while_the_store_is_away(
    api: httpx.Client, own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    job_id = submit(api, 30)
    with worker(own_valkey, tmp_path) as child:
        wait_for_epoch(api, job_id, 2)
        own_valkey.stop()
        data = tmp_path / "data"
        wait_for(lambda: logged(data, job_id) == list(range(31)), 60, "31 epochs in the log")
        own_valkey.start()
        wait_until(api, job_id, "completed", child)
        assert columns(api, job_id)["epoch"] == list(range(31))
        wait_until(api, submit(api, 1), "completed", child)
