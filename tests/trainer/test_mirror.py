"""The mirror: what a worker on another machine finds of a training."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from heimdall_dash.store.checkpoints import Position, StoredCheckpoints
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.conftest import wait_for
from tests.servers import free_port
from tests.test_store import new_job
from trainer.checkpoint import CheckpointFolder, TrainingState, serialised
from trainer.mirror import Mirror, position


@pytest.fixture
def job_id(valkey: EmbeddedStore) -> Iterator[str]:
    store = Store(valkey.url)
    yield new_job(store)
    store.close()


def state(epoch: int, batches_done: int = 0, finished: str | None = None) -> TrainingState:
    return TrainingState(
        config={}, fingerprint="f", model={}, optimizer={},
        epoch=epoch, batches_done=batches_done, finished=finished,
    )  # fmt: skip


def test_mirror_copies_while_training_goes_on_and_once_more_at_its_end(
    valkey: EmbeddedStore, job_id: str, tmp_path: Path
) -> None:
    look = StoredCheckpoints(valkey.url)
    with Mirror(job_id, 0, StoredCheckpoints(valkey.url), every_s=0.05) as mirror:
        folder = CheckpointFolder(tmp_path / "here", mirror.offer)
        folder.save(state(1))
        wait_for(lambda: look.position(job_id) == Position(1, 0), what="the first copy")
    with Mirror(job_id, 0, StoredCheckpoints(valkey.url), every_s=1000) as mirror:
        folder.on_saved = mirror.offer
        folder.save(state(2))
        folder.save(state(2, batches_done=5))
        assert look.position(job_id) == Position(1, 0)
    assert look.position(job_id) == Position(2, 5)
    assert look.content(job_id) == folder.last.read_bytes()
    look.close()


def test_fetch_takes_the_further_of_the_two(
    valkey: EmbeddedStore, job_id: str, tmp_path: Path
) -> None:
    stored, folder = StoredCheckpoints(valkey.url), CheckpointFolder(tmp_path)
    mirror = Mirror(job_id, 0, stored)
    mirror.fetch(folder)
    assert folder.load_last() is None  # nobody has one
    stored.save(job_id, 0, Position(3, 1), serialised(state(3, 1)))
    mirror.fetch(folder)
    folder.save(state(3, 2))
    mirror.fetch(folder)
    kept = folder.load_last()
    assert kept is not None
    assert position(kept) == Position(3, 2)
    stored.save(job_id, 0, Position(4, 0), serialised(state(4)))
    mirror.fetch(folder)
    newer = folder.load_last()
    assert newer is not None
    assert position(newer) == Position(4, 0)
    stored.close()


def test_fetch_replaces_a_damaged_file_where_the_store_has_a_whole_one(
    valkey: EmbeddedStore, job_id: str, tmp_path: Path
) -> None:
    stored, folder = StoredCheckpoints(valkey.url), CheckpointFolder(tmp_path)
    folder.save(state(7))
    folder.last.write_bytes(b"damaged")
    mirror = Mirror(job_id, 0, stored)
    mirror.fetch(folder)
    assert folder.last.read_bytes() == b"damaged"
    stored.save(job_id, 0, Position(6, 0), serialised(state(6)))
    mirror.fetch(folder)
    whole = folder.load_last()
    assert whole is not None
    assert whole.epoch == 6
    stored.close()


def test_finished_training_is_not_copied(
    valkey: EmbeddedStore, job_id: str, tmp_path: Path
) -> None:
    with Mirror(job_id, 0, StoredCheckpoints(valkey.url)) as mirror:
        CheckpointFolder(tmp_path, mirror.offer).save(state(9, finished=""))
    look = StoredCheckpoints(valkey.url)
    assert look.position(job_id) is None
    look.close()


def test_mirror_of_a_job_taken_over_copies_no_more(
    valkey: EmbeddedStore, job_id: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(valkey.url)
    store.change(job_id, fields={"attempt": 1})
    store.close()
    with Mirror(job_id, 0, StoredCheckpoints(valkey.url), every_s=0.02) as mirror:
        folder = CheckpointFolder(tmp_path, mirror.offer)
        folder.save(state(1))
        wait_for(lambda: "is now in attempt" in caplog.text, what="the refusal")
        folder.save(state(2))
    assert len(caplog.records) == 1


def test_mirror_bears_a_store_that_is_away(tmp_path: Path) -> None:
    away = StoredCheckpoints(f"redis://127.0.0.1:{free_port()}")
    with Mirror("job", 0, away, every_s=0.02) as mirror:
        folder = CheckpointFolder(tmp_path, mirror.offer)
        mirror.fetch(folder)
        folder.save(state(1))
        assert any(thread.name == "checkpoint-mirror" for thread in threading.enumerate())
    kept = folder.load_last()
    assert kept is not None
    assert kept.epoch == 1
