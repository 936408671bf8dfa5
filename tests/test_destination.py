"""Where a run goes, and where its local log lies, from whatever folder it is started."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heimdall_dash import discovery
from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.publish.bring import Bringer
from heimdall_dash.publish.destination import find, without_password
from heimdall_dash.publish.transport import HttpTransport, StoreTransport
from heimdall_dash.publisher import Job
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.conftest import wait_for


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user with no settings and no dashboards, in a folder of no meaning."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("HEIMDALL_URL", "REDIS_URL", "HEIMDALL_DATA", "HEIMDALL_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")


@pytest.fixture
def opened(own_valkey: EmbeddedStore) -> Iterator[Store]:
    store = Store(own_valkey.url)
    yield store
    store.close()


def announced(valkey: EmbeddedStore, data: Path, port: int = 8001) -> Any:
    return discovery.announce(f"http://127.0.0.1:{port}", valkey.url, data)


def published(**more: Any) -> Job:
    with Job.start("VHF", with_origin=False, **more) as job:
        job.log(1, a=1.0)
    return job


def test_run_finds_the_dashboard_of_this_user_with_nothing_set(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    data = tmp_path / "data"
    with announced(own_valkey, data):
        job = published()
    assert [write.epoch for write in opened.writes(job.id)] == [1]
    assert job.url == f"http://127.0.0.1:8001/?tab=metrics&job={job.id}"
    assert (data / "jobs" / job.id / "done.json").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.slow
def test_run_without_any_dashboard_waits_for_nothing_says_where_it_looked_and_is_brought(
    own_valkey: EmbeddedStore, opened: Store, caplog: pytest.LogCaptureFixture
) -> None:
    job = Job.start("VHF", with_origin=False)
    job.log(1, a=1.0)
    wait_for(lambda: job._sender.trouble)
    assert job.close() is False
    assert "no dashboard" in caplog.text
    assert "HEIMDALL_URL and REDIS_URL are unset" in caplog.text
    assert str(discovery.runs_folder()) in caplog.text
    bringer = Bringer([discovery.runs_folder()], lambda: own_valkey.url)
    wait_for(lambda: bringer.look() == [job.id])
    assert [write.epoch for write in opened.writes(job.id)] == [1]
    assert opened.job(job.id)["status"] == "completed"


def test_run_that_began_before_its_dashboard_finds_it(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    job = Job.start("VHF")
    job.log(1, a=1.0)
    wait_for(lambda: job._sender.trouble)
    with announced(own_valkey, tmp_path / "data"):
        wait_for(lambda: job._sender.was_there)
        assert job.close() is True
    assert [write.epoch for write in opened.writes(job.id)] == [1]


def test_run_stays_with_its_dashboard_when_that_comes_back_at_another_address(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    other = EmbeddedStore(tmp_path / "other")
    with announced(own_valkey, tmp_path / "data") as first:
        job = Job.start("VHF")
        job.log(1, a=1.0)
        wait_for(lambda: job._sender.delivered_bytes)
        own_valkey.stop()
        first.stop()
        other.start()
        with announced(other, tmp_path / "other", 8002):  # newer, and there: but not ours
            job.log(2, a=2.0)
            wait_for(lambda: job._sender.trouble)
            moved = EmbeddedStore(tmp_path / "data")
            (tmp_path / "data" / "store" / "url").write_text("redis://:secret@127.0.0.1:1/0")
            moved.start()
            assert moved.url != own_valkey.url
            with announced(moved, tmp_path / "data", 8003):
                assert job.close() is True
                store = Store(moved.url)
                assert [write.epoch for write in store.writes(job.id)] == [1, 2]
                store.close()
            lonely = Store(other.url)
            assert lonely.jobs() == []
            lonely.close()
        moved.stop()
        other.stop()


def test_settings_come_before_what_is_found(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with discovery.announce("http://127.0.0.1:1", "redis://127.0.0.1:1/0", tmp_path / "wrong"):
        monkeypatch.setenv("REDIS_URL", own_valkey.url)
        assert isinstance(find(None, None).open(), StoreTransport)
        assert opened.job(published().id)["status"] == "completed"
        monkeypatch.setenv("HEIMDALL_URL", "http://127.0.0.1:2")
        assert isinstance(find(None, None).open(), HttpTransport)
        assert isinstance(find(own_valkey.url, None).open(), StoreTransport)
        monkeypatch.delenv("HEIMDALL_URL")
        monkeypatch.delenv("REDIS_URL")
        monkeypatch.setenv("HEIMDALL_DATA", str(tmp_path / "data"))
        job = published()
        assert opened.job(job.id)["status"] == "completed"
        assert (tmp_path / "data" / "jobs" / job.id).is_dir()


def test_clone_whose_store_runs_is_found_from_its_own_folder(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # its ./data holds the store
    job = published()
    assert opened.job(job.id)["status"] == "completed"
    assert (tmp_path / "data" / "jobs" / job.id / "done.json").exists()


def test_newest_of_several_dashboards_is_taken_and_named(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "older").mkdir()
    older = discovery.announce("http://127.0.0.1:1", "redis://127.0.0.1:1/0", tmp_path / "older")
    with older, announced(own_valkey, tmp_path / "data"):
        assert opened.job(published().id)["status"] == "completed"
    assert caplog.text.count("2 dashboards run here") == 1


def test_dashboard_that_does_not_answer_is_passed_over(
    own_valkey: EmbeddedStore, tmp_path: Path, opened: Store
) -> None:
    (tmp_path / "newer").mkdir()
    newer = discovery.announce("http://127.0.0.1:1", "redis://127.0.0.1:1/0", tmp_path / "newer")
    with announced(own_valkey, tmp_path / "data"), newer:
        assert opened.job(published().id)["status"] == "completed"


def test_dead_dashboard_is_not_waited_for(tmp_path: Path) -> None:
    with discovery.announce("http://127.0.0.1:1", "redis://127.0.0.1:1/0", tmp_path / "gone"):
        pass
    shutil.copytree(tmp_path / "state", tmp_path / "copy", dirs_exist_ok=True)
    destination = find(None, None)
    assert not destination.is_anywhere
    with pytest.raises(StoreUnavailable, match="no dashboard"):
        destination.open()


def test_addresses_are_shown_without_their_password() -> None:
    assert without_password("redis://:secret@host:1/0") == "redis://…@host:1/0"
    assert without_password("http://host:1/x") == "http://host:1/x"
