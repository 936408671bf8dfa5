"""Runs whose process is dead are brought, whole and with their end; living ones are left alone."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from heimdall_dash.publish.bring import Bringer, sync_runs
from heimdall_dash.publisher import Job
from heimdall_dash.records import LEGAL
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.jobs import job_view
from heimdall_dash.store.store import Store
from tests.conftest import wait_for

SCRIPT = """
import os, signal, sys, threading
from heimdall_dash import Job
where = {"url": sys.argv[1], "data_dir": sys.argv[2], "with_origin": False}
job = Job.start("VHF", total_epochs=9, **where)
for epoch in range(1, 6):
    job.log(epoch, x=float(epoch), val_loss=1.0 / epoch)
print(job.id, flush=True)
end = sys.argv[3]
if end == "wait":
    sys.stdin.read()
if end == "exit":
    os._exit(3)
os.kill(os.getpid(), getattr(signal, end))
threading.Event().wait()
"""


@pytest.fixture
def opened(own_valkey: EmbeddedStore) -> Iterator[Store]:
    store = Store(own_valkey.url)
    yield store
    store.close()


def run(url: str, data: Path, end: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, url, str(data), end], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def dead(url: str, data: Path, end: str) -> str:
    """The id of a run whose process has ended so."""
    with run(url, data, end) as process:
        assert process.stdout is not None
        job_id = process.stdout.readline().strip()
        process.wait(30)
    age(data, job_id)
    return job_id


def age(data: Path, job_id: str) -> None:
    """As if it had begun a minute ago: a run that is just being made is left alone."""
    birth = data / "jobs" / job_id / "job.json"
    os.utime(birth, (time.time() - 60,) * 2)


def stored(store: Store, job_id: str) -> int:
    """Epochs of the job, 0 while the store does not know it."""
    found = [fields for fields in store.jobs() if fields["id"] == job_id]
    return int(found[0].get("epochs_stored", 0)) if found else 0


def bringer(data: Path, valkey: EmbeddedStore) -> Bringer:
    return Bringer([data], lambda: valkey.url)


@pytest.mark.parametrize("end", ["exit", "SIGKILL"])
def test_run_killed_while_the_store_was_away_is_brought_whole_and_failed(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store, end: str
) -> None:
    own_valkey.stop()
    job_id = dead(own_valkey.url, tmp_path / "t", end)
    own_valkey.start()
    assert bringer(tmp_path / "t", own_valkey).look() == [job_id]
    view = job_view(opened.job(job_id))
    assert (view["status"], view["current_epoch"], view["epochs_stored"]) == ("failed", 5, 5)
    assert (view["job_name"], view["best_epoch"], view["total_epochs"]) == ("VHF", 5, 9)
    assert "ended without a word" in view["error_message"]
    assert view["completed_at"] >= view["started_at"]
    assert bringer(tmp_path / "t", own_valkey).look() == []


@pytest.mark.slow
def test_run_ended_by_sigterm_without_a_store_comes_as_cancelled(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    own_valkey.stop()
    job_id = dead(own_valkey.url, tmp_path / "t", "SIGTERM")
    own_valkey.start()
    assert bringer(tmp_path / "t", own_valkey).look() == [job_id]
    view = job_view(opened.job(job_id))
    assert (view["status"], view["ended_because"]) == ("cancelled", "stopped by SIGTERM")
    assert view["epochs_stored"] == 5


def test_run_killed_with_the_store_there_ends_as_failed_and_nothing_comes_twice(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with run(own_valkey.url, tmp_path / "t", "wait") as process:
        assert process.stdout is not None
        job_id = process.stdout.readline().strip()
        age(tmp_path / "t", job_id)
        wait_for(lambda: stored(opened, job_id) == 5)
        assert bringer(tmp_path / "t", own_valkey).look() == [], "taken from a process that lives"
        assert opened.job(job_id)["status"] == "running"
        process.kill()
    assert bringer(tmp_path / "t", own_valkey).look() == [job_id]
    assert opened.job(job_id)["status"] == "failed"
    assert [write.epoch for write in opened.writes(job_id)] == [1, 2, 3, 4, 5]


def test_run_is_brought_by_two_dashboards_at_once_only_once(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    own_valkey.stop()
    job_id = dead(own_valkey.url, tmp_path / "t", "SIGKILL")
    own_valkey.start()
    shutil.copytree(tmp_path / "t", tmp_path / "copy")
    bringer(tmp_path / "t", own_valkey).look()
    bringer(tmp_path / "copy", own_valkey).look()
    assert [write.epoch for write in opened.writes(job_id)] == [1, 2, 3, 4, 5]


def test_run_that_goes_on_on_another_machine_is_not_taken_from_it(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    own_valkey.stop()
    job_id = dead(own_valkey.url, tmp_path / "t", "SIGKILL")
    own_valkey.start()
    with Job.start("VHF", url=own_valkey.url, data_dir=tmp_path / "b", job_id=job_id) as job:
        job.log(5, x=50.0)
        job.log(6, x=60.0)
        wait_for(lambda: stored(opened, job_id) == 2)
        assert bringer(tmp_path / "t", own_valkey).look() == [job_id]
        assert opened.job(job_id)["status"] == "running"
        job.log(7, x=70.0)
    assert opened.job(job_id)["status"] == "completed"
    last = {write.epoch: write.row["x"] for write in opened.writes(job_id) if write.row}
    assert last == {1: 1.0, 2: 2.0, 3: 3.0, 4: 4.0, 5: 50.0, 6: 60.0, 7: 70.0}


def test_run_goes_on_after_a_crash_while_the_store_is_away_and_loses_nothing(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    own_valkey.stop()
    job_id = dead(own_valkey.url, tmp_path / "t", "SIGKILL")
    with Job.start("VHF", url=own_valkey.url, data_dir=tmp_path / "t", job_id=job_id) as job:
        assert job.last_epoch == 5
        job.log(6, x=6.0)
        own_valkey.start()
    assert [write.epoch for write in opened.writes(job_id)] == [1, 2, 3, 4, 5, 6]
    assert opened.job(job_id)["status"] == "completed", "the old end came over the new one"
    assert bringer(tmp_path / "t", own_valkey).look() == []


def test_run_that_was_deleted_meanwhile_does_not_come_back(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    own_valkey.stop()
    job_id = dead(own_valkey.url, tmp_path / "t", "SIGKILL")
    own_valkey.start()
    bringer(tmp_path / "t", own_valkey).look()
    opened.delete(job_id, LEGAL["delete"])
    (tmp_path / "t" / "jobs" / job_id / "done.json").unlink()
    bringer(tmp_path / "t", own_valkey).look()
    assert opened.jobs() == []


def test_run_with_a_torn_last_line_is_brought_without_it(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    own_valkey.stop()
    job_id = dead(own_valkey.url, tmp_path / "t", "SIGKILL")
    (log,) = (tmp_path / "t" / "jobs" / job_id).glob("log-*.jsonl")
    with log.open("ab") as file:
        file.write(b'[6,1763900000.1,{"x":0.')
    own_valkey.start()
    assert bringer(tmp_path / "t", own_valkey).look() == [job_id]
    assert [write.epoch for write in opened.writes(job_id)] == [1, 2, 3, 4, 5]
    assert opened.job(job_id)["status"] == "failed"


def test_run_with_a_damaged_line_loses_only_that_line_and_says_so(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    own_valkey.stop()
    job_id = dead(own_valkey.url, tmp_path / "t", "SIGKILL")
    (log,) = (tmp_path / "t" / "jobs" / job_id).glob("log-*.jsonl")
    lines = log.read_bytes().splitlines(keepends=True)
    lines[2] = b"\x00" * (len(lines[2]) - 1) + b"\n"
    log.write_bytes(b"".join(lines))
    own_valkey.start()
    assert bringer(tmp_path / "t", own_valkey).look() == [job_id]
    assert [write.epoch for write in opened.writes(job_id)] == [1, 2, 4, 5]
    assert "cannot be read and is left out" in opened.notes(job_id)[0]["message"]


def test_odd_folders_do_not_hide_the_others(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    own_valkey.stop()
    job_id = dead(own_valkey.url, tmp_path / "t", "SIGKILL")
    own_valkey.start()
    for name, content in [
        ("not-a-job", "{}"), ("00000000-0000-4000-8000-000000000000", "{"),
        ("00000000-0000-4000-8000-000000000001", "[]"),
        ("00000000-0000-4000-8000-000000000002", '{"fields": {"id": "x"}}'),
        ("00000000-0000-4000-8000-000000000003",
         '{"fields": {"id": "00000000-0000-4000-8000-000000000003", "created_at": 7}}'),
    ]:  # fmt: skip
        folder = tmp_path / "t" / "jobs" / name
        folder.mkdir()
        (folder / "job.json").write_text(content)
        os.utime(folder / "job.json", (0, 0))
    assert bringer(tmp_path / "t", own_valkey).look() == [job_id]


def test_run_of_the_older_format_is_brought_with_the_end_that_it_noted(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    job_id = "5a6c2c1e-0000-4000-8000-000000000001"
    folder = tmp_path / "t" / "jobs" / job_id
    folder.mkdir(parents=True)
    fields = {
        "id": job_id, "job_name": "old", "status": "running", "config": "{}", "external": "1",
        "created_at": "2026-11-20T10:00:00.000Z", "started_at": "2026-11-20T10:00:00.000Z",
        "total_epochs": 3, "attempt": 0, "stream": "x", "last_epoch": -1, "current_epoch": 0,
        "revision": 1,
    }  # fmt: skip
    birth = {"fields": fields, "facts": {"a": 1}, "attempt": 0}
    (folder / "job.json").write_text(json.dumps(birth))
    rows = [{"epoch": e, "timestamp": 1763900000.5 + e, "val_loss": 1.5 / e} for e in (1, 2, 3)]
    (folder / "epochs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "left.json").write_text(json.dumps({"status": "failed", "error_message": "why"}))
    os.utime(folder / "job.json", (0, 0))
    assert bringer(tmp_path / "t", own_valkey).look() == [job_id]
    view = job_view(opened.job(job_id))
    assert (view["status"], view["error_message"], view["epochs_stored"]) == ("failed", "why", 3)
    assert view["created_at"] == "2026-11-20T10:00:00.000Z"


def test_sync_says_per_run_how_much_was_there_and_is_now(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    own_valkey.stop()
    first, second = (dead("redis://127.0.0.1:1", tmp_path / "t", "SIGKILL") for _ in range(2))
    with run(own_valkey.url, tmp_path / "t", "wait") as living:
        assert living.stdout is not None
        third = living.stdout.readline().strip()
        own_valkey.start()
        found = {one.job_id: one for one in sync_runs([tmp_path / "t"], own_valkey.url)}
        assert found.keys() == {first, second, third}
        for job_id in (first, second):
            one = found[job_id]
            assert (one.name, one.rows_there, one.epochs_before, one.epochs_now, one.is_whole) == (
                "VHF", 5, 0, 5, True,
            )  # fmt: skip
        assert (found[third].is_whole, found[third].trouble) == (False, "its process lives")
        living.send_signal(signal.SIGKILL)
    (again,) = sync_runs([tmp_path / "t" / "jobs" / first], own_valkey.url)
    assert (again.epochs_before, again.epochs_now, again.is_whole) == (5, 5, True)
