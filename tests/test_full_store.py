"""A store that answers and takes no writes (memory, disk, replicas) is an outage like any other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import redis

from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.records import Status
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.store import Store
from tests.conftest import Web, wait_for, web_settings
from tests.servers import RedisServer

ROOM = {"full memory": ("maxmemory", "1", "0"), "no replica": ("min-replicas-to-write", "1", "0")}


@contextmanager
def refusing(url: str, why: str) -> Iterator[None]:
    """The server refuses every write."""
    client = redis.Redis.from_url(url)
    name, full, room = ROOM[why]
    client.config_set(name, full)
    try:
        yield
    finally:
        client.config_set(name, room)
        client.close()


@pytest.mark.parametrize("why", ROOM)
def test_rest_answers_503_while_the_store_takes_no_writes(
    own_valkey: EmbeddedStore, tmp_path: Path, why: str
) -> None:
    with Web(web_settings(own_valkey.url, tmp_path)) as web, httpx.Client(base_url=web.api) as api:
        new = {"job_name": "outside", "external": True}
        job_id = api.post("/jobs", json=new).json()["id"]
        calls = [
            ("/jobs", new),
            ("/jobs", {"job_name": "queued", "config": {"epochs": 1}}),
            (f"/jobs/{job_id}/metrics", {"epoch": 1, "x": 1}),
            (f"/jobs/{job_id}/status", {"status": "running"}),
            (f"/jobs/{job_id}/cancel", None),
        ]
        with refusing(own_valkey.url, why):
            answers = [api.post(path, json=body) for path, body in calls]
            assert [answer.status_code for answer in answers] == [503] * len(calls)
            assert all(isinstance(answer.json()["detail"], str) for answer in answers)
            sick = httpx.get(web.url + "/health").json()
            assert sick["services"]["store"].startswith("unhealthy")
            assert api.get("/jobs").json()["total"] == 1  # reading goes on
        assert api.get("/jobs").json()["total"] == 1
        for path, body in calls[2:4]:
            assert api.post(path, json=body).status_code == 200
        wait_for(lambda: httpx.get(web.url + "/health").json()["services"]["store"] == "healthy")


def test_store_names_full_servers_of_each_kind_as_outages(redis_server: RedisServer) -> None:
    store = Store(redis_server.url)
    fields = store.create_job("x", status=Status.RUNNING, config={}, total_epochs=1, external=True)
    row = {"epoch": 1, "timestamp": "2026-01-01T00:00:00Z", "x": 1.0}
    for why in ROOM:
        with refusing(redis_server.url, why), pytest.raises(StoreUnavailable):
            store.append(fields["id"], [row], attempt=0)
    store.append(fields["id"], [row], attempt=0)
    store.close()


SMALL_FILES = ["sh", "-c", 'trap "" XFSZ; ulimit -f 400; exec "$@"', "-"]  # as on a full disk


def test_what_a_full_disk_did_not_take_is_not_said_to_be_accepted(tmp_path: Path) -> None:
    """It was "accepted", and gone with the server's end."""
    options = ("--appendonly", "yes", "--auto-aof-rewrite-percentage", "0")
    with (
        RedisServer(tmp_path / "store", *options, prelude=SMALL_FILES) as server,
        Web(web_settings(server.url, tmp_path)) as web,
        httpx.Client(base_url=web.api) as api,
    ):
        new = {"job_name": "outside", "external": True}
        job_id = api.post("/jobs", json=new).raise_for_status().json()["id"]
        accepted = 0
        while (answer := send(api, job_id, accepted)).status_code == 200:
            accepted += 100
            assert accepted < 20_000, "the disk is never full"
        assert answer.status_code == 503
        assert "disk" in answer.json()["detail"]
        server.stop()
        server = RedisServer(tmp_path / "store", *options, port=server.port)
        with server:
            wait_for(lambda: api.get(f"/jobs/{job_id}/metrics").status_code == 200)
            kept = api.get(f"/jobs/{job_id}/metrics?metrics=x").json()["columns"]["epoch"]
            assert kept[:accepted] == list(range(accepted))
            assert send(api, job_id, accepted).json()["accepted"] + len(kept) == accepted + 100


def send(api: httpx.Client, job_id: str, first: int) -> httpx.Response:
    rows = [{"epoch": epoch, "x": 1 / (epoch + 1)} for epoch in range(first, first + 100)]
    return api.post(f"/jobs/{job_id}/metrics", json=rows)
