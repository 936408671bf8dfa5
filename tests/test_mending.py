"""The embedded store's files cut, damaged or taken away: said in a line, and saved what can be."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from heimdall_dash.publish.bring import look_again
from heimdall_dash.records import Status, utc_now
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.mending import EVER, FOLDER, MANIFEST, last_time, readable_bytes
from heimdall_dash.store.store import Store
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


def test_store_without_its_base_file_keeps_what_was_made_since(tmp_path: Path) -> None:
    """It refused to start. Of older jobs only the last changes are left: their logs bring them."""

    def made(name: str) -> str:
        job = jobs.create_job(name, status=Status.PENDING, config={}, total_epochs=9, external=True)
        return str(job["id"])

    def log(job_id: str, epochs: range) -> None:
        rows = [{"epoch": epoch, "timestamp": utc_now(), "loss": 0.5} for epoch in epochs]
        jobs.append(job_id, rows, attempt=0)

    embedded = EmbeddedStore(tmp_path)
    embedded.start()
    jobs = Store(lambda: embedded.url)
    older = made("older")
    log(older, range(3))
    rewrite(embedded)
    log(older, range(3, 5))
    newer = made("newer")
    log(newer, range(4))
    embedded.stop()
    (base,) = files(embedded).glob("*.base.rdb")
    base.unlink()
    incremental = newest(embedded).read_bytes()

    embedded.start()
    said = [loss.said for loss in embedded.losses]
    assert [f"{base.name} is missing" in said[0], "1 jobs were not whole" in said[1]] == [True] * 2
    assert {loss.since for loss in embedded.losses} == {EVER}
    assert [job["id"] for job in jobs.jobs()] == [newer]
    assert [write.epoch for write in jobs.writes(newer)] == [0, 1, 2, 3]
    client = redis.Redis.from_url(embedded.url)
    assert not client.keys(f"*{older}*")
    (kept,) = tmp_path.glob("store/appendonlydir.without-base-*/*.incr.aof")
    assert kept.read_bytes().startswith(incremental)
    wait_for(lambda: list(files(embedded).glob("*.base.rdb")), what="a new base file")
    embedded.stop()

    embedded.start()
    assert embedded.losses == []
    assert [job["id"] for job in jobs.jobs()] == [newer]
    jobs.close()
    embedded.stop()


def rewrite(store: EmbeddedStore) -> None:
    client = redis.Redis.from_url(store.url)
    before = set(files(store).glob("*.base.rdb"))
    client.bgrewriteaof()
    wait_for(lambda: set(files(store).glob("*.base.rdb")).isdisjoint(before), what="the rewrite")
    wait_for(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    client.close()


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


@pytest.mark.parametrize("damage", ["byte", "half", "head", "empty"])
def test_store_with_a_base_file_that_cannot_be_read_keeps_it_and_what_was_made_since(
    stopped: EmbeddedStore, damage: str
) -> None:
    """It refused every start, with the server's own words and a tool that is not shipped."""
    stopped.start()
    rewrite(stopped)
    client = redis.Redis.from_url(stopped.url)
    client.set("later", 1)
    stopped.stop()
    (base,) = files(stopped).glob("*.base.rdb")
    if damage in {"half", "empty"}:
        os.truncate(base, base.stat().st_size // 2 if damage == "half" else 0)
    else:
        flip(base, 20 if damage == "byte" else 2)
    whole = base.read_bytes()
    stopped.start()
    said = " ".join(loss.said for loss in stopped.losses)
    assert base.name in said
    assert "kept in appendonlydir.without-base-" in said
    kept = list(files(stopped).glob("*.base.rdb.damaged-*"))
    assert [path.read_bytes() for path in kept] == ([] if damage == "empty" else [whole])
    assert (client.get("later"), client.get("key 1")) == (b"1", None)
    wait_for(lambda: any(path.stat().st_size for path in files(stopped).glob("*.base.rdb")))
    stopped.stop()
    stopped.start()
    assert stopped.losses == []
    stopped.stop()


@pytest.mark.parametrize(
    "text", ["", "rubbish\n", "file appendonly.aof.9.base.rdb seq 9 type b\n", "file x\0y"]
)
def test_store_whose_list_of_files_cannot_be_read_makes_it_anew(
    stopped: EmbeddedStore, text: str
) -> None:
    (files(stopped) / MANIFEST).write_text(text)
    stopped.start()
    assert len(stopped.losses) == 1
    assert held(stopped) == (KEYS, KEYS)


@pytest.mark.parametrize("text", ["[1]", "7", '{"appendonly.aof.1.incr.aof": "x"}', "{]"])
def test_store_starts_whatever_was_noted_of_its_files(stopped: EmbeddedStore, text: str) -> None:
    """An odd note ended the start with a traceback."""
    (stopped._folder / "seen.json").write_text(text)
    stopped.start()
    assert stopped.losses == []
    assert held(stopped) == (KEYS, KEYS)


def test_store_says_that_all_its_files_are_gone(stopped: EmbeddedStore) -> None:
    for path in files(stopped).iterdir():
        if path.name != MANIFEST:
            path.unlink()
    stopped.start()
    assert ["are missing" in loss.said for loss in stopped.losses] == [True]
    assert held(stopped) == (0, 0)
