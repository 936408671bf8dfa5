"""Kept histories: read once, brought up to date by what is new, bounded over all jobs together."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from heimdall_dash.api import history as history_module
from heimdall_dash.api.history import History, Need
from heimdall_dash.api.kept import Kept
from heimdall_dash.cells import Position, Write
from heimdall_dash.errors import UnknownJob
from heimdall_dash.records import Status, utc_now
from heimdall_dash.store.compact import Sizes, compact
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.keys import JobKeys
from heimdall_dash.store.store import Store


@pytest.fixture
def store(valkey: EmbeddedStore) -> Iterator[Store]:
    opened = Store(valkey.url)
    yield opened
    opened.close()


def new(store: Store, *epochs: int, **cells: Any) -> str:
    fields = store.create_job(
        "VHF", status=Status.PENDING, config={}, total_epochs=9, external=True
    )
    add(store, fields["id"], *epochs, **cells)
    return fields["id"]


def add(store: Store, job_id: str, *epochs: int, **cells: Any) -> None:
    rows = [{"epoch": epoch, "timestamp": utc_now(), **cells} for epoch in epochs]
    store.append(job_id, rows)


def epochs_of(history: History, job_id: str) -> list[int]:
    with history.of(job_id) as (_, kept):
        return list(kept.table.epochs)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Position]:
    """Positions of the writes that were read from the store, in their order."""
    seen: list[Position] = []
    pieces = Store.pieces

    def counted(self: Store, *given: Any) -> Iterator[list[Write]]:
        for piece in pieces(self, *given):
            seen.extend(write.position for write in piece)
            yield piece

    monkeypatch.setattr(Store, "pieces", counted)
    return seen


def test_only_what_is_new_is_read(store: Store, read: list[Position]) -> None:
    job_id, history = new(store, 1, 2, a=0.5), History(store)
    assert epochs_of(history, job_id) == [1, 2]
    assert epochs_of(history, job_id) == [1, 2]
    add(store, job_id, 1, b=1.5)
    add(store, job_id, 3)
    with history.of(job_id) as (_, kept):
        assert kept.table.cut("b", 0, 3).tolist()[0] == 1.5
        assert kept.table.position == Position(3, 1)
    assert read == [Position(1, 1), Position(2, 1), Position(2, 2), Position(3, 1)]


def test_requests_that_cross_read_each_write_once(store: Store, read: list[Position]) -> None:
    job_id, history = new(store), History(store)
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            epochs_of(history, job_id)

    readers = [threading.Thread(target=ask) for _ in range(4)]
    for reader in readers:
        reader.start()
    for epoch in range(200):
        add(store, job_id, epoch)
    stop.set()
    for reader in readers:
        reader.join()
    assert epochs_of(history, job_id) == list(range(200))
    assert read == [Position(epoch, 1) for epoch in range(200)]


def test_store_that_came_back_with_less_or_another_history_is_read_anew(store: Store) -> None:
    job_id, history = new(store, 1, 2, 3, a=0.5), History(store)
    assert epochs_of(history, job_id) == [1, 2, 3]
    client = store._connected()
    client.xdel(JobKeys(job_id).epochs, "3-1")
    assert epochs_of(history, job_id) == [1, 2]
    client.xdel(JobKeys(job_id).epochs, "2-1")
    client.xadd(JobKeys(job_id).epochs, {"row": '{"epoch": 5}'}, id="5-1")
    assert epochs_of(history, job_id) == [1, 5]
    client.delete(JobKeys(job_id).epochs)
    client.xadd(JobKeys(job_id).epochs, {"row": '{"epoch": 7}'}, id="7-1")
    client.hset(JobKeys(job_id).job, "stream", "another")
    assert epochs_of(history, job_id) == [7]


def test_odd_entries_are_left_out(store: Store) -> None:
    job_id, history = new(store, 1, a=0.5), History(store)
    client = store._connected()
    for part, row in enumerate([b"\xff", '{"epoch": 1e3}', f'{{"epoch": {10**30}}}', "7"], start=2):
        client.xadd(JobKeys(job_id).epochs, {"row": row}, id=f"1-{part}")
    client.xadd(JobKeys(job_id).epochs, {"row": b'{"epoch": 2, "a\xff": "x"}'}, id="2-1")
    client.hset(JobKeys(job_id).job, "position", "x")
    assert epochs_of(history, job_id) == [1, 2]


def test_kept_histories_are_bounded_together_and_alone(
    store: Store, read: list[Position], monkeypatch: pytest.MonkeyPatch
) -> None:
    small, other = new(store, 1, 2), new(store, 1, 2)
    large = new(store, *range(100), a=0.5)
    monkeypatch.setattr(history_module, "MAX_BYTES", 3_000)
    history = History(store)
    for job_id in (small, other, small):
        assert epochs_of(history, job_id) == [1, 2]
    assert len(read) == 4
    assert len(epochs_of(history, large)) == 100
    assert not history._kept  # it alone is more than may be kept, and pushed the others out
    for number in range(3):
        with pytest.raises(UnknownJob), history.of(f"nobody-{number}"):
            pass
    monkeypatch.setattr(history_module, "MAX_JOBS", 2)
    assert epochs_of(history, small) == [1, 2]
    assert len(history._kept) == 2


def test_columns_beyond_the_bound_are_let_go_while_an_answer_is_made(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"metric_{n}" for n in range(9)]
    job_id = new(store)
    for epoch in range(300):
        add(store, job_id, epoch, **{name: epoch / (n + 1) for n, name in enumerate(names)})
    while compact(store, job_id, Sizes(keep=1, final=1, least=1, round=100)):
        pass
    monkeypatch.setattr(history_module, "MAX_BYTES", 32_000)
    history, held = History(store), []

    def answer(kept: Kept, need: Need) -> list[float]:
        table, found = kept.table, []
        for name in names * 2:
            need(["timestamp", name])
            _, values = table.column(name)
            found.append(float(sum(values)))
            assert all(str(time).endswith("Z") for time in table.times(np.arange(300)))
            held.append(len(table.columns))
        return found

    expected = [sum(epoch / (n + 1) for epoch in range(300)) for n in range(9)]
    assert history.answered(job_id, answer) == pytest.approx(expected * 2)
    assert max(held) < 9
    assert history._kept[job_id].nbytes <= 32_000
