"""Following the store, the same on Valkey, Redis and a cluster (where channels are sharded)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from heimdall_dash.cells import Position
from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.records import Status, utc_now
from heimdall_dash.store import follow
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.follow import Follower, JobUnreadable, Message
from heimdall_dash.store.keys import MOVED_CHANNEL, JobKeys
from heimdall_dash.store.store import Store
from tests.conftest import Web, web_settings
from tests.test_framed import new_job, publish
from tests.viewers import Viewer


@pytest.fixture
async def follower(store_url: str) -> AsyncIterator[Follower]:
    opened = Follower(store_url)
    await opened.open(lambda: [])
    yield opened
    await opened.close()


def new(store: Store) -> str:
    return store.create_job("VHF", status=Status.PENDING, config={}, total_epochs=9, external=True)[
        "id"
    ]


def append(store: Store, job_id: str, *epochs: int) -> None:
    store.append(job_id, [{"epoch": epoch, "timestamp": utc_now()} for epoch in epochs])


async def heard(follower: Follower, wanted: Any, timeout_s: float = 10.0) -> Message | None:
    """The first message for which `wanted(job_id, message)`; its message."""
    async with asyncio.timeout(timeout_s):
        while True:
            async for job_id, message in follower.messages(0.2):
                if wanted(job_id, message):
                    return message


@pytest.mark.slow
async def test_follower_hears_the_epochs_of_subscribed_jobs_and_updates_of_all(
    store: Store, follower: Follower
) -> None:
    mine, other = new(store), new(store)
    await follower.subscribe(mine)
    await heard(follower, lambda job_id, message: job_id == mine and message is None)
    await asyncio.to_thread(append, store, other, 1)
    await asyncio.to_thread(append, store, mine, 1, 2)
    epochs = await heard(
        follower, lambda job_id, message: job_id == mine and message and "writes" in message
    )
    assert epochs is not None
    assert (epochs["after"], epochs["cursor"]) == ("0-0", "2-1")
    assert [(position, row["epoch"]) for position, row in epochs["writes"]] == [
        ("1-1", 1), ("2-1", 2),
    ]  # fmt: skip
    store.change(other, fields={"status": Status.PAUSED}, event="training:paused")
    update = await heard(
        follower,
        lambda job_id, message: job_id is None and message and message["job"]["id"] == other,
    )
    assert update is not None
    assert "writes" not in update


async def moved_to(follower: Follower, wanted: set[str]) -> None:
    """Until it was told of these, no more than once each, and of no others."""
    left = set(wanted)
    async with asyncio.timeout(10):
        while left:
            told = await follower.moved()
            assert told is not None
            assert told <= left
            left -= told


@pytest.mark.slow
async def test_follower_is_told_which_jobs_have_new_epochs(
    store: Store, follower: Follower
) -> None:
    ids = [new(store) for _ in range(7)]
    for job_id in ids[:5]:
        await asyncio.to_thread(append, store, job_id, 1)
    await moved_to(follower, set(ids[:5]))
    for epoch in range(2, 2 + 3 * follow.BURST):
        store.call(lambda client, job_id=ids[epoch % 3]: client.publish(MOVED_CHANNEL, job_id))
    told: set[str] = set()
    async with asyncio.timeout(10):
        while told != set(ids[:3]):
            told |= await follower.moved() or set()
    found = await follower.jobs_of([*ids[:5], "nobody"])
    assert {fields["id"]: fields["current_epoch"] for fields in found} == dict.fromkeys(
        ids[:5], "1"
    )


@pytest.mark.slow
async def test_follower_goes_on_reading_while_it_subscribes(
    store: Store, follower: Follower
) -> None:
    """On a cluster the first channel of a node opens a connection, and was read before it was."""
    ids = [new(store) for _ in range(12)]
    wanted = set(ids)
    reading = asyncio.create_task(
        heard(follower, lambda job_id, message: wanted.discard(job_id) or not wanted, 20)
    )
    await asyncio.gather(*(follower.subscribe(job_id) for job_id in ids))
    await reading


@pytest.mark.slow
async def test_follower_hears_nothing_more_after_unsubscribing(
    store: Store, follower: Follower
) -> None:
    job_id = new(store)
    await follower.subscribe(job_id)
    await heard(follower, lambda about, message: about == job_id and message is None)
    await follower.unsubscribe(job_id)
    await asyncio.to_thread(append, store, job_id, 1)
    with pytest.raises(TimeoutError):
        await heard(follower, lambda about, message: about == job_id, timeout_s=0.5)
    await follower.subscribe(job_id)
    await heard(follower, lambda about, message: about == job_id and message is None)
    await asyncio.to_thread(append, store, job_id, 2)
    assert await heard(follower, lambda about, message: about == job_id and message)


async def test_follower_reads_writes_and_jobs(store: Store, follower: Follower) -> None:
    job_id = new(store)
    await asyncio.to_thread(append, store, job_id, *range(10))
    found = await follower.writes(job_id, Position(2, 1), upto=Position(6, 1))
    assert [write.epoch for write in found] == [3, 4, 5, 6]
    assert [write.epoch for write in await follower.writes(job_id, limit=2)] == [0, 1]
    assert await follower.newest_positions(job_id, 3) == [Position(e, 1) for e in (7, 8, 9)]
    assert (await follower.job(job_id))["current_epoch"] == "9"
    assert job_id in [fields["id"] for fields in await follower.jobs()]
    assert await follower.job("nobody") == {}
    assert abs((await follower.now() - datetime.now(UTC)).total_seconds()) < 5


async def test_follower_leaves_out_what_cannot_be_read_and_counts_it(
    store: Store, follower: Follower, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(follow, "PAGE", 3)
    job_id = new(store)
    await asyncio.to_thread(append, store, job_id, 1)
    entries: list[dict[str | bytes, Any]] = [
        {"row": "{"}, {"row": "[1]"}, {"row": '{"epoch": -1}'}, {"other": "x"}, {"back": "x"},
        {"row": b'{"epoch": 2, "a": "\xff'}, {"row": '{"epoch": 2, "a": 1}', "nf": "7"},
    ]  # fmt: skip
    client = store._connected()
    for part, fields in enumerate(entries, start=2):
        client.xadd(JobKeys(job_id).epochs, fields, id=f"1-{part}")
    client.xadd(JobKeys(job_id).epochs, {"row": '{"epoch": 3}'}, id="3-1")
    assert [write.epoch for write in await follower.writes(job_id)] == [1, 3]
    assert [write.epoch for write in await follower.writes(job_id, limit=2)] == [1, 3]
    assert follower.unreadable[job_id] == 2 * len(entries)
    assert len([record for record in caplog.records if job_id in record.getMessage()]) == 1


async def test_follower_hands_on_a_message_that_cannot_be_read_as_a_call_to_look(
    store: Store, follower: Follower
) -> None:
    job_id = new(store)
    await follower.subscribe(job_id)
    await heard(follower, lambda about, message: about == job_id and message is None)
    text = '{"event": "training:warning", "note": {"epoch": NaN}}'
    command, channel = store.publish_command, JobKeys(job_id).channel
    store.call(lambda client: client.execute_command(command, channel, text))
    assert await heard(follower, lambda about, _: about == job_id) is None


async def test_keys_of_another_kind_are_one_jobs_trouble(store: Store, follower: Follower) -> None:
    well, odd = new(store), new(store)
    client = store._connected()
    client.delete(JobKeys(odd).job)
    client.set(JobKeys(odd).job, "x")
    found = [fields["id"] for fields in await follower.jobs()]
    assert well in found
    assert odd not in found
    with pytest.raises(JobUnreadable):
        await follower.job(odd)
    client.delete(JobKeys(odd).job)


async def test_follower_that_was_cut_says_so_by_a_new_subscription(
    own_valkey: EmbeddedStore,
) -> None:
    store, follower = Store(own_valkey.url), Follower(own_valkey.url)
    job_id = new(store)
    await follower.open(lambda: [job_id])
    await heard(follower, lambda about, message: about == job_id and message is None)
    client = redis.Redis.from_url(own_valkey.url, decode_responses=True)
    for connection in client.client_list(_type="pubsub"):
        client.client_kill_filter(_id=str(connection["id"]))
    append(store, job_id, 1)  # published while nobody listens
    await heard(follower, lambda about, message: about == job_id and message is None)
    assert await follower.moved() is None
    await follower.close()
    client.close()
    store.close()


async def test_follower_names_an_outage(own_valkey: EmbeddedStore) -> None:
    follower = Follower(own_valkey.url)
    await follower.open(lambda: [])
    own_valkey.stop()
    with pytest.raises(StoreUnavailable):
        await heard(follower, lambda *_: False)
    await follower.close()
    with pytest.raises(StoreUnavailable):
        await follower.open(lambda: [])


def test_viewers_see_every_epoch_from_any_kind_of_server(store_url: str, tmp_path: Path) -> None:
    with (
        Web(web_settings(store_url, tmp_path)) as web,
        httpx.Client(base_url=web.api, timeout=20) as client,
    ):
        job_id = new_job(client)
        publish(client, job_id, 0, 49)
        with (
            Viewer(f"{web.ws_url}/{job_id}?after=-1") as plain,
            Viewer(f"{web.ws_url}/{job_id}?after=9", framed=True) as framed,
        ):
            for first in range(50, 100, 5):
                publish(client, job_id, first, first + 4)
            assert plain.epochs_up_to(99) == list(range(100))
            assert framed.framed_up_to(99) == list(range(10, 100))


def test_compression_is_negotiated(web: Web) -> None:
    with Viewer(web.ws_url) as viewer:
        response = viewer._socket.response
        assert response is not None
        assert "permessage-deflate" in response.headers["Sec-WebSocket-Extensions"]
