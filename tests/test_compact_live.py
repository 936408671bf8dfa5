"""A compacted job in the live parts: nobody misses anything, and nobody sees a gap."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from heimdall_dash.cells import START, Position, join
from heimdall_dash.errors import HistoryCompacted
from heimdall_dash.records import Status, utc_now
from heimdall_dash.store.compact import Sizes, compact
from heimdall_dash.store.follow import Follower
from heimdall_dash.store.keys import JobKeys
from heimdall_dash.store.store import Store
from tests.conftest import Web
from tests.test_framed import new_job, publish
from tests.viewers import Viewer

SIZES = Sizes(keep=64, round=200, touched=50)
EVERYTHING = Sizes(keep=1, final=1, least=1, round=200, touched=50)


@pytest.fixture
def opened(store_url: str) -> Iterator[Store]:
    opened = Store(store_url)
    yield opened
    opened.close()


def job_of(store: Store, *epochs: int, **cells: Any) -> str:
    fields = store.create_job(
        "VHF", status=Status.RUNNING, config={}, total_epochs=9, external=True
    )
    add(store, fields["id"], *epochs, **cells)
    return str(fields["id"])


def add(store: Store, job_id: str, *epochs: int, **cells: Any) -> Any:
    rows = [{"epoch": epoch, "timestamp": utc_now(), "x": epoch / 7, **cells} for epoch in epochs]
    return store.append(job_id, rows)


def compacted(store: Store, job_id: str, sizes: Sizes) -> Position:
    while compact(store, job_id, sizes):
        pass
    return Position.parse(store.job(job_id)["compacted"])


def test_rounds_leave_the_newest_in_the_stream_on_every_kind_of_store(opened: Store) -> None:
    job_id = job_of(opened, *range(500))
    assert compacted(opened, job_id, SIZES) == Position(399, 1)
    assert [write.epoch for write in opened.each_write(job_id)] == list(range(500))
    assert len(opened.newest_writes(job_id, 1000)) == 100
    with pytest.raises(HistoryCompacted):
        opened.writes(job_id, after=Position(398, 1))
    assert opened.writes(job_id, after=Position(399, 1))[0].epoch == 400
    assert add(opened, job_id, 7).duplicates == 1
    assert add(opened, job_id, 7, y=2).accepted == 1
    assert add(opened, job_id, 7, x=2.5).accepted == 1
    assert opened.job(job_id)["replaced"] == "1"
    (late,) = opened.each_write(job_id, after=Position(499, 2))
    assert (late.epoch, (late.row or {})["x"]) == (7, 2.5)
    compacted(opened, job_id, EVERYTHING)
    columns = join(opened.each_write(job_id)).columns
    assert columns["epoch"] == list(range(500))
    assert (columns["x"][7], columns["y"][7]) == (2.5, 2)
    assert add(opened, job_id, 7, x=2.5, y=2).duplicates == 1


def test_deletion_and_a_new_beginning_leave_no_block(opened: Store) -> None:
    job_id = job_of(opened, *range(500))
    compacted(opened, job_id, SIZES)
    client = opened._connected()
    assert client.exists(JobKeys(job_id).blocks)
    opened.delete(job_id, list(Status))
    assert not client.exists(JobKeys(job_id).blocks)


def test_block_that_cannot_be_read_costs_its_rows_alone(opened: Store) -> None:
    job_id = job_of(opened, *range(500))
    compacted(opened, job_id, SIZES)
    first, second = opened.blocks.manifest(job_id).blocks
    client = opened._connected()
    client.hset(JobKeys(job_id).blocks, first.field("x"), "x")
    client.hset(JobKeys(job_id).blocks, second.field("epoch"), b"\xff")
    assert len(list(opened.each_write(job_id))) == 100
    client.hset(JobKeys(job_id).blocks, "manifest", "{")
    assert [write.epoch for write in opened.each_write(job_id)] == list(range(400, 500))


async def test_follower_says_that_writes_are_compacted(opened: Store, store_url: str) -> None:
    job_id = job_of(opened, *range(500))
    compacted(opened, job_id, SIZES)
    follower = Follower(store_url)
    await follower.open(list)
    with pytest.raises(HistoryCompacted):
        await follower.writes(job_id, Position(398, 1))
    assert len(await follower.writes(job_id, Position(399, 1))) == 100
    found = [w.epoch async for part in follower.joined_writes(job_id, START) for w in part]
    assert found == list(range(500))
    await follower.close()


@pytest.fixture
def store(web: Web) -> Iterator[Store]:
    opened = Store(web.settings.store_url)
    yield opened
    opened.close()


def test_viewers_of_a_compacted_job_reload_or_are_served_from_blocks(
    web: Web, client: httpx.Client, store: Store
) -> None:
    job_id = new_job(client)
    publish(client, job_id, 0, 999)
    before = client.get(f"/jobs/{job_id}/metrics").json()
    assert compacted(store, job_id, SIZES).epoch > 500
    with Viewer(f"{web.ws_url}/{job_id}?after=10") as viewer:
        viewer.next_of("connected")
        publish(client, job_id, 1000, 1001)
        assert viewer.epochs_up_to(1001) == list(range(11, 1002))
    for after, recovered in (("10-1", False), ("990-1", True)):
        url = f"{web.ws_url}/{job_id}?after={after}&stream={before['stream']}"
        with Viewer(url, framed=True) as framed:
            assert framed.next_of("sync")["recovered"] is recovered
    query = {"cursor": "10-1", "stream": before["stream"]}
    again = client.get(f"/jobs/{job_id}/metrics", params=query).json()
    assert "after" not in again  # everything, since it is not told from the stream
    assert again["columns"]["train_loss"][:1000] == before["columns"]["train_loss"]
    csv = client.get(f"/jobs/{job_id}/metrics", params={"format": "csv"}).text.splitlines()
    assert len(csv) == 1003


def test_every_look_at_a_compacted_job_is_answered(web: Web, client: httpx.Client) -> None:
    store = Store(str(web.settings.redis_url))
    job_id = job_of(store, *range(300), b=1.0)
    add(store, job_id, 300, a=2.0)
    compacted(store, job_id, EVERYTHING)
    found = client.get(f"jobs/{job_id}")
    assert found.json()["metric_names"] == ["x", "b", "a"]
    looks = [
        "metrics", "metrics?points=20", "metrics?format=csv", "metrics?most_cells=10",
        "metrics?metrics=x&after=10&before=20", "series?metrics=x&metrics=a&points=10",
        "summary", "predictions",
    ]  # fmt: skip
    for look in looks:
        answer = client.get(f"jobs/{job_id}/{look}")
        assert answer.status_code == 200, (look, answer.text)
    assert client.get(f"jobs/{job_id}/summary").json()["summary"]["x"]["count"] == 301
    store.close()
