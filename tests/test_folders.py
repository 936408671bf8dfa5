"""What is kept on disk is for its owner alone, whatever the umask says."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from heimdall_dash.data_folder import DataFolder
from heimdall_dash.publish.journal import Journal
from heimdall_dash.store.embedded import EmbeddedStore


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """As most systems have it: everybody may read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def strangers_may(path: Path) -> int:
    return path.stat().st_mode & 0o077


def test_data_folder_is_for_its_owner(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "data"):
        assert strangers_may(tmp_path / "data") == 0


def test_store_folder_is_for_its_owner(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "data")
    store.start()
    store.stop()
    assert strangers_may(tmp_path / "data" / "store") == 0


def test_job_folder_is_for_its_owner(tmp_path: Path) -> None:
    job_id = str(uuid.uuid4())
    Journal(tmp_path / "data", job_id)
    assert strangers_may(tmp_path / "data" / "jobs" / job_id) == 0
