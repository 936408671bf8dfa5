"""`/health` tells of each part: store, workers, hub and watch, without looking at every key."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import redis

from heimdall_dash import checks
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.keys import WORKERS
from heimdall_dash.store.signs import Workers
from heimdall_dash.store.store import Store
from tests.conftest import Web, wait_for, web_settings


@pytest.fixture
def web(own_valkey: EmbeddedStore, tmp_path: Path) -> Iterator[Web]:
    with Web(web_settings(own_valkey.url, tmp_path)) as server:
        yield server


@pytest.fixture
def store(own_valkey: EmbeddedStore) -> Iterator[Store]:
    opened = Store(own_valkey.url)
    yield opened
    opened.close()


def services(web: Web) -> dict[str, str]:
    return dict(httpx.get(web.url + "/health").json()["services"])


def test_health_names_the_sick_part(
    web: Web, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "has_trainer", lambda: True)
    sick = httpx.get(web.url + "/health")
    assert (sick.status_code, sick.json()["status"]) == (503, "unhealthy")
    assert sick.json()["detail"] == "not healthy: worker"
    Workers(store).beat("w")
    well = httpx.get(web.url + "/health")
    assert (well.status_code, well.json()["status"]) == (200, "healthy")
    assert well.json()["services"] == dict.fromkeys(
        ("store", "worker", "live", "watch", "compaction"), "healthy"
    )
    Workers(store).forget("w")
    assert "worker" in httpx.get(web.url + "/health").json()["detail"]


def test_health_does_not_miss_a_worker_where_there_is_no_trainer(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "has_trainer", lambda: False)
    answer = httpx.get(web.url + "/health")
    assert (answer.status_code, answer.json()["services"]["worker"]) == (200, "none here")


def test_health_looks_at_no_other_keys(web: Web, store: Store, own_valkey: EmbeddedStore) -> None:
    client = redis.Redis.from_url(own_valkey.url, decode_responses=True)
    wait_for(lambda: services(web)["watch"] == "healthy")
    client.config_resetstat()
    for _ in range(5):
        services(web)
    assert not {"cmdstat_scan", "cmdstat_keys"} & client.info("commandstats").keys()
    client.close()


def test_worker_that_is_silent_is_forgotten_by_the_stores_clock(
    store: Store, own_valkey: EmbeddedStore
) -> None:
    workers, now = Workers(store), store.now()
    client = redis.Redis.from_url(own_valkey.url)
    workers.beat("lives")
    client.zadd(WORKERS, {"dead": (now - timedelta(seconds=16)).timestamp() * 1000})
    client.zadd(WORKERS, {"long dead": (now - timedelta(days=2)).timestamp() * 1000})
    assert workers.alive(now) == ["lives"]
    assert workers.alive(now + timedelta(minutes=1)) == []
    workers.beat("lives")
    assert client.zrange(WORKERS, 0, -1) == [b"dead", b"lives"]
    client.close()


def test_health_tells_that_the_hub_ended_and_was_started_again(
    own_valkey: EmbeddedStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    web = Web(web_settings(own_valkey.url, tmp_path))
    hub = web.application.state.hub
    real, deaths = hub._follow, []

    async def follow() -> None:
        if not deaths:
            deaths.append(1)
            raise LookupError("a message that nobody foresaw")
        await real()

    hub._follow = follow
    web._thread.start()
    try:
        wait_for(lambda: "LookupError" in _live(web), what="/health to tell")
        wait_for(lambda: hub.available, what="the hub to follow again")
        assert "LookupError" in _live(web)  # until it has run steadily
    finally:
        web.__exit__()


def _live(web: Web) -> str:
    try:
        return services(web)["live"]
    except httpx.TransportError:
        return ""


def test_store_that_is_away_is_told(own_valkey: EmbeddedStore, tmp_path: Path) -> None:
    with Web(web_settings(own_valkey.url, tmp_path)) as web:
        own_valkey.stop()
        sick = wait_for(lambda: "store" in httpx.get(web.url + "/health").json().get("detail", ""))
        assert sick
        assert services(web)["worker"] == "unknown"
        own_valkey.start()
        wait_for(lambda: services(web)["store"] == "healthy")
        assert services(web)["watch"] == "healthy"  # an outage does not end it


def test_time_of_the_store_is_close_to_ours(store: Store) -> None:
    assert abs((store.now() - datetime.now(UTC)).total_seconds()) < 5


def test_health_of_a_process_does_not_hang_on_the_store(
    web: Web, own_valkey: EmbeddedStore
) -> None:
    def codes() -> list[int]:
        return [httpx.get(f"{web.url}/health/{one}").status_code for one in ("live", "ready")]

    assert codes() == [200, 200]
    own_valkey.stop()
    wait_for(lambda: codes() == [200, 503], 30)
    assert httpx.get(f"{web.url}/health/ready").json()["status"] == "unready"
