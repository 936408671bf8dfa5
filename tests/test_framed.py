"""Viewers that speak frames: one in flight, everything after the cursor, never a gap."""

import contextlib
import json
import threading
from typing import Any

import httpx
import pytest
import redis

from heimdall_dash.live import behind, flight, framed
from heimdall_dash.store.keys import JOBS_CHANNEL, JobKeys
from tests.conftest import Web, wait_for
from tests.viewers import Viewer


def new_job(client: httpx.Client, epochs: int = 1000) -> str:
    body = {"job_name": "VHF", "external": True, "config": {"epochs": epochs}}
    return str(client.post("/jobs", json=body).raise_for_status().json()["id"])


def publish(client: httpx.Client, job_id: str, first: int, last: int) -> None:
    rows = [{"epoch": epoch, "train_loss": 1 / (epoch + 1)} for epoch in range(first, last + 1)]
    client.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()


def test_framed_viewer_gets_sync_first_then_everything_after_its_cursor(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    publish(client, job_id, 1, 20)
    stream = client.get(f"/jobs/{job_id}/metrics").json()["stream"]
    with Viewer(f"{web.ws_url}/{job_id}?after=5&stream={stream}", framed=True) as viewer:
        sync, frame = viewer.next(), viewer.next()
    assert (sync["event"], sync["recovered"], sync["stream"], sync["cursor"]) == (
        "sync", True, stream, "20-1",
    )  # fmt: skip
    assert sync["job"]["current_epoch"] == 20
    assert (frame["event"], frame["after"], frame["cursor"]) == ("metrics", 5, "20-1")
    assert frame["columns"]["epoch"] == list(range(6, 21))
    assert len(frame["columns"]["train_loss"]) == 15


def test_framed_viewer_gets_no_second_frame_before_its_acknowledgement(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    publish(client, job_id, 1, 1)
    with Viewer(f"{web.ws_url}/{job_id}?after=-1", framed=True) as viewer:
        viewer.next_of("sync")
        first = viewer.next_of("metrics")
        for epoch in range(2, 12):
            publish(client, job_id, epoch, epoch)
        with pytest.raises(TimeoutError):
            viewer.next(timeout_s=0.5)
        viewer.send({"ack": 999})  # not this frame's cursor: no acknowledgement
        with pytest.raises(TimeoutError):
            viewer.next(timeout_s=0.3)
        viewer.ack(first)
        second = viewer.next_of("metrics")
    assert first["columns"]["epoch"] == [1]
    assert second["columns"]["epoch"] == list(range(2, 12))


def test_framed_viewer_gets_nothing_before_it_acknowledged_the_sync(
    web: Web, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "HEARTBEAT_S", 0.1)
    job_id = new_job(client)
    publish(client, job_id, 1, 5)
    for url in (f"{web.ws_url}/{job_id}", web.ws_url):
        with Viewer(url, framed=True, acks_sync=False) as viewer:
            sync = viewer.next_of("sync")
            publish(client, job_id, 6, 7)
            with pytest.raises(TimeoutError):
                viewer.next(timeout_s=0.5)
            viewer.ack(sync)
            assert viewer.next()["event"] in {"metrics", "jobs", "heartbeat"}


def test_framed_viewer_gets_cells_that_come_late_with_the_epochs_they_belong_to(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    publish(client, job_id, 1, 5)
    with Viewer(f"{web.ws_url}/{job_id}?after=5-1", framed=True) as viewer:
        assert viewer.next_of("sync")["cursor"] == "5-1"
        body = '[{"epoch": 5, "val_loss": 2}, {"epoch": 3, "val_loss": NaN}, {"epoch": 7, "x": 1}]'
        client.post(f"/jobs/{job_id}/metrics", content=body).raise_for_status()
        frame = viewer.next_of("metrics")
        viewer.ack(frame)
        post = client.post(f"/jobs/{job_id}/metrics", json={"epoch": 4, "val_loss": 3})
        post.raise_for_status()
        late = viewer.next_of("metrics", "job")
        while late["event"] == "job":  # the warning was noted
            viewer.ack(late)
            late = viewer.next_of("metrics", "job")
    assert (frame["after"], frame["cursor"]) == ("5-1", "7-1")
    assert frame["columns"]["epoch"] == [3, 5, 7]
    assert frame["columns"]["val_loss"] == [None, 2, None]
    assert frame["not_finite"] == {"val_loss": {"3": "nan"}}
    assert "take_back" not in frame
    assert (late["after"], late["cursor"], late["columns"]["epoch"]) == ("7-1", "7-2", [4])
    assert "not_finite" not in late


def test_framed_viewer_hears_that_epochs_were_taken_back(web: Web, client: httpx.Client) -> None:
    job_id = new_job(client)
    publish(client, job_id, 1, 5)
    keys = JobKeys(job_id)
    with (
        Viewer(f"{web.ws_url}/{job_id}?after=5", framed=True) as viewer,
        redis.Redis.from_url(str(web.settings.redis_url), decode_responses=True) as store,
    ):
        viewer.next_of("sync")
        store.xadd(keys.epochs, {"back": "2"}, id="5-2")
        store.hset(keys.job, mapping={"position": "5-2", "revision": "99"})
        fields = store.hgetall(keys.job)
        message = {"event": "training:progress", "job": fields, "after": "5-1", "cursor": "5-2"}
        store.publish(keys.channel, json.dumps({**message, "writes": [["5-2", None, 2]]}))
        frame = viewer.next_of("metrics")
    assert (frame["after"], frame["cursor"], frame["take_back"]) == (5, "5-2", 2)
    assert frame["columns"]["epoch"] == []


def test_frames_are_bounded_by_rows_times_names(web: Web, client: httpx.Client) -> None:
    job_id = new_job(client)
    rows = [{"epoch": e, **{f"m{e}_{k}": 1.5 for k in range(40)}} for e in range(200)]
    client.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()
    with Viewer(f"{web.ws_url}/{job_id}", framed=True) as viewer:
        viewer.next_of("sync")
        epochs: list[int] = []
        while not epochs or epochs[-1] < 199:
            frame = viewer.next_of("metrics")
            viewer.ack(frame)
            epochs += frame["columns"]["epoch"]
            assert len(frame["columns"]) * len(frame["columns"]["epoch"]) <= 1_010_000
    assert epochs == list(range(200))


def test_job_whose_fields_and_messages_are_odd_harms_no_other(
    web: Web, client: httpx.Client
) -> None:
    odd, well = new_job(client), new_job(client)
    publish(client, odd, 1, 3)
    publish(client, well, 1, 3)
    keys = JobKeys(odd)
    with (
        redis.Redis.from_url(str(web.settings.redis_url), decode_responses=True) as store,
        Viewer(f"{web.ws_url}/{odd}", framed=True) as of_odd,
        Viewer(f"{web.ws_url}/{well}?after=3", framed=True) as of_well,
        Viewer(web.ws_url, framed=True) as of_all,
    ):
        of_all.next_of("sync")
        of_well.next_of("sync")
        of_odd.next_of("sync")
        of_odd.ack(of_odd.next_of("metrics"))
        store.hset(
            keys.job,
            mapping={"status": "done", "config": "x", "revision": "x", "position": "garbage"},
        )
        store.hdel(keys.job, "stream")
        for text in (
            '{"event": "training:warning", "note": {"epoch": NaN}}', "x", "[]", "{}",
            '{"event": "training:progress", "job": {"id": 1}, "cursor": 3}',
        ):  # fmt: skip
            store.publish(keys.channel, text)
            store.publish(JOBS_CHANNEL, text)
        assert of_odd.closed_with() in {4000, 4002}  # its history has another name now
        publish(client, well, 4, 5)
        assert of_well.framed_up_to(5) == [4, 5]
        of_all.ack(of_all.next_of("jobs"))
        store.hset(keys.job, mapping={"status": "running", "stream": "s", "position": "3-1"})
    assert web.application.state.hub.health() == "healthy"
    assert web.application.state.hub.vitals.faults == 0


@pytest.mark.parametrize("query", ["after=5&stream=another", "after=50", "after=20-2"])
def test_framed_viewer_of_another_history_is_told_so(
    web: Web, client: httpx.Client, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "HEARTBEAT_S", 0.2)
    job_id = new_job(client)
    publish(client, job_id, 1, 20)
    with Viewer(f"{web.ws_url}/{job_id}?{query}", framed=True) as viewer:
        assert viewer.next()["recovered"] is False
        assert viewer.next()["event"] == "heartbeat"


def test_framed_viewer_far_behind_is_told_to_reload(
    web: Web, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(behind, "RECOVER_WRITES", 1500)
    job_id = new_job(client)
    publish(client, job_id, 1, 2000)
    with Viewer(f"{web.ws_url}/{job_id}?after=10", framed=True) as viewer:
        assert viewer.next()["recovered"] is False
    with Viewer(f"{web.ws_url}/{job_id}?after=600", framed=True) as viewer:
        assert viewer.next()["recovered"] is True
        assert viewer.framed_up_to(2000) == list(range(601, 2001))


def test_framed_viewer_is_closed_with_1000_after_the_last_epoch(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client, epochs=3)
    with Viewer(f"{web.ws_url}/{job_id}?after=-1", framed=True) as viewer:
        viewer.next_of("sync")
        publish(client, job_id, 1, 3)
        client.post(f"/jobs/{job_id}/status", json={"status": "completed"}).raise_for_status()
        assert viewer.framed_up_to(3) == [1, 2, 3]
        statuses = []
        while "completed" not in statuses:
            frame = viewer.next()
            statuses.append(frame["job"]["status"])
            viewer.ack(frame)
        assert viewer.closed_with() == 1000


def test_framed_viewer_that_does_not_acknowledge_is_closed_with_4008_and_welcome_back(
    web: Web, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "ACK_TIMEOUT_S", 0.5)
    job_id = new_job(client)
    publish(client, job_id, 1, 5)
    with Viewer(f"{web.ws_url}/{job_id}?after=-1", framed=True) as viewer:
        assert viewer.closed_with() == 4008
    with Viewer(f"{web.ws_url}/{job_id}?after=-1", framed=True) as viewer:
        assert viewer.framed_up_to(5) == [1, 2, 3, 4, 5]


def test_framed_viewer_may_ask_for_a_least_time_between_frames(
    web: Web, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "HEARTBEAT_S", 0.2)
    job_id = new_job(client)
    with Viewer(f"{web.ws_url}/{job_id}?after=-1", framed=True) as viewer:
        viewer.next_of("sync")
        viewer.send({"interval_ms": 60_000})
        publish(client, job_id, 1, 1)
        viewer.ack(viewer.next_of("metrics"))
        publish(client, job_id, 2, 2)
        # nothing but heartbeats for a minute; these show that the link lives
        assert viewer.next(timeout_s=6)["event"] == "heartbeat"


def test_framed_viewers_see_all_epochs_at_any_speed_while_one_of_them_is_slow(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    seen: dict[int, list[int]] = {}

    def view(number: int) -> None:
        with Viewer(f"{web.ws_url}/{job_id}?after=-1", framed=True) as viewer:
            seen[number] = viewer.framed_up_to(2000)

    viewers = [threading.Thread(target=view, args=(number,)) for number in range(4)]
    for viewer in viewers:
        viewer.start()
    with Viewer(f"{web.ws_url}/{job_id}?after=-1", framed=True) as silent:
        silent.next_of("sync")
        for first in range(1, 2001, 100):
            publish(client, job_id, first, first + 99)
        for viewer in viewers:
            viewer.join(30)
        assert all(seen[number] == list(range(1, 2001)) for number in range(4))
        assert silent.framed_up_to(2000) == list(range(1, 2001))


def test_framed_viewer_hears_at_once_that_something_was_noted(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    publish(client, job_id, 1, 2)
    with Viewer(f"{web.ws_url}/{job_id}?after=2", framed=True) as viewer:
        assert viewer.next_of("sync")["job"]["notes_revision"] == 0
        text = '{"epoch": 3, "val_loss": NaN}'
        client.post(f"/jobs/{job_id}/metrics", content=text).raise_for_status()
        revision = 0
        while revision == 0:
            frame = viewer.next_of("metrics", "job", timeout_s=3)
            viewer.ack(frame)
            revision = frame["job"]["notes_revision"]
        notes = client.get(f"/jobs/{job_id}").json()["notes"]
    assert [note["epoch"] for note in notes] == [3]


def test_framed_viewer_of_a_deleted_job_is_closed_with_4504(web: Web, client: httpx.Client) -> None:
    job_id = new_job(client)
    with Viewer(f"{web.ws_url}/{job_id}", framed=True) as viewer:
        viewer.next_of("sync")
        client.delete(f"/jobs/{job_id}").raise_for_status()
        assert viewer.closed_with() == 4504


def test_unknown_job_is_closed_with_4504_and_a_bad_cursor_with_4522(web: Web) -> None:
    with Viewer(f"{web.ws_url}/no-such-job", framed=True) as viewer:
        assert viewer.closed_with() == 4504
    with Viewer(f"{web.ws_url}/no-such-job?after=x") as viewer:
        assert viewer.closed_with() == 4522


def test_nothing_is_kept_for_a_job_that_nobody_watches(web: Web, client: httpx.Client) -> None:
    job_id = new_job(client)
    topics = web.application.state.hub._topics
    with Viewer(f"{web.ws_url}/{job_id}", framed=True) as viewer:
        viewer.next_of("sync")
        assert job_id in topics
    wait_for(lambda: job_id not in topics, what="the topic to go with its last viewer")


def test_frame_is_encoded_once_for_all_viewers_at_the_same_cursor(
    web: Web, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []
    encode = framed.metrics_frame

    def counted(*given: Any) -> bytes:
        encoded.append(str(given[3]))
        return encode(*given)

    monkeypatch.setattr(framed, "metrics_frame", counted)
    job_id = new_job(client)
    with contextlib.ExitStack() as stack:
        viewers = [
            stack.enter_context(Viewer(f"{web.ws_url}/{job_id}?after=-1", framed=True))
            for _ in range(8)
        ]
        for viewer in viewers:
            viewer.next_of("sync")
        publish(client, job_id, 1, 100)
        for viewer in viewers:
            assert viewer.framed_up_to(100) == list(range(1, 101))
    assert encoded == ["100-1"]
