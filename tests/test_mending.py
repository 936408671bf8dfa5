"""The embedded store's files cut, damaged or taken away: said in a line, and saved what can be."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from heimdall_dash.errors import StartupRefused
from heimdall_dash.publish.bring import look_again
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.mending import FOLDER, MANIFEST, last_time, readable_bytes
from tests.conftest import wait_for

KEYS = 200


@pytest.fixture
def stopped(tmp_path: Path) -> EmbeddedStore:
    """Has held KEYS keys, each written by a transaction."""
    store = EmbeddedStore(tmp_path)
    store.start()
    client = redis.Redis.from_url(store.url)
    for number in range(KEYS):
        pipeline = client.pipeline(transaction=True)
        pipeline.set(f"key {number}", "x" * 50).incr("count").execute()
    store.stop()
    return store


def files(store: EmbeddedStore) -> Path:
    return Path(store._folder) / FOLDER


def newest(store: EmbeddedStore) -> Path:
    return next(files(store).glob("*.incr.aof"))


def held(store: EmbeddedStore) -> tuple[int, int]:
    """How many keys there are, and how many were counted: equal where transactions are whole."""
    client = redis.Redis.from_url(store.url)
    found = len(client.keys("key *")), int(client.get("count") or 0)
    store.stop()
    return found


def test_store_that_nothing_happened_to_says_nothing(stopped: EmbeddedStore) -> None:
    path = newest(stopped)
    assert readable_bytes(path) == path.stat().st_size
    assert last_time(path) is not None
    stopped.start()
    assert stopped.losses == []
    assert held(stopped) == (KEYS, KEYS)


def test_store_says_that_half_of_its_file_is_gone(stopped: EmbeddedStore) -> None:
    path = newest(stopped)
    os.truncate(path, readable_up_to(path, path.stat().st_size // 2))  # nothing odd about its end
    stopped.start()
    assert len(stopped.losses) == 1
    assert "lost" in stopped.losses[0].said
    assert stopped.losses[0].since == last_time(path)
    keys, counted = held(stopped)
    assert KEYS // 3 < keys == counted < KEYS


def readable_up_to(path: Path, size: int) -> int:
    part = path.with_name("part")
    part.write_bytes(path.read_bytes()[:size])
    good = readable_bytes(part)
    part.unlink()
    return good


def flip(path: Path, at: int) -> None:
    whole = bytearray(path.read_bytes())
    whole[at : at + 4] = b"\xff\xfe\xfd\xfc"
    path.write_bytes(bytes(whole))


@pytest.mark.parametrize("where", ["middle", "end"])
def test_store_starts_up_to_the_damage_and_keeps_a_copy(stopped: EmbeddedStore, where: str) -> None:
    path = newest(stopped)
    if where == "middle":
        place = path.read_bytes().index(b"*3\r\n$3\r\nSET\r\n$7\r\nkey 100")
        flip(path, place)
    else:
        with path.open("ab") as file:
            file.write(b"garbage\r\n" * 100)
    whole = path.read_bytes()
    stopped.start()
    assert ["damaged" in loss.said for loss in stopped.losses] == [True]
    assert [copy.read_bytes() for copy in files(stopped).glob("*.damaged-*")] == [whole]
    expected = 100 if where == "middle" else KEYS
    assert held(stopped) == (expected, expected)


def test_store_makes_its_list_of_files_anew(stopped: EmbeddedStore) -> None:
    (files(stopped) / MANIFEST).unlink()
    stopped.start()
    assert [MANIFEST in loss.said for loss in stopped.losses] == [True]
    assert held(stopped) == (KEYS, KEYS)


def test_store_without_its_first_file_refuses_in_one_line(stopped: EmbeddedStore) -> None:
    next(files(stopped).glob("*.base.rdb")).unlink()
    with pytest.raises(StartupRefused) as refused:
        stopped.start()
    assert "base.rdb is missing" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_store_says_that_its_folder_is_gone(stopped: EmbeddedStore) -> None:
    shutil.rmtree(files(stopped))
    stopped.start()
    assert ["is gone" in loss.said for loss in stopped.losses] == [True]
    assert held(stopped) == (0, 0)


def test_store_writes_all_anew_when_its_folder_is_taken_away_meanwhile(
    stopped: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped.start()
    shutil.rmtree(stopped._folder)
    stopped.look_after()
    wait_for(lambda: any(files(stopped).glob("*.base.rdb")), what="a new file")
    assert stopped._url_file.read_text().strip() == stopped.url
    stopped.stop()
    stopped.start()
    assert held(stopped) == (KEYS, KEYS)


def test_logs_are_brought_again_that_were_written_after_the_loss(tmp_path: Path) -> None:
    def run(number: int, written_at: float) -> Callable[[], bool]:
        folder = tmp_path / "jobs" / f"{number}"
        folder.mkdir(parents=True)
        (folder / "done.json").write_text("{}")
        log = folder / "log-0000-abcdefghijkl.jsonl"
        log.write_text("")
        os.utime(log, (written_at, written_at))
        return (folder / "done.json").exists

    before, after = run(1, 1_000_000.0), run(2, 2_000_000.0)
    look_again([tmp_path], 1_500_000.0)
    assert (before(), after()) == (True, False)
