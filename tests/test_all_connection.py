"""Viewers of all jobs; more of them in `test_plain.py`."""

from pathlib import Path

import httpx
import redis

from heimdall_dash.records import Status, utc_now
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.conftest import Web, web_settings
from tests.test_framed import new_job, publish
from tests.viewers import Viewer


def test_viewer_of_all_jobs_is_told_when_the_store_goes_and_comes_back(
    own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    with (
        Web(web_settings(own_valkey.url, tmp_path / "web")) as web,
        Viewer(web.ws_url, framed=True) as viewer,
    ):
        viewer.next_of("sync")
        own_valkey.stop()
        away = viewer.next_of("store", timeout_s=20)
        viewer.ack(away)
        own_valkey.start()
        back = viewer.next_of("store", timeout_s=20)
    assert (away["available"], back["available"]) == (False, True)


def test_viewers_of_the_list_hear_of_epochs_that_came_while_its_connection_was_away(
    own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    with (
        Web(web_settings(own_valkey.url, tmp_path / "web")) as web,
        httpx.Client(base_url=web.api, timeout=20) as client,
        Viewer(web.ws_url, framed=True) as framed,
        Viewer(web.ws_url) as plain,
    ):
        framed.next_of("sync")
        plain.next_of("connected")
        job_id = new_job(client)
        publish(client, job_id, 1, 3)
        listed_up_to(framed, 3)
        store = redis.Redis.from_url(own_valkey.url, decode_responses=True)
        for connection in store.client_list(_type="pubsub"):
            store.client_kill_filter(_id=str(connection["id"]))
        store.close()
        publish(client, job_id, 4, 6)
        listed_up_to(framed, 6)
        while plain.next_of("training_progress")["data"]["current_epoch"] < 6:
            pass


def listed_up_to(viewer: Viewer, epoch: int) -> None:
    while True:
        frame = viewer.next_of("jobs", "store", timeout_s=20)
        viewer.ack(frame)
        if any(job["current_epoch"] == epoch for job in frame.get("jobs", ())):
            return


def test_list_of_many_jobs_comes_once_and_then_as_what_changed(
    own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    store = Store(own_valkey.url)
    ids = [
        store.create_job(
            f"run {n}", status=Status.RUNNING, config={"seed": n}, total_epochs=9, external=True
        )["id"]
        for n in range(300)
    ]
    with (
        Web(web_settings(own_valkey.url, tmp_path / "web")) as web,
        Viewer(web.ws_url, framed=True) as viewer,
    ):
        sync = viewer.next_of("sync")
        assert {job["id"] for job in sync["jobs"]} == set(ids)
        viewer.send({"watch": {ids[7]: {"after": "0-0"}}})
        moving = {ids[0], ids[299], ids[7]}
        told: dict[str, int] = {}
        for epoch in range(1, 6):
            for job_id in moving:
                store.append(job_id, [{"epoch": epoch, "timestamp": utc_now(), "val_loss": 0.5}])
        while told != dict.fromkeys(moving - {ids[7]}, 5):
            frame = viewer.next_of("jobs", "metrics")
            viewer.ack(frame)
            if frame["event"] == "jobs":
                changes = {job["id"]: job for job in frame["jobs"]} | frame.get("changes", {})
                assert changes.keys() <= moving  # of a watched one until its own part tells
                told |= {
                    job_id: job["current_epoch"]
                    for job_id, job in changes.items()
                    if job_id != ids[7]
                }
    store.close()
