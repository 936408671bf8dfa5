"""Checkpoints in the store: the newest of each job, from its newest attempt, until it is over."""

import uuid
from collections.abc import Iterator

import pytest

from heimdall_dash.errors import StaleAttempt, StoreUnavailable, UnknownJob
from heimdall_dash.records import LEGAL, Status
from heimdall_dash.store import checkpoints as module
from heimdall_dash.store.checkpoints import Position, StoredCheckpoints, TooLarge
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.servers import free_port
from tests.test_store import new_job


@pytest.fixture
def store(valkey: EmbeddedStore) -> Iterator[Store]:
    client = Store(valkey.url)
    yield client
    client.close()


@pytest.fixture
def stored(valkey: EmbeddedStore) -> Iterator[StoredCheckpoints]:
    client = StoredCheckpoints(valkey.url)
    yield client
    client.close()


def test_newest_checkpoint_comes_back_as_it_was(store: Store, stored: StoredCheckpoints) -> None:
    job_id, content = new_job(store), bytes(range(256)) * 100
    assert stored.position(job_id) is None
    stored.save(job_id, 0, Position(3, 2), b"old")
    stored.save(job_id, 0, Position(4, 0), content)
    assert stored.position(job_id) == Position(4, 0)
    assert stored.content(job_id) == content


def test_positions_are_ordered_by_epoch_then_batch() -> None:
    assert Position(3, 9) < Position(4, 0) < Position(4, 1)


def test_checkpoint_of_an_earlier_attempt_is_refused(
    store: Store, stored: StoredCheckpoints
) -> None:
    job_id = new_job(store)
    stored.save(job_id, 0, Position(3, 0), b"first")
    store.change(job_id, fields={"attempt": 1})
    with pytest.raises(StaleAttempt):
        stored.save(job_id, 0, Position(9, 0), b"late twin")
    assert stored.content(job_id) == b"first"


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_checkpoint_goes_when_the_job_is_over(
    store: Store, stored: StoredCheckpoints, status: Status
) -> None:
    job_id = new_job(store)
    stored.save(job_id, 0, Position(3, 0), b"x")
    store.change(job_id, fields={"status": Status.PAUSED})
    assert stored.content(job_id) == b"x"
    store.change(job_id, fields={"status": status})
    assert stored.content(job_id) is None


def test_checkpoint_goes_with_its_job_and_does_not_come_back(
    store: Store, stored: StoredCheckpoints
) -> None:
    job_id = new_job(store)
    stored.save(job_id, 0, Position(3, 0), b"x")
    store.delete(job_id, LEGAL["delete"])
    assert stored.content(job_id) is None
    with pytest.raises(UnknownJob):
        stored.save(job_id, 0, Position(4, 0), b"x")
    with pytest.raises(UnknownJob):
        stored.save(str(uuid.uuid4()), 0, Position(4, 0), b"x")


def test_huge_checkpoint_is_refused_with_a_way_out(
    store: Store, stored: StoredCheckpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    with pytest.raises(TooLarge, match="HEIMDALL_DATA"):
        stored.save(new_job(store), 0, Position(1, 0), b"x" * 11)


def test_store_that_is_away_is_said() -> None:
    stored = StoredCheckpoints(f"redis://127.0.0.1:{free_port()}")
    with pytest.raises(StoreUnavailable):
        stored.position("x")
    stored.close()
