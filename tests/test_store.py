"""The store's behaviours, the same on Valkey, Redis and a Redis cluster of three nodes."""

import json
import threading
import uuid
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heimdall_dash.cells import Position, join
from heimdall_dash.errors import (
    IllegalTransition,
    InvalidMetric,
    StaleAttempt,
    StoreUnavailable,
    UnknownJob,
)
from heimdall_dash.records import LEGAL, Row, Status, utc_now
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.jobs import job_view, new_fields
from heimdall_dash.store.keys import JobKeys
from heimdall_dash.store.log_write import (
    back_write,
    end_write,
    facts_write,
    note_write,
    row_write,
)
from heimdall_dash.store.replies import JobOver, StoreBehind, TooManyNames
from heimdall_dash.store.store import Store
from tests.servers import free_port


def row(epoch: int, **metrics: Any) -> Row:
    return {"epoch": epoch, **metrics, "timestamp": utc_now()}


def new_job(store: Store, **more: Any) -> str:
    values: dict[str, Any] = {
        "status": Status.PENDING, "config": {"a": 1}, "total_epochs": 10, "external": True, **more,
    }  # fmt: skip
    return store.create_job("VHF", **values)["id"]


def stored(store: Store, job_id: str, **bounds: Any) -> list[int]:
    return [write.epoch for write in store.writes(job_id, **bounds)]


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
    assert (done.accepted, done.duplicates, done.position) == (3, 0, Position(2, 1))
    assert stored(store, job_id) == [0, 1, 2]
    assert (view["status"], view["current_epoch"], view["progress_percent"]) == ("running", 2, 30.0)
    assert (view["best_epoch"], view["best_val_loss"], view["position"]) == (1, 1.0, "2-1")


def test_append_counts_what_an_epoch_has_already_and_stores_it_once(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(1, x=1.0), row(2, x=2.0, list=[0.1, 0.2])])
    done = store.append(job_id, [row(2, list=[0.1, 0.2]), row(1, x=1.0), row(3, x=3.0)])
    assert (done.accepted, done.duplicates) == (1, 2)
    assert job_view(store.job(job_id))["epochs_stored"] == 3
    assert stored(store, job_id) == [1, 2, 3]
    assert store.notes(job_id) == []


def test_append_joins_cells_and_replaces_with_one_note_an_attempt(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(1, a=1.0), row(5, a=5.0), row(3, a=3.0)])
    done = store.append(job_id, [row(1, b=1.5), row(5, a=5.5), row(3, a=3.5), row(3, a=3.5)])
    assert (done.accepted, done.duplicates, done.position) == (3, 1, Position(5, 5))
    joined = join(store.writes(job_id)).columns
    assert joined["epoch"] == [1, 3, 5]
    assert (joined["a"], joined["b"]) == ([1.0, 3.5, 5.5], [1.5, None, None])
    (note,) = store.notes(job_id)
    assert (note["kind"], note["epoch"]) == ("replaced", 5)
    assert job_view(store.job(job_id))["epochs_stored"] == 3


def test_append_tells_nan_from_infinity_and_from_nothing(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(1, a=None)], marks=[{"a": "nan"}])
    again = store.append(job_id, [row(1, a=None)], marks=[{"a": "nan"}])
    other = store.append(job_id, [row(1, a=None)], marks=[{"a": "inf"}])
    assert (again.duplicates, other.accepted) == (1, 1)
    assert join(store.writes(job_id)).not_finite == {"a": {1: "inf"}}


def test_append_keeps_every_double_as_it_is(store: Store) -> None:
    job_id = new_job(store)
    values = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0, 2**53 - 1, 1 / 3]
    store.append(job_id, [row(e, x=value) for e, value in enumerate(values)])
    done = store.append(job_id, [row(e, x=value) for e, value in enumerate(values)])
    assert done.duplicates == len(values)
    assert [write.row["x"] for write in store.writes(job_id) if write.row] == values


def test_append_finds_the_best_epoch_again_when_its_loss_was_replaced(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(1, val_loss=3.0), row(2, val_loss=1.0), row(3, val_loss=2.0)])
    store.append(job_id, [row(2, val_loss=4.0)])
    view = job_view(store.job(job_id))
    assert (view["best_epoch"], view["best_val_loss"]) == (3, 2.0)


def test_append_of_an_older_attempt_is_refused(store: Store) -> None:
    job_id = new_job(store)
    store.change(job_id, fields={"attempt": 2})
    with pytest.raises(StaleAttempt):
        store.append(job_id, [row(2)], attempt=1)
    assert stored(store, job_id) == []


def test_append_to_a_job_that_is_over_is_refused(store: Store) -> None:
    job_id = new_job(store)
    store.change(job_id, fields={"status": Status.COMPLETED})
    with pytest.raises(JobOver, match="completed"):
        store.append(job_id, [row(1)])


def test_append_refuses_more_names_than_a_job_may_have_and_stores_nothing(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(1, **{f"a{i}": 1.0 for i in range(6_000)})])
    with pytest.raises(TooManyNames, match="10000"):
        store.append(job_id, [row(2, **{f"b{i}": 1.0 for i in range(4_001)})])
    assert stored(store, job_id) == [1]
    store.append(job_id, [row(2, **{f"b{i}": 1.0 for i in range(4_000)})])
    assert stored(store, job_id) == [1, 2]


def begun(store: Store, token: str = "a", **more: Any) -> str:
    job_id = str(uuid.uuid4())
    birth = new_fields(
        job_id, "VHF", Status.RUNNING, stream="", config={}, total_epochs=5, external=True
    )
    store.begin(job_id, token, **{"attempt": 0, "birth": birth, "takes_over": True, **more})
    return job_id


def test_begin_makes_a_job_once_and_gives_each_trainer_an_attempt_of_its_own(store: Store) -> None:
    job_id = begun(store)
    birth = store.job(job_id)
    again = store.begin(job_id, "a", attempt=0, birth=birth, takes_over=True)
    other = store.begin(job_id, "b", attempt=0, birth=birth, takes_over=True)
    once_more = store.begin(job_id, "b", attempt=0, birth=birth, takes_over=True)
    assert (again.attempt, again.is_created) == (0, False)
    assert (other.attempt, once_more.attempt) == (1, 1)
    with pytest.raises(StaleAttempt):
        store.begin(job_id, "a", attempt=0, birth=birth, takes_over=True)
    with pytest.raises(StaleAttempt):
        store.deliver(job_id, [row_write(9, row(1), {})], token="a", place=0, attempt=0)
    assert job_id in [fields["id"] for fields in store.jobs()]


def test_deliver_stores_each_write_of_a_log_once_whatever_is_sent_again(store: Store) -> None:
    job_id = begun(store)
    writes = [
        row_write(10, row(1, x=1.0), {}), note_write(20, {"kind": "warning", "message": "m"}),
        row_write(30, row(1, x=2.0), {}), row_write(40, row(1, x=1.0), {}),
        facts_write(50, {"a": 1}), end_write(60, {"status": "completed"}),
    ]  # fmt: skip
    for first, last in [(0, 3), (0, 3), (1, 5), (3, 6), (0, 6)]:
        place = writes[first - 1].stop if first else 0
        store.deliver(job_id, writes[first:last], token="a", place=place, attempt=0)
    assert [write.row["x"] for write in store.writes(job_id) if write.row] == [1.0, 2.0, 1.0]
    assert [note["kind"] for note in store.notes(job_id)] == ["warning", "replaced"]
    assert (store.facts(job_id), store.job(job_id)["status"]) == ({"a": 1}, "completed")
    assert store.places(job_id) == {"a": 60}


def test_deliver_says_how_much_of_the_log_the_store_has(store: Store) -> None:
    job_id = begun(store)
    store.deliver(job_id, [row_write(10, row(1), {})], token="a", place=0, attempt=0)
    with pytest.raises(StoreBehind) as behind:
        store.deliver(job_id, [row_write(30, row(3), {})], token="a", place=20, attempt=0)
    assert behind.value.place == 10
    assert stored(store, job_id) == [1]


def test_deliver_of_a_refused_writer_changes_nothing_at_all(store: Store) -> None:
    job_id = begun(store)
    store.begin(job_id, "b", attempt=0, birth=store.job(job_id), takes_over=True)
    before = store.job(job_id)
    for write in (
        facts_write(9, {"a": 1}), note_write(9, {"message": "m"}), back_write(9, 0),
        end_write(9, {"status": "failed"}), row_write(9, row(1), {}),
    ):  # fmt: skip
        with pytest.raises(StaleAttempt):
            store.deliver(job_id, [write], token="a", place=0, attempt=0)
    assert (store.facts(job_id), store.notes(job_id), store.job(job_id)) == ({}, [], before)


def test_end_takes_only_what_an_end_may_say(store: Store) -> None:
    job_id = begun(store)
    end = {"status": "failed", "error_message": "why", "config": "x", "id": "y", "revision": "z"}
    store.deliver(job_id, [end_write(9, end)], token="a", place=0, attempt=0)
    view = job_view(store.job(job_id))
    assert (view["status"], view["error_message"], view["config"]) == ("failed", "why", {})
    with pytest.raises(InvalidMetric, match="ends as one of"):
        end_write(9, {"status": "done"})


def test_taking_back_removes_what_stood_behind_and_no_cursor_becomes_wrong(store: Store) -> None:
    job_id = begun(store)
    rows = [row_write(10 * (e + 1), row(e, val_loss=9.0 - e), {}) for e in range(6)]
    store.deliver(job_id, rows, token="a", place=0, attempt=0)
    store.deliver(
        job_id, [back_write(70, 2), row_write(80, row(4, val_loss=8.5), {})], token="a", place=60,
        attempt=0,
    )  # fmt: skip
    assert join(store.writes(job_id)).columns["epoch"] == [0, 1, 2, 4]
    assert join(store.writes(job_id, after=Position(5, 1))).take_back == 2
    store.recount(job_id)
    view = job_view(store.job(job_id))
    assert (view["current_epoch"], view["epochs_stored"], view["best_epoch"], view["position"]) == (
        4, 4, 2, "5-3",
    )  # fmt: skip


def test_data_of_the_format_before_positions_goes_on_as_it_is(
    valkey: EmbeddedStore,
) -> None:
    job_id = str(uuid.uuid4())
    client, keys = redis.Redis.from_url(valkey.url, decode_responses=True), JobKeys(job_id)
    fields = {
        "id": job_id, "job_name": "old", "status": "running", "external": "1", "attempt": "0",
        "created_at": "2026-11-20T10:00:00.000Z", "config": "{}", "stream": "old-stream",
        "last_epoch": "2", "current_epoch": "2", "epochs_stored": "3", "revision": "4",
        "best_epoch": "1", "best_val_loss": "0.5", "last_ms": "0", "intervals": "1000 1000",
        "last_metrics": '{"val_loss": 0.75}', "heartbeat_at": "2026-11-20T10:00:02.000Z",
    }  # fmt: skip
    client.zadd("heimdall:jobs", {job_id: 1})
    client.hset(keys.job, mapping=fields)
    for epoch in range(3):
        old = {"epoch": epoch, "val_loss": 0.75, "timestamp": "2026-11-20T10:00:02.000Z"}
        client.xadd(keys.epochs, {"row": json.dumps(old)}, id=f"{epoch}-1")
    store = Store(valkey.url)
    view = job_view(store.job(job_id))
    assert (view["position"], view["last_metrics"], view["pace_s"]) == (
        "2-1",
        {"val_loss": 0.75},
        1,
    )
    done = store.append(job_id, [row(2, val_loss=0.75), row(3, val_loss=0.25), row(0, b=1.0)])
    assert (done.accepted, done.duplicates, done.position) == (2, 1, Position(3, 2))
    view = job_view(store.job(job_id))
    assert (view["best_epoch"], view["epochs_stored"], view["current_epoch"]) == (3, 4, 3)
    assert join(store.writes(job_id)).columns["b"] == [1.0, None, None, None]
    client.close()
    store.close()


def test_job_whose_key_is_of_another_kind_hides_no_other(valkey: EmbeddedStore) -> None:
    store = Store(valkey.url)
    job_id, odd = new_job(store), str(uuid.uuid4())
    client = redis.Redis.from_url(valkey.url)
    client.zadd("heimdall:jobs", {odd: 1})
    client.set(JobKeys(odd).job, "text")
    assert job_id in [fields["id"] for fields in store.jobs()]
    client.zrem("heimdall:jobs", odd)
    client.delete(JobKeys(odd).job)
    client.close()
    store.close()


def test_entries_that_cannot_be_read_are_left_out_alone(valkey: EmbeddedStore) -> None:
    store = Store(valkey.url)
    job_id = new_job(store)
    store.append(job_id, [row(1, x=1.0)])
    client = redis.Redis.from_url(valkey.url)
    for part, fields in enumerate(
        [{"row": "{"}, {"row": "[]"}, {"odd": "x"}, {"back": "x"}, {"row": '{"epoch": -1}'},
         {"row": '{"epoch": 1, "x": 2}', "nf": "{"}, {"row": b"\xff"}], 2,
    ):  # fmt: skip
        client.xadd(JobKeys(job_id).epochs, fields, id=f"1-{part}")
    client.hset(JobKeys(job_id).job, "position", "1-8")
    store.append(job_id, [row(1, x=1.0), row(2, x=2.0), row(1, y=3.0)])
    assert join(store.writes(job_id)).columns["epoch"] == [1, 2]
    client.close()
    store.close()


def test_two_writers_of_the_same_epochs_store_each_once(store: Store) -> None:
    job_id = new_job(store)
    accepted: list[int] = []

    def write() -> None:
        for epoch in range(100):
            accepted.append(store.append(job_id, [row(epoch, x=0.5)]).accepted)  # noqa: PERF401

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sum(accepted) == 100
    assert sorted(stored(store, job_id)) == list(range(100))


def test_writes_are_read_between_positions(store: Store) -> None:
    job_id = new_job(store)
    store.append(job_id, [row(epoch, x=1.0) for epoch in range(10)])
    store.append(job_id, [row(3, y=1.0)])
    assert stored(store, job_id, after=Position(3, 1), upto=Position(6, 1)) == [4, 5, 6]
    assert stored(store, job_id, after=Position(3, 1), limit=2) == [4, 5]
    assert [write.epoch for write in store.newest_writes(job_id, 3)] == [8, 9, 3]
    assert [write.epoch for write in store.each_write(job_id)] == [*range(10), 3]


EPOCHS = st.integers(0, 6)
CELLS = st.dictionaries(
    st.sampled_from("abc"), st.sampled_from([1.0, 2.5, -3, [0.5, 1.0]]), min_size=1, max_size=2
)
LOSSES = st.fixed_dictionaries({"val_loss": st.sampled_from([0.5, 1.0, 2.0])})
WRITES = st.lists(
    st.one_of(
        st.tuples(st.just("rest"), st.lists(st.tuples(EPOCHS, CELLS | LOSSES), max_size=3)),
        st.tuples(st.just("log"), st.lists(st.tuples(EPOCHS, CELLS | LOSSES), max_size=3)),
        st.tuples(st.just("again"), st.integers(0, 40)),
        st.tuples(st.just("back"), st.integers(-1, 6)),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(WRITES)
def test_any_writes_in_any_order_give_the_table_of_the_plainest_model(
    valkey: EmbeddedStore, script: list[Any]
) -> None:
    store = Store(valkey.url)
    job_id = begun(store)
    model: dict[int, dict[str, Any]] = {}
    log: list[Any] = []
    for what, rows in script:
        if what == "rest":
            store.append(job_id, [row(epoch, **cells) for epoch, cells in rows])
        elif what == "log":
            log += [row_write(len(log) + k, row(e, **c), {}) for k, (e, c) in enumerate(rows, 1)]
        elif what == "back":
            log.append(back_write(len(log) + 1, rows))
            model = {epoch: cells for epoch, cells in model.items() if epoch <= rows}
        start = min(rows, len(log)) if what == "again" else 0  # sent again, from anywhere
        store.deliver(job_id, log[start:], token="a", place=start, attempt=0)
        if what in ("rest", "log"):
            for epoch, cells in rows:
                model.setdefault(epoch, {}).update(cells)
    columns = join(store.writes(job_id)).columns
    table = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    found = {
        line.pop("epoch"): {k: v for k, v in line.items() if v is not None and k != "timestamp"}
        for line in table
    }
    assert found == model
    store.recount(job_id)
    fields = store.job(job_id)
    assert int(fields.get("epochs_stored", 0)) == len(model)
    assert int(fields.get("current_epoch", 0)) == max(model, default=0)
    losses = {epoch: cells["val_loss"] for epoch, cells in model.items() if "val_loss" in cells}
    assert job_view(fields)["best_val_loss"] == min(losses.values(), default=None)
    store.close()


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
        store.append(job_id, [row(2)])
    with pytest.raises(UnknownJob):
        store.begin(job_id, "a", attempt=0, birth=birth, takes_over=True)
    assert job_id not in [fields["id"] for fields in store.jobs()]


def test_notes_and_facts_are_kept_with_the_job(store: Store) -> None:
    job_id = new_job(store)
    store.put_facts(job_id, {"crlb_p68_m": 20.5})
    store.add_note(job_id, {"kind": "warning", "message": "x"})
    with pytest.raises(InvalidMetric):
        store.add_note(job_id, {"epoch": float("nan")})
    assert store.facts(job_id) == {"crlb_p68_m": 20.5}
    assert store.notes(job_id) == [{"kind": "warning", "message": "x"}]


def test_job_counts_its_notes_and_changes_of_its_facts(store: Store) -> None:
    job_id = new_job(store)

    def revision() -> int:
        return int(job_view(store.job(job_id))["notes_revision"])

    assert revision() == 0
    store.put_facts(job_id, {"crlb_p68_m": 20.5})
    assert revision() == 1
    store.put_facts(job_id, {"crlb_p68_m": 20.5})
    assert revision() == 1, "the same facts again are no news"
    for text in ("x", "x"):
        store.change(job_id, note={"kind": "warning", "message": text})
    assert revision() == 3


def test_store_names_an_outage(tmp_path: object) -> None:
    with pytest.raises(StoreUnavailable, match="does not answer"):
        Store(f"redis://127.0.0.1:{free_port()}/0").ping()


def test_card_values_are_of_key_metrics_and_losses_and_stay_few(store: Store) -> None:
    key = {"key_metrics": json.dumps({"val/mIoU": "max"})}
    job_id = store.create_job(
        "x", status=Status.RUNNING, config={}, total_epochs=None, external=True, more=key
    )["id"]
    now = "2026-11-20T10:00:00.000Z"
    store.append(job_id, [{"epoch": 1, "timestamp": now, "a_loss": 3.0, "speed_m": 7.0}])
    row = {"epoch": 2, "timestamp": now, "val/mIoU": 0.5, "val_loss": 1.5, "speed_m": 8.0}
    many = {f"layer{number}/loss": 1.0 for number in range(20)}
    store.append(job_id, [row | many])
    shown = job_view(store.job(job_id))["last_metrics"]
    assert (shown["val/mIoU"], shown["val_loss"], shown["a_loss"]) == (0.5, 1.5, 3.0)
    assert "speed_m" not in shown
    assert len(shown) <= 8
    store.append(job_id, [{"epoch": 3, "timestamp": now, "val/mIoU": 0.6}])
    assert job_view(store.job(job_id))["last_metrics"]["val/mIoU"] == 0.6
