"""The publisher: a local log first, and a sender that brings the store up to date from it."""

import logging
import math
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from heimdall_dash.errors import HeimdallError, InvalidMetric, StaleAttempt, UnknownJob
from heimdall_dash.publish.journal import Journal
from heimdall_dash.publisher import Job
from heimdall_dash.records import Status
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.jobs import job_view
from heimdall_dash.store.store import Store
from tests.conftest import wait_for


@pytest.fixture
def opened(own_valkey: EmbeddedStore) -> Iterator[Store]:
    store = Store(own_valkey.url)
    yield store
    store.close()


def start(valkey: EmbeddedStore, tmp_path: Path, **more: Any) -> Job:
    return Job.start("VHF", url=valkey.url, data_dir=tmp_path / "trainer", **more)


def epochs(store: Store, job_id: str) -> list[int]:
    return [write.epoch for write in store.writes(job_id)]


def has_epochs(store: Store, job_id: str, expected: list[int]) -> bool:
    try:
        return epochs(store, job_id) == expected
    except Exception:
        return False


def test_publisher_imports_neither_dash_nor_torch() -> None:
    code = (
        "import sys; from heimdall_dash import Job; Job.start; "
        "bad = {'dash', 'torch', 'plotly', 'fastapi', 'pandas', 'flask'} & sys.modules.keys(); "
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_publisher_delivers_a_run_and_its_end(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path, total_epochs=5, config={"lr": 1e-3}) as job:
        job.describe({"crlb_p68_m": 20.5})
        for epoch in range(6):
            job.log(epoch, train_loss=0.1 * epoch, val_loss=1.0 - 0.1 * epoch)
    view = job_view(opened.job(job.id))
    assert epochs(opened, job.id) == list(range(6))
    assert (view["status"], view["current_epoch"], view["best_epoch"]) == ("completed", 5, 5)
    assert opened.facts(job.id) == {"crlb_p68_m": 20.5}
    assert view["completed_at"] is not None


def test_publisher_tells_why_a_run_failed(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    job = start(own_valkey, tmp_path)

    def train() -> None:
        with job:
            job.log(1, train_loss=0.1)
            raise ValueError("loss exploded")

    with pytest.raises(ValueError, match="loss exploded"):
        train()
    view = job_view(opened.job(job.id))
    assert (view["status"], view["error_message"]) == ("failed", "ValueError: loss exploded")
    assert epochs(opened, job.id) == [1]


def test_publisher_goes_on_while_the_store_is_away_and_delivers_when_it_is_back(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path) as job:
        job.log(1, x=1)
        wait_for(lambda: has_epochs(opened, job.id, [1]))
        own_valkey.stop()
        began = time.monotonic()
        for epoch in range(2, 502):
            job.log(epoch, x=epoch)
        assert time.monotonic() - began < 5, "log waited for the network"
        own_valkey.start()
    assert epochs(opened, job.id) == list(range(1, 502))


def test_publisher_begins_before_there_is_a_store(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    own_valkey.stop()
    with start(own_valkey, tmp_path) as job:
        job.log(1, x=1)
        own_valkey.start()
    assert epochs(opened, job.id) == [1]
    assert opened.job(job.id)["status"] == "completed"


def test_publisher_fills_a_store_that_came_back_empty_under_another_stream_id(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path, total_epochs=700) as job:
        job.describe({"scenario": "gnss"})
        for epoch in range(1, 601):
            job.log(epoch, x=epoch)
        wait_for(lambda: has_epochs(opened, job.id, list(range(1, 601))))
        stream = opened.job(job.id)["stream"]
        own_valkey.stop()
        shutil.rmtree(tmp_path / "data" / "store" / "appendonlydir")
        own_valkey.start()
        # nothing new is logged: the sender must notice by itself
        wait_for(lambda: has_epochs(opened, job.id, list(range(1, 601))), 20)
        assert opened.job(job.id)["stream"] != stream
        assert opened.facts(job.id) == {"scenario": "gnss"}
        job.log(601, x=601)
    assert epochs(opened, job.id) == list(range(1, 602))
    assert opened.job(job.id)["status"] == "completed"
    assert opened.job(job.id)["total_epochs"] == "700"


def test_publisher_fills_a_store_that_came_back_with_an_older_state(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    folder = tmp_path / "data" / "store" / "appendonlydir"
    with start(own_valkey, tmp_path) as job:
        for epoch in range(1, 11):
            job.log(epoch, x=epoch)
        wait_for(lambda: has_epochs(opened, job.id, list(range(1, 11))))
        own_valkey.stop()
        shutil.copytree(folder, tmp_path / "older")
        own_valkey.start()
        for epoch in range(11, 21):
            job.log(epoch, x=epoch)
        wait_for(lambda: has_epochs(opened, job.id, list(range(1, 21))))
        own_valkey.stop()
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "older", folder)
        own_valkey.start()
        job.log(21, x=21)
    assert epochs(opened, job.id) == list(range(1, 22))


def test_publisher_of_an_older_attempt_stops_writing(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    job = start(own_valkey, tmp_path)
    job.log(1, x=1)
    wait_for(lambda: has_epochs(opened, job.id, [1]))
    opened.change(job.id, fields={"attempt": 1})
    job.log(2, x=2)
    wait_for(lambda: job.refused)
    assert isinstance(job.refused, StaleAttempt)
    assert job.desired == "cancelled"
    assert epochs(opened, job.id) == [1]
    assert job.close() is False


def test_publisher_of_a_deleted_job_stops_and_does_not_bring_it_back(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    job = start(own_valkey, tmp_path)
    job.log(1, x=1)
    wait_for(lambda: has_epochs(opened, job.id, [1]))
    opened.delete(job.id, list(Status))
    wait_for(lambda: job.refused)
    job.log(2, x=2)
    job.close()
    with pytest.raises(UnknownJob):
        opened.job(job.id)


def test_publisher_hears_within_a_moment_what_is_wanted_of_it(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path) as job:
        job.log(1, x=1)
        wait_for(lambda: has_epochs(opened, job.id, [1]))
        assert job.desired == "running"
        opened.change(job.id, fields={"desired": "paused"})
        wait_for(lambda: job.desired == "paused", 2)


def test_publisher_names_what_was_not_finite(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path) as job:
        job.log(1, val_loss=math.nan, train_loss=0.1, curve=[0.1, math.inf])
    row = orjson.loads(opened.rows(job.id)[0])
    assert (row["val_loss"], row["train_loss"], row["curve"]) == (None, 0.1, [0.1, None])
    (note,) = opened.notes(job.id)
    assert note["kind"] == "warning"
    assert "val_loss, curve" in note["message"]


def test_publisher_refuses_what_is_no_metric_and_keeps_the_rest(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path) as job:
        job.log(1, x=1)
        for epoch, metrics in [(2, {"x": "high"}), (-1, {"x": 1}), (2.5, {"x": 1})]:
            with pytest.raises(InvalidMetric):
                job.log(epoch, **metrics)  # type: ignore[arg-type]
        job.log(1, x=99)  # a repeat
        job.log(3, x=3)
    assert [orjson.loads(raw)["x"] for raw in opened.rows(job.id)] == [1, 3]


def test_publisher_says_so_when_not_everything_was_delivered(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store, caplog: pytest.LogCaptureFixture
) -> None:
    own_valkey.stop()
    job = start(own_valkey, tmp_path)
    job.log(1, x=1)
    with caplog.at_level(logging.WARNING):
        assert job.close(timeout_s=0.3) is False
    assert "not all epochs reached the store" in caplog.text
    own_valkey.start()
    again = start(own_valkey, tmp_path, job_id=job.id)
    again.log(2, x=2)
    assert again.close() is True
    assert epochs(opened, job.id) == [1, 2]


@pytest.mark.parametrize("status", ["paused", "failed", "completed"])
def test_publisher_goes_on_with_a_job_that_had_stopped(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store, status: str
) -> None:
    first = start(own_valkey, tmp_path, facts={"scenario": "gnss"})
    first.log(1, x=1)
    first.finish(status, "because")
    assert first.close()
    assert opened.job(first.id)["status"] == status
    with start(own_valkey, tmp_path, job_id=first.id) as second:
        second.log(1, x=99)  # a repeat: the first value stays
        second.log(2, x=2)
        wait_for(lambda: has_epochs(opened, first.id, [1, 2]))
        view = job_view(opened.job(first.id))
        assert (view["status"], view["attempt"]) == ("running", 1)
        assert (view["completed_at"], view["error_message"], view["ended_because"]) == (None,) * 3
    assert [orjson.loads(raw)["x"] for raw in opened.rows(first.id)] == [1, 2]
    assert opened.job(first.id)["status"] == "completed"
    assert opened.facts(first.id) == {"scenario": "gnss"}


def test_attach_copies_what_only_the_store_has_to_the_local_log(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path) as job:
        for epoch in range(5):
            job.log(epoch, x=epoch)
        wait_for(lambda: has_epochs(opened, job.id, [0, 1, 2, 3, 4]))
        elsewhere = tmp_path / "another machine"
        other = Job.attach(opened.job(job.id), store=opened, url=own_valkey.url, data_dir=elsewhere)
        assert other.last_epoch == 4
        assert len(Journal(elsewhere, job.id).read(0)[0]) == 5
        other.close()


def test_publisher_names_what_was_not_finite_also_at_a_numpy_epoch(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    job = start(own_valkey, tmp_path)
    job.log(np.int64(1), a=math.nan)  # type: ignore[arg-type]
    job.log(2, a=1.0)
    job.finish("completed")
    assert job.close() is True
    assert [note["epoch"] for note in opened.notes(job.id)] == [1]
    assert opened.job(job.id)["status"] == "completed"


def test_publisher_tells_of_a_failure_whose_text_is_no_unicode(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    job = start(own_valkey, tmp_path)
    job.warn("strange \udce9")
    job.finish("failed", "file caf\udce9.txt not found")
    assert job.close() is True
    assert opened.job(job.id)["error_message"] == "file caf?.txt not found"


def test_publisher_that_was_taken_over_writes_no_more_into_the_log_of_its_successor(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    first = start(own_valkey, tmp_path)
    first.log(1, a=1)
    wait_for(lambda: has_epochs(opened, first.id, [1]))
    second = start(own_valkey, tmp_path, job_id=first.id)
    second.log(2, a=2)
    first.log(3, a=999)
    second.log(3, a=111)
    second.finish("completed")
    assert second.close() is True
    assert [orjson.loads(raw)["a"] for raw in opened.rows(first.id)] == [1, 2, 111]
    assert isinstance(first.refused, StaleAttempt)
    first.close()


def test_publisher_refuses_to_log_after_it_was_closed(
    own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    job = start(own_valkey, tmp_path)
    assert job.close() is job.close() is True
    with pytest.raises(HeimdallError, match="closed"):
        job.log(1, a=1)


def test_publisher_keeps_a_pause_that_was_asked_for(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path) as job:
        job.log(1, a=1)
        wait_for(lambda: has_epochs(opened, job.id, [1]))
        opened.change(job.id, fields={"status": "paused", "desired": "paused"})
        job.log(2, a=2)
        wait_for(lambda: job.desired == "paused", 2)
        wait_for(lambda: has_epochs(opened, job.id, [1, 2]))
        assert opened.job(job.id)["status"] == "paused"


def test_publisher_that_ends_without_closing_still_delivers(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    code = (
        "import sys; from pathlib import Path; from heimdall_dash import Job; "
        f"job = Job.start('x', url={own_valkey.url!r}, data_dir=Path({str(tmp_path)!r})); "
        "job.log(1, a=1); print(job.id)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert epochs(opened, done.stdout.strip()) == [1]


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("", {}), ("a\nb", {}), (None, {}), (1, {}), ("x", {"total_epochs": 0}),
        ("x", {"total_epochs": "x"}), ("x", {"total_epochs": 2.5}), ("x", {"job_id": "../../x"}),
        ("x", {"config": {"a": "\ud800"}}), ("x", {"config": {"a": 2**80}}),
        ("x", {"config": {"a": object()}}),
    ],
)  # fmt: skip
def test_publisher_refuses_what_nobody_could_show(
    tmp_path: Path, name: Any, more: dict[str, Any]
) -> None:
    with pytest.raises(InvalidMetric):
        Job.start(name, url="redis://127.0.0.1:1", data_dir=tmp_path, **more)
