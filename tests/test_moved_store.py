"""The embedded store comes back on another port: everybody follows it there."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import Web, wait_for, web_settings
from tests.viewers import Viewer

pytestmark = pytest.mark.slow


@contextmanager
def moved(store: EmbeddedStore) -> Iterator[None]:
    """Stop the store, take its port, and start it: it comes back elsewhere."""
    port, before = int(store.url.rsplit(":", 1)[1].split("/")[0]), store.url
    store.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        store.start()
        assert store.url != before
        yield


def test_web_follows_a_store_that_comes_back_on_another_port(
    own_valkey: EmbeddedStore, tmp_path: Path
) -> None:
    settings = web_settings(own_valkey.url, tmp_path / "data").model_copy(
        update={"redis_url": None}
    )
    with Web(settings) as web, httpx.Client(base_url=web.api, timeout=30) as api:
        new = {"job_name": "outside", "external": True}
        job_id = api.post("/jobs", json=new).json()["id"]
        assert api.post("/jobs", json={"job_name": "queued"}).status_code == 201
        with moved(own_valkey):
            health = wait_for(lambda: _well(web), 30, "the web server to follow")
            assert health["live"] == health["store"] == health["watch"] == "healthy"
            assert api.get("/jobs").json()["total"] == 2
            assert api.post("/jobs", json={"job_name": "queued"}).status_code == 201
            with Viewer(f"{web.ws_url}/{job_id}?after=-1") as viewer:
                api.post(f"/jobs/{job_id}/metrics", json={"epoch": 0, "x": 1}).raise_for_status()
                assert viewer.epochs_up_to(0) == [0]


def _well(web: Web) -> dict[str, str] | None:
    services = httpx.get(web.url + "/health", timeout=30).json()["services"]
    return services if services["store"] == services["live"] == "healthy" else None
