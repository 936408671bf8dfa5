"""Runs that ended while the store was away are whole once it is there again."""

from pathlib import Path

import orjson

from heimdall_dash.left_behind import bring
from heimdall_dash.publisher import Job
from heimdall_dash.records import LEGAL
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.jobs import job_view
from heimdall_dash.store.store import Store


def left(valkey: EmbeddedStore, data: Path, status: str, reason: str | None) -> Job:
    """A run of five epochs whose store went away after the second."""
    job = Job.start("VHF", total_epochs=5, url=valkey.url, data_dir=data)
    job.log(1, x=1.0)
    job.log(2, x=2.0)
    assert job._sender.wait_until_delivered(10)
    valkey.stop()
    for epoch in (3, 4, 5):
        job.log(epoch, x=float(epoch))
    job.finish(status, reason)
    assert job.close(timeout_s=0.3) is False
    return job


def test_run_left_behind_is_brought_with_its_end_once(
    own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    job = left(own_valkey, tmp_path, "failed", "a reason")
    own_valkey.start()
    store = Store(own_valkey.url)
    assert bring(tmp_path, own_valkey.url) == [job.id]
    view = job_view(store.job(job.id))
    assert (view["status"], view["error_message"], view["current_epoch"]) == (
        "failed", "a reason", 5,
    )  # fmt: skip
    assert view["job_name"] == "VHF"
    assert [orjson.loads(raw)["x"] for raw in store.rows(job.id)] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert bring(tmp_path, own_valkey.url) == []
    store.close()


def test_run_that_the_store_never_saw_is_brought_whole(
    own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    own_valkey.stop()
    job = Job.start("offline", total_epochs=2, url=own_valkey.url, data_dir=tmp_path)
    job.describe({"crlb_p68_m": 21.0})
    job.log(1, x=1.0)
    job.log(2, x=2.0)
    job.finish("completed")
    assert job.close(timeout_s=0.3) is False
    own_valkey.start()
    store = Store(own_valkey.url)
    assert bring(tmp_path, own_valkey.url) == [job.id]
    view = job_view(store.job(job.id))
    assert (view["job_name"], view["status"], view["current_epoch"]) == ("offline", "completed", 2)
    assert store.facts(job.id) == {"crlb_p68_m": 21.0}
    store.close()


def test_run_that_was_deleted_meanwhile_does_not_come_back(
    own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    job = left(own_valkey, tmp_path, "completed", None)
    own_valkey.start()
    store = Store(own_valkey.url)
    store.change(job.id, fields={"status": "cancelled"})
    store.delete(job.id, LEGAL["delete"])
    assert bring(tmp_path, own_valkey.url) == []
    assert store.jobs() == []
    assert bring(tmp_path, own_valkey.url) == []
    store.close()


def test_delivered_run_leaves_no_note(own_valkey: EmbeddedStore, tmp_path: Path) -> None:
    with Job.start("VHF", url=own_valkey.url, data_dir=tmp_path) as job:
        job.log(1, x=1.0)
    assert not (tmp_path / "jobs" / job.id / "left.json").exists()


def test_damaged_note_is_passed_over(own_valkey: EmbeddedStore, tmp_path: Path) -> None:
    job = left(own_valkey, tmp_path, "completed", None)
    own_valkey.start()
    (tmp_path / "jobs" / job.id / "left.json").write_text("{")
    other = tmp_path / "jobs" / "not-a-job"
    other.mkdir()
    (other / "left.json").write_text("{}")
    assert bring(tmp_path, own_valkey.url) == []
