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
