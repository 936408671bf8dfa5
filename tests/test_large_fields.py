"""What is large of a job and does not change does not travel with every epoch."""

import json
from pathlib import Path

import httpx
import redis

from heimdall_dash import Job
from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import Web, wait_for
from tests.viewers import Viewer


def test_large_config_is_told_once_and_again_when_it_changes(
    client: httpx.Client, web: Web, valkey: EmbeddedStore, tmp_path: Path
) -> None:
    """A config of a megabyte travelled with every epoch, from the store and to each viewer."""
    large = {"texts": ["x" * 9000] * 100}
    with Job.start("large", url=valkey.url, data_dir=tmp_path, config=large) as job:
        job.log(0, loss=1.0)
        wait_for(lambda: client.get(f"/jobs/{job.id}/metrics").json().get("total") == 1)
        hearing = redis.Redis.from_url(valkey.url).pubsub()
        hearing.psubscribe("heimdall:*live")
        with (
            Viewer(f"{web.ws_url}/{job.id}?after=0", framed=True) as viewer,
            Viewer(f"{web.ws_url}/{job.id}?after=0") as plain,
            Viewer(web.ws_url) as listing,
            Viewer(web.ws_url, framed=True) as page,
        ):
            assert viewer.next()["job"]["config"] == large
            (told,) = [one for one in page.next()["jobs"] if one["id"] == job.id]
            assert (told["config"], told["config_left_out"]) == ({}, 1)  # nothing of it fits
            plain.next_of("connected")
            listing.next_of("connected")
            job.log(1, loss=0.5)
            frame = viewer.next_of("metrics")
            viewer.ack(frame)
            assert "config" not in frame["job"]
            assert frame["job"]["current_epoch"] == 1
            event = plain.next_of("training_progress")
            while "epoch" in event["data"]:
                event = plain.next_of("training_progress")
            assert "config" not in event["data"]
            event = listing.next_of("training_progress")
            assert (event["job_id"], event["data"]["config"]) == (job.id, {})
            job.configure({"more": 1})
            while "config" not in frame["job"]:
                frame = viewer.next_of("metrics", "job")
                viewer.ack(frame)
            assert frame["job"]["config"] == {**large, "more": 1}
            job.log(2, loss=0.25)
            frame = viewer.next_of("metrics")
            viewer.ack(frame)
            assert "config" not in frame["job"]
    assert client.get(f"/jobs/{job.id}").json()["job"]["config"] == {**large, "more": 1}
    sizes: dict[bool, list[int]] = {}
    while message := hearing.get_message(timeout=0):
        if message["type"] == "pmessage":
            said = json.loads(message["data"])
            sizes.setdefault("writes" in said, []).append(len(message["data"]))
    hearing.close()
    assert max(sizes[True]) < 5_000
    assert max(sizes[False]) > 900_000
