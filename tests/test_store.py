"""The store's behaviours, the same on Valkey, Redis and a Redis cluster of three nodes."""

import threading
import uuid
from typing import Any

import orjson
import pytest

from heimdall_dash.errors import (
    IllegalTransition,
    InvalidMetric,
    StaleAttempt,
    StoreUnavailable,
    UnknownJob,
)
from heimdall_dash.records import LEGAL, Row, Status, utc_now
from heimdall_dash.store.jobs import job_view, new_fields
from heimdall_dash.store.store import JobOver, Store, StoreBehind, new_stream_id
from tests.servers import free_port


def row(epoch: int, **metrics: Any) -> Row:
    return {"epoch": epoch, **metrics, "timestamp": utc_now()}


def new_job(store: Store, **more: Any) -> str:
    values: dict[str, Any] = {
        "status": Status.PENDING, "config": {"a": 1}, "total_epochs": 10, "external": True, **more,
    }  # fmt: skip
    return store.create_job("VHF", **values)["id"]


def stored(store: Store, job_id: str, **bounds: Any) -> list[int]:
    return [orjson.loads(raw)["epoch"] for raw in store.rows(job_id, **bounds)]


def test_store_lists_created_jobs_newest_first(store: Store) -> None:
    first, second = new_job(store), new_job(store)
    listed = [fields["id"] for fields in store.jobs()]
    assert listed.index(second) < listed.index(first)
    assert job_view(store.job(first))["config"] == {"a": 1}


def test_store_does_not_know_an_id_that_was_never_created(store: Store) -> None:
    with pytest.raises(UnknownJob):
        store.job(str(uuid.uuid4()))
    with pytest.raises(UnknownJob):
        store.append(str(uuid.uuid4()), [row(1)])


def test_append_brings_job_and_stream_up_to_date_together(store: Store) -> None:
    job_id = new_job(store)
    done = store.append(job_id, [row(0, val_loss=3.0), row(1, val_loss=1.0), row(2, val_loss=2.0)])
    view = job_view(store.job(job_id))
    assert (done.accepted, done.duplicates, done.last_epoch) == (3, 0, 2)
    assert stored(store, job_id) == [0, 1, 2]
    assert (view["status"], view["current_epoch"], view["progress_percent"]) == ("running", 2, 20.0)
    assert (view["best_epoch"], view["best_val_loss"]) == (1, 1.0)


def test_append_counts_repeated_epochs_and_stores_them_once(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(1, x=1.0), row(2, x=2.0)])
    done = store.append(job_id, [row(2, x=99.0), row(3, x=3.0)])
    assert (done.accepted, done.duplicates) == (1, 1)
    assert job_view(store.job(job_id))["epochs_stored"] == 3
    assert [orjson.loads(raw)["x"] for raw in store.rows(job_id)] == [1.0, 2.0, 3.0]


def test_append_refuses_an_epoch_that_comes_too_late_and_stores_nothing(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(1), row(5)])
    with pytest.raises(InvalidMetric, match="epoch 3 comes after epoch 5"):
        store.append(job_id, [row(3), row(6)])
    assert stored(store, job_id) == [1, 5]


def test_append_of_an_older_attempt_is_refused(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(1)], attempt=2)
    with pytest.raises(StaleAttempt):
        store.append(job_id, [row(2)], attempt=1)
    assert stored(store, job_id) == [1]


def test_append_to_a_job_that_is_over_is_refused(store: Store) -> None:
    job_id = new_job(store)
    store.change(job_id, fields={"status": Status.COMPLETED})
    with pytest.raises(JobOver, match="completed"):
        store.append(job_id, [row(1)])


def test_append_says_when_the_store_has_less_than_it_confirmed(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(1), row(2)])
    with pytest.raises(StoreBehind) as behind:
        store.append(job_id, [row(9)], known_last=8)
    assert behind.value.last_epoch == 2
    assert stored(store, job_id) == [1, 2]


def test_append_creates_a_lost_job_from_its_birth_with_another_stream_id(store: Store) -> None:
    job_id, stream = str(uuid.uuid4()), new_stream_id()
    birth = new_fields(
        job_id, "VHF", Status.RUNNING, stream=stream, config={}, total_epochs=5, external=True
    )
    with pytest.raises(StoreBehind):
        store.append(job_id, [row(7)], birth=birth, known_last=6)
    done = store.append(job_id, [row(1)], birth=birth, known_last=-1, attempt=3)
    assert done.created
    assert done.stream not in {stream, ""}
    assert (store.job(job_id)["attempt"], store.job(job_id)["job_name"]) == ("3", "VHF")
    assert job_id in [fields["id"] for fields in store.jobs()]


def test_two_writers_of_the_same_epochs_store_each_once(store: Store) -> None:
    job_id = new_job(store)
    accepted: list[int] = []

    def write() -> None:
        for epoch in range(100):
            try:
                accepted.append(store.append(job_id, [row(epoch)]).accepted)
            except InvalidMetric:  # the other writer is ahead and this epoch is there already
                accepted.append(0)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sum(accepted) == 100
    assert stored(store, job_id) == list(range(100))


def test_rows_are_read_between_exclusive_bounds(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(epoch) for epoch in range(10)])
    assert stored(store, job_id, after=3, before=7) == [4, 5, 6]
    assert stored(store, job_id, after=3, limit=2) == [4, 5]
    assert [orjson.loads(raw)["epoch"] for raw in store.newest_rows(job_id, 3)] == [7, 8, 9]


def test_change_names_the_present_status_when_it_does_not_allow_it(store: Store) -> None:
    job_id = new_job(store)
    with pytest.raises(IllegalTransition, match="pending"):
        store.change(job_id, action="resume", allowed=LEGAL["resume"], fields={"status": "queued"})
    assert store.job(job_id)["status"] == "pending"


def test_change_with_another_attempt_is_refused(store: Store) -> None:
    job_id = new_job(store)
    store.change(job_id, exact_attempt=0, fields={"attempt": 1})
    with pytest.raises(StaleAttempt):
        store.change(job_id, exact_attempt=0, fields={"attempt": 1})


def test_deleted_job_does_not_come_back_through_a_late_writer(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(1)])
    with pytest.raises(IllegalTransition, match="running"):
        store.delete(job_id, LEGAL["delete"])
    store.change(job_id, fields={"status": Status.COMPLETED})
    birth = store.job(job_id)
    store.delete(job_id, LEGAL["delete"])
    with pytest.raises(UnknownJob):
        store.append(job_id, [row(2)], birth=birth)
    assert job_id not in [fields["id"] for fields in store.jobs()]


def test_notes_and_facts_are_kept_with_the_job(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(1)], facts={"crlb_p68_m": 20.5})
    store.change(job_id, note={"kind": "warning", "message": "x"})
    assert store.facts(job_id) == {"crlb_p68_m": 20.5}
    assert store.notes(job_id) == [{"kind": "warning", "message": "x"}]


def test_job_counts_its_notes_and_changes_of_its_facts(store: Store) -> None:
    job_id = new_job(store)

    def revision() -> int:
        return int(job_view(store.job(job_id))["notes_revision"])

    assert revision() == 0
    store.append(job_id, [row(1)], facts={"crlb_p68_m": 20.5})
    assert revision() == 1
    store.append(job_id, [row(2)], facts={"crlb_p68_m": 20.5})
    assert revision() == 1, "the same facts again are no news"
    for text in ("x", "x"):
        store.change(job_id, note={"kind": "warning", "message": text})
    assert revision() == 3


def test_store_names_an_outage(tmp_path: object) -> None:
    with pytest.raises(StoreUnavailable, match="does not answer"):
        Store(f"redis://127.0.0.1:{free_port()}/0").ping()


def test_workers_are_listed_until_they_are_forgotten(store: Store) -> None:
    name = f"worker-{uuid.uuid4().hex}"
    store.beat_worker(name, 60)
    assert name in store.workers()
    store.forget_worker(name)
    assert name not in store.workers()
