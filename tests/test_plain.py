"""Plain WebSocket: one JSON text per event, replay without gap or repeat."""

import random
import threading
from datetime import datetime

import httpx
import pytest

from heimdall_dash.live import plain
from heimdall_dash.live import socket as socket_module
from tests.conftest import Web
from tests.test_framed import new_job, publish
from tests.viewers import Viewer


def test_plain_viewer_hears_the_life_of_a_job_in_order(web: Web, client: httpx.Client) -> None:
    job_id = new_job(client, epochs=2)
    events = []
    with Viewer(f"{web.ws_url}/{job_id}") as viewer:
        events.append(viewer.next())
        publish(client, job_id, 1, 2)
        client.post(f"/jobs/{job_id}/status", json={"status": "completed"}).raise_for_status()
        while events[-1]["event"] != "training_completed":
            events.append(viewer.next())
        assert viewer.closed_with() == 1000
    names = [event["event"] for event in events if "epoch" in event["data"] or "job" not in event]
    assert names[0] == "connected"
    assert names.index("training_started") < names.index("training_progress")
    epochs = [event["data"]["epoch"] for event in events if "epoch" in event["data"]]
    assert epochs == [1, 2]
    assert all(event["job_id"] == job_id for event in events)
    for event in events:
        assert event["timestamp"].endswith("Z")
        datetime.fromisoformat(event["timestamp"])


def test_plain_viewer_replays_after_its_cursor_and_goes_on_live(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    publish(client, job_id, 0, 1999)
    with Viewer(f"{web.ws_url}/{job_id}?after=10") as viewer:
        viewer.next_of("connected")
        writer = threading.Thread(
            target=lambda: [publish(client, job_id, e, e) for e in range(2000, 2100)]
        )
        writer.start()
        epochs = viewer.epochs_up_to(2099)
        writer.join()
    assert epochs == list(range(11, 2100))


def test_plain_viewer_without_cursor_begins_with_what_comes_next(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    publish(client, job_id, 1, 5)
    with Viewer(f"{web.ws_url}/{job_id}") as viewer:
        viewer.next_of("connected")
        publish(client, job_id, 6, 7)
        assert viewer.epochs_up_to(7) == [6, 7]


def test_plain_viewer_gets_a_pong_for_a_ping(web: Web, client: httpx.Client) -> None:
    job_id = new_job(client)
    with Viewer(f"{web.ws_url}/{job_id}") as viewer:
        viewer.next_of("connected")
        viewer.send({"event": "ping"})
        assert viewer.next(timeout_s=2)["event"] == "pong"


def test_plain_viewer_gets_writes_of_one_epoch_that_are_there_together_as_one_event(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    rows = [
        {"epoch": 1, "a": 1}, {"epoch": 1, "b": 2}, {"epoch": 2, "a": 3}, {"epoch": 1, "c": 4},
    ]  # fmt: skip
    client.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()
    with Viewer(f"{web.ws_url}/{job_id}?after=-1") as viewer:
        found = []
        while len(found) < 3:
            data = viewer.next_of("training_progress")["data"]
            if "epoch" in data:
                found.append({name: data[name] for name in data if name != "timestamp"})
    assert found == [{"epoch": 1, "a": 1, "b": 2}, {"epoch": 2, "a": 3}, {"epoch": 1, "c": 4}]


def test_plain_viewer_goes_on_after_a_cursor_with_what_was_written_late(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    publish(client, job_id, 1, 3)
    with Viewer(f"{web.ws_url}/{job_id}") as viewer:
        cursor = viewer.next_of("connected")["data"]["cursor"]
    client.post(f"/jobs/{job_id}/metrics", json={"epoch": 2, "late": 1}).raise_for_status()
    with Viewer(f"{web.ws_url}/{job_id}?after={cursor}") as viewer:
        viewer.next_of("connected")
        data = viewer.next_of("training_progress")["data"]
    assert (data["epoch"], data["late"]) == (2, 1)


@pytest.mark.slow
@pytest.mark.parametrize("is_framed", [False, True])
def test_viewer_gets_a_heartbeat_at_least_every_five_seconds(
    web: Web, client: httpx.Client, is_framed: bool
) -> None:
    job_id = new_job(client)
    with Viewer(f"{web.ws_url}/{job_id}", framed=is_framed) as viewer:
        viewer.next_of("connected", "sync")
        for _ in range(2):
            assert viewer.next(timeout_s=5)["event"] == "heartbeat"


def test_plain_viewer_gets_heartbeats_while_epochs_flow(
    web: Web, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "HEARTBEAT_S", 0.05)
    job_id = new_job(client)
    with Viewer(f"{web.ws_url}/{job_id}") as viewer:
        viewer.next_of("connected")
        beats = 0
        for epoch in range(200):
            publish(client, job_id, epoch, epoch)
            while (event := viewer.next_of("training_progress", "heartbeat"))["data"].get(
                "epoch"
            ) != epoch:
                beats += event["event"] == "heartbeat"
            if beats >= 2:
                return
    raise AssertionError("no heartbeat came between the epochs")


@pytest.mark.parametrize("text", ["not json", "[1]", '"x"', ""])
def test_plain_viewer_that_says_nonsense_is_told_so_and_kept(
    web: Web, client: httpx.Client, text: str
) -> None:
    job_id = new_job(client)
    with Viewer(f"{web.ws_url}/{job_id}") as viewer:
        viewer.next_of("connected")
        viewer.send(text)
        assert "expected JSON" in viewer.next_of("error")["data"]["detail"]
        publish(client, job_id, 1, 1)
        assert viewer.epochs_up_to(1) == [1]


def test_plain_viewer_hears_of_values_that_were_not_finite(web: Web, client: httpx.Client) -> None:
    job_id = new_job(client)
    with Viewer(f"{web.ws_url}/{job_id}") as viewer:
        viewer.next_of("connected")
        content = '{"epoch": 1, "val_loss": NaN, "train_loss": 0.5}'
        client.post(f"/jobs/{job_id}/metrics", content=content).raise_for_status()
        metric = viewer.next_of("training_progress")
        warning = viewer.next_of("training_warning")
    assert metric["data"]["val_loss"] is None
    assert metric["not_finite"] == {"val_loss": "nan"}
    assert "val_loss" in warning["data"]["message"]


def test_plain_viewer_of_all_jobs_hears_updates_without_epochs(
    web: Web, client: httpx.Client
) -> None:
    with Viewer(web.ws_url) as viewer:
        viewer.next_of("connected")
        job_id = new_job(client)
        publish(client, job_id, 1, 3)
        events = []
        while not events or events[-1]["data"]["current_epoch"] < 3:
            event = viewer.next_of("training_progress", "training_started")
            if event["job_id"] == job_id:
                events.append(event)
        client.post(f"/jobs/{job_id}/cancel").raise_for_status()
        cancelled = viewer.next_of("training_cancelled")
        client.delete(f"/jobs/{job_id}").raise_for_status()
        deleted = viewer.next_of("training_deleted")
    assert all("epoch" not in event["data"] for event in events)
    assert cancelled["job_id"] == deleted["job_id"] == job_id


def test_framed_viewer_of_all_jobs_gets_all_then_what_changed(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    with Viewer(web.ws_url, framed=True) as viewer:
        sync = viewer.next_of("sync")
        assert job_id in [job["id"] for job in sync["jobs"]]
        publish(client, job_id, 1, 4)
        frame = viewer.next_of("jobs")
        viewer.ack(frame)
        while frame["jobs"][-1]["current_epoch"] < 4:
            frame = viewer.next_of("jobs")
            viewer.ack(frame)
        client.post(f"/jobs/{job_id}/cancel").raise_for_status()
        client.delete(f"/jobs/{job_id}").raise_for_status()
        while job_id not in frame["deleted"]:
            frame = viewer.next_of("jobs")
            viewer.ack(frame)


@pytest.mark.slow
def test_plain_viewer_that_does_not_read_is_closed_with_4008(
    web: Web, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_module, "SEND_TIMEOUT_S", 1.0)
    job_id = new_job(client)
    with Viewer(f"{web.ws_url}/{job_id}", compression=None) as viewer:
        viewer.next_of("connected")
        noise = random.Random(1)
        hub = web.application.state.hub
        first = 0
        while job_id in hub._topics and first < 40_000:  # until the server has had enough of it
            rows = [
                {"epoch": e, **{f"m{k}": noise.random() for k in range(20)}}
                for e in range(first, first + 2_000)
            ]
            client.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()
            first += 2_000
        assert viewer.closed_with(timeout_s=30) == 4008
