"""Jobs that ended long ago are deleted where that is wished, and no others."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from heimdall_dash.errors import UnknownJob
from heimdall_dash.queue import JobQueue
from heimdall_dash.records import Status, iso_time
from heimdall_dash.removal import Removal
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store

LONG_AGO = "2020-01-01T00:00:00.000Z"


def put(store: Store, status: Status, **more: str) -> str:
    fields = store.create_job(
        "old", status=status, config={}, total_epochs=None, external=True, more=more
    )
    return fields["id"]


def removal(valkey: EmbeddedStore, store: Store, data: Path, keep_days: float) -> Removal:
    return Removal(store, JobQueue(store, valkey.url), data, keep_days)


@pytest.fixture
def store(own_valkey: EmbeddedStore) -> Store:
    return Store(own_valkey.url)


def test_removal_takes_what_is_over_for_longer_than_wished(
    own_valkey: EmbeddedStore, store: Store, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    yesterday = iso_time((now - timedelta(days=1)).timestamp())
    old = put(store, Status.COMPLETED, completed_at=LONG_AGO)
    young = put(store, Status.FAILED, completed_at=yesterday)
    running = put(store, Status.RUNNING, created_at=LONG_AGO, started_at=LONG_AGO)
    imported = put(
        store, Status.COMPLETED, completed_at=LONG_AGO,
        last_metric_ms=str(int(now.timestamp() * 1000)),
    )  # fmt: skip
    undated = put(store, Status.CANCELLED)
    (tmp_path / "jobs" / old).mkdir(parents=True)
    removal(own_valkey, store, tmp_path, 30).remove_old(now, store.jobs())
    left = {fields["id"] for fields in store.jobs()}
    assert left == {young, running, imported, undated}
    assert not (tmp_path / "jobs" / old).exists()
    with pytest.raises(UnknownJob):
        store.job(old)


def test_removal_keeps_everything_where_no_time_is_set(
    own_valkey: EmbeddedStore, store: Store, tmp_path: Path
) -> None:
    old = put(store, Status.COMPLETED, completed_at=LONG_AGO)
    removal(own_valkey, store, tmp_path, 0).remove_old(datetime.now(UTC), store.jobs())
    assert [fields["id"] for fields in store.jobs()] == [old]
