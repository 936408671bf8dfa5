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
import pytest

from heimdall_dash.cells import join
from heimdall_dash.errors import InvalidMetric, StaleAttempt, StartupRefused, UnknownJob
from heimdall_dash.publisher import Job
from heimdall_dash.records import Status
from heimdall_dash.store import store as store_module
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
    more = {"with_origin": False, **more}
    return Job.start("VHF", url=valkey.url, data_dir=tmp_path / "trainer", **more)


def rows(store: Store, job_id: str) -> list[dict[str, Any]]:
    """Epochs of the history, joined, without their times."""
    columns = join(store.writes(job_id)).columns
    table = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [{k: v for k, v in row.items() if k != "timestamp" and v is not None} for row in table]


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
    (write,) = opened.writes(job.id)
    assert write.row is not None
    assert {k: v for k, v in write.row.items() if k != "timestamp"} == {
        "epoch": 1, "val_loss": None, "train_loss": 0.1, "curve": [0.1, None],
    }  # fmt: skip
    assert write.not_finite == {"val_loss": "nan", "curve": "inf"}
    (note,) = opened.notes(job.id)
    assert note["kind"] == "warning"
    assert "val_loss, curve" in note["message"]


def test_publisher_leaves_out_alone_what_is_no_metric_and_names_it_once(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with start(own_valkey, tmp_path) as job:
        job.log(1, {"mAP@0.5": 0.5, "σ": 2, "x" * 200: 3}, ok=True)
        for epoch in (2, 3):
            job.log(epoch, {"x" * 201: 1, "a\nb": 1}, name="high", loss=0.5)
        for odd in (-1, 2.5, "three", None, math.nan, [4], 2**60):
            job.log(odd, loss=9.9)  # type: ignore[arg-type]
        job.log(4, "no mapping")  # type: ignore[arg-type]
        job.log(np.float32(4096.0), loss=np.float64(0.25))  # type: ignore[arg-type]
        job.warn("odd", epoch=math.nan)
        job.describe({"path": Path("/x"), "bad": float("nan")})
        job.finish("done", config="x")
    assert rows(opened, job.id) == [
        {"epoch": 1, "mAP@0.5": 0.5, "σ": 2, "x" * 200: 3, "ok": 1},
        {"epoch": 2, "loss": 0.5}, {"epoch": 3, "loss": 0.5}, {"epoch": 4},
        {"epoch": 4096, "loss": 0.25},
    ]  # fmt: skip
    assert caplog.text.count("metric name:") == 1, "each trouble is named once in the log"
    messages = [note["message"] for note in opened.notes(job.id)]
    assert sum("metric name" in message for message in messages) == 1, "and once on the page"
    view = job_view(opened.job(job.id))
    assert (view["status"], view["config"]) == ("completed", {})
    assert opened.facts(job.id) == {"path": "/x", "bad": "nan"}


class Hostile(dict):  # type: ignore[type-arg]
    """Raises whatever is asked of it."""

    def __iter__(self) -> Any:
        raise RuntimeError("no")

    keys = __getitem__ = __str__ = __repr__ = __iter__


def test_publisher_raises_for_nothing_that_it_is_given(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path) as job:
        odd = Hostile(a=1)
        for call in (
            lambda: job.log(1, odd, ok=1.0), lambda: job.log(odd, ok=1.0),
            lambda: job.log(2, {"a": odd}),
            lambda: job.warn(odd, epoch=odd, kind=odd), lambda: job.describe(odd),
            lambda: job.describe(7), lambda: job.finish(odd, odd),
        ):  # fmt: skip
            call()
    assert [row for row in rows(opened, job.id) if "ok" in row] == [{"epoch": 1, "ok": 1.0}]
    assert opened.job(job.id)["status"] == "completed"


def test_publisher_that_is_strict_raises_instead(own_valkey: EmbeddedStore, tmp_path: Path) -> None:
    job = start(own_valkey, tmp_path, strict=True)
    for epoch, metrics in [(2, {"x": "high"}), (-1, {"x": 1}), (2.5, {"x": 1})]:
        with pytest.raises(InvalidMetric):
            job.log(epoch, metrics)  # type: ignore[arg-type]
    with pytest.raises(InvalidMetric):
        job.finish("done")
    job.finish("completed")
    assert job.close() is True


def test_publisher_joins_the_calls_of_an_epoch_in_any_order(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path) as job:
        job.log(0, train=0.5)
        job.log(2, train=0.25)
        job.log(1, {"grad": {"norm": 3.5, "by": {"layer": 1}}})
        job.log(2, val=0.75)
        job.log(2, val=0.75)  # a repeat
        job.log(0, val=1.5)
        job.log(1, {"epoch": 7, "timestamp": 8})
    assert rows(opened, job.id) == [
        {"epoch": 0, "train": 0.5, "val": 1.5},
        {"epoch": 1, "grad/norm": 3.5, "grad/by/layer": 1, "logged_epoch": 7,
         "logged_timestamp": 8},
        {"epoch": 2, "train": 0.25, "val": 0.75},
    ]  # fmt: skip
    fields = opened.job(job.id)
    assert (fields["current_epoch"], fields["epochs_stored"], fields["position"]) == (
        "2", "3", "2-5",
    )  # fmt: skip
    assert opened.notes(job.id) == []


def test_publisher_leaves_out_names_beyond_those_that_a_job_may_have(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path) as job:
        for part in range(3):
            job.log(part, {f"norm/{part}/{i}": 1.0 for i in range(4_000)}, loss=0.5)
    names = {name for row in rows(opened, job.id) for name in row}
    assert len(names - {"epoch"}) == 10_000
    assert [row["loss"] for row in rows(opened, job.id)] == [0.5] * 3
    assert [note["epoch"] for note in opened.notes(job.id)] == [2]
    assert "10000 distinct metrics" in opened.notes(job.id)[0]["message"]


def test_publisher_says_so_when_not_everything_was_delivered(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store, caplog: pytest.LogCaptureFixture
) -> None:
    own_valkey.stop()
    job = start(own_valkey, tmp_path)
    job.log(1, x=1)
    with caplog.at_level(logging.WARNING):
        assert job.close(timeout_s=0.3) is False
    assert "not everything was delivered" in caplog.text
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
        second.log(1, x=99)  # what it trains again replaces what was there
        second.log(2, x=2)
        wait_for(lambda: has_epochs(opened, first.id, [1, 1, 2]))
        view = job_view(opened.job(first.id))
        assert (view["status"], view["attempt"]) == ("running", 1)
        assert (view["completed_at"], view["error_message"], view["ended_because"]) == (None,) * 3
    assert rows(opened, first.id) == [{"epoch": 1, "x": 99}, {"epoch": 2, "x": 2}]
    assert [note["kind"] for note in opened.notes(first.id)] == ["replaced"]
    assert opened.job(first.id)["status"] == "completed"
    assert opened.facts(first.id) == {"scenario": "gnss"}


def test_attach_copies_what_only_the_store_has_to_the_local_log(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    job = start(own_valkey, tmp_path)
    for epoch in range(5):
        job.log(epoch, x=epoch)
    job.finish("paused")
    assert job.close() is True
    opened.change(job.id, fields={"status": "running"})
    elsewhere = tmp_path / "another machine"
    other = Job.attach(opened.job(job.id), store=opened, url=own_valkey.url, data_dir=elsewhere)
    assert other.last_epoch == 4
    own_valkey.stop()
    shutil.rmtree(tmp_path / "data" / "store" / "appendonlydir")
    shutil.rmtree(tmp_path / "trainer")
    own_valkey.start()
    wait_for(lambda: has_epochs(opened, job.id, [0, 1, 2, 3, 4]))
    other.log(5, x=5)
    other.finish("completed")
    assert other.close() is True
    assert rows(opened, job.id)[-2:] == [{"epoch": 4, "x": 4}, {"epoch": 5, "x": 5}]


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
    assert [row["a"] for row in rows(opened, first.id)] == [1, 2, 111]
    assert isinstance(first.refused, StaleAttempt)
    first.close()


def test_publisher_that_was_closed_says_once_that_it_keeps_nothing_more(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store, caplog: pytest.LogCaptureFixture
) -> None:
    job = start(own_valkey, tmp_path)
    assert job.close() is job.close() is True
    for _ in range(3):
        job.log(1, a=1)
        job.warn("late")
        job.finish("failed")
    assert caplog.text.count("was closed") == 1
    assert opened.job(job.id)["status"] == "completed"
    assert rows(opened, job.id) == []


def test_publisher_takes_back_what_lies_behind_an_epoch(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path) as first:
        for epoch in range(31):
            first.log(epoch, val_loss=1.0 - epoch / 100)
    elsewhere = tmp_path / "another machine"
    with Job.start(
        "VHF", url=own_valkey.url, data_dir=elsewhere, job_id=first.id, resume_from=15
    ) as second:
        for epoch in range(16, 21):
            second.log(epoch, val_loss=2.0)
    fields = opened.job(first.id)
    assert (fields["attempt"], fields["current_epoch"], fields["epochs_stored"]) == (
        "1",
        "20",
        "21",
    )
    assert [row["val_loss"] for row in rows(opened, first.id)][14:] == [0.86, 0.85] + [2.0] * 5
    opened.recount(first.id)  # the web server does it every few seconds
    assert opened.job(first.id)["best_epoch"] == "15"
    assert "resumed" in [note["kind"] for note in opened.notes(first.id)]


def test_publisher_of_a_job_that_another_folder_goes_on_with_is_told(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    first = start(own_valkey, tmp_path)
    first.log(1, x=1)
    wait_for(lambda: has_epochs(opened, first.id, [1]))
    second = Job.start("VHF", url=own_valkey.url, data_dir=tmp_path / "b", job_id=first.id)
    second.log(2, x=2)
    wait_for(lambda: has_epochs(opened, first.id, [1, 2]))
    assert second.attempt == 1
    first.log(3, x=3)
    wait_for(lambda: first.refused)
    assert first.close() is False
    assert second.close() is True
    assert epochs(opened, first.id) == [1, 2]


def test_publisher_tells_where_a_run_comes_from_and_masks_secrets(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", "--api-key=abc", "--token", "abc", "--lr", "1"])
    with start(own_valkey, tmp_path, with_origin=True, config={"api_key": "abc"}) as job:
        job.describe({"crlb_p68_m": 20.5})
    facts = opened.facts(job.id)
    assert facts["command"] == "train.py --api-key=••• --token ••• --lr 1"
    assert {"host", "python", "crlb_p68_m"} <= facts.keys()
    assert job_view(opened.job(job.id))["config"] == {"api_key": "•••"}


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
        ("x", {"tags": "word"}), ("x", {"key_metrics": {"loss": "up"}}), ("x", {"group": ""}),
        ("x", {"first_epoch": 2}), ("x", {"charts": [{"a": math.nan}]}),
    ],
)  # fmt: skip
def test_publisher_refuses_what_nobody_could_show(
    tmp_path: Path, name: Any, more: dict[str, Any]
) -> None:
    with pytest.raises(InvalidMetric):
        Job.start(name, url="redis://127.0.0.1:1", data_dir=tmp_path, **more)
    assert not list(tmp_path.glob("jobs/*/job.json"))


@pytest.mark.parametrize(
    "url", ["127.0.0.1:6379", "ftp://x", "redis://", "http://[", "redis://x:y"]
)
def test_publisher_refuses_an_address_that_is_none(tmp_path: Path, url: str) -> None:
    with pytest.raises(StartupRefused, match="an address is"):
        Job.start("x", url=url, data_dir=tmp_path)


def test_publisher_keeps_what_it_is_told_of_a_run(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    more = {
        "tags": ["a", "b"], "group": "g", "project": "p", "step_name": "step",
        "key_metrics": {"val/mIoU": "max"},
        "charts": [{"title": "t", "metrics": ["a"], "unit": "%", "scale": "log"}],
    }  # fmt: skip
    with start(own_valkey, tmp_path, **more) as job:
        assert job.id in repr(job)
    view = job_view(opened.job(job.id))
    assert {name: view[name] for name in more} == more


def test_publisher_adds_to_the_config_and_keeps_the_rest(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    with start(own_valkey, tmp_path, config={"lr": 0.1, "layers": [1, 2]}) as job:
        job.log(1, x=1)
        job.configure({"lr": 0.2, "api_key": "abc", "betas": []})
    expected = {"lr": 0.2, "layers": [1, 2], "api_key": "•••", "betas": []}
    assert job_view(opened.job(job.id))["config"] == expected
    with start(own_valkey, tmp_path, job_id=job.id) as job:
        job.configure({"epochs": 3})
    assert job_view(opened.job(job.id))["config"] == {**expected, "epochs": 3}


def test_publisher_that_is_a_job_too_many_keeps_its_run_and_brings_it_later(
    own_valkey: EmbeddedStore,
    opened: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Straight to the store, the number of jobs had no limit."""
    monkeypatch.setattr(store_module, "MAX_JOBS", 1)
    with start(own_valkey, tmp_path) as first:
        first.log(1, loss=0.5)
    with start(own_valkey, tmp_path) as second:
        second.log(1, loss=0.5)
        wait_for(lambda: "delete some" in caplog.text, what="the refusal in the log")
        assert [job["id"] for job in opened.jobs()] == [first.id]
        first_again = start(own_valkey, tmp_path, job_id=first.id)  # no new job
        first_again.log(2, loss=0.5)
        first_again.finish()
        monkeypatch.setattr(store_module, "MAX_JOBS", 2)
        wait_for(lambda: has_epochs(opened, second.id, [1]), what="the second's epochs")
    assert epochs(opened, first.id) == [1, 2]
