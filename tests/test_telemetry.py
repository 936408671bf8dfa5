"""`/metrics` counts what happens, in one web process and over several."""

from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import Web, wait_for, web_settings
from tests.processes import Child
from tests.servers import free_port
from tests.viewers import Viewer


def numbers(url: str, **headers: str) -> dict[str, float]:
    """By name and labels, such as `heimdall_viewers{of="job"}`."""
    answer = httpx.get(url + "/metrics", headers=headers).raise_for_status()
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        sample.name + "".join(f'{{{key}="{value}"}}' for key, value in sample.labels.items()): (
            sample.value
        )
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_numbers_tell_of_viewers_writes_and_refusals(web: Web, client: httpx.Client) -> None:
    made = client.post("jobs", json={"job_name": "counted", "external": True}).json()
    before = numbers(web.url)
    with Viewer(f"{web.ws_url}/{made['id']}", framed=True) as viewer:
        viewer.next_of("sync")
        assert numbers(web.url)['heimdall_viewers{of="job"}'] == 1 + before.get(
            'heimdall_viewers{of="job"}', 0
        )
        for epoch in range(1, 4):
            client.post(f"jobs/{made['id']}/metrics", json={"epoch": epoch, "loss": 1.0})
        viewer.framed_up_to(3)
        now = numbers(web.url)
        assert now["heimdall_writes_total"] - before["heimdall_writes_total"] == 3
        assert now["heimdall_lag_seconds_count"] > before["heimdall_lag_seconds_count"]
        sent = 'heimdall_frames_total{of="job"}'
        assert now[sent] > before.get(sent, 0)
    missing = 'heimdall_requests_total{method="GET"}{status="404"}'
    client.get("jobs/nobody")
    wait_for(lambda: numbers(web.url)['heimdall_viewers{of="job"}'] == 0)
    assert numbers(web.url)[missing] == before.get(missing, 0) + 1
    wait_for(lambda: numbers(web.url).get('heimdall_jobs{status="running"}', 0) >= 1)
    assert numbers(web.url)["heimdall_store_round_trip_seconds_count"] > 0


def test_numbers_want_the_token(valkey: EmbeddedStore, tmp_path: Path) -> None:
    token = "a-token-of-this-test"
    with Web(web_settings(valkey.url, tmp_path, heimdall_token=token)) as web:
        assert httpx.get(web.url + "/metrics").status_code == 401
        assert numbers(web.url, Authorization=f"Bearer {token}")


@pytest.mark.slow
def test_numbers_of_several_web_processes_are_added_up(
    valkey: EmbeddedStore, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PORT": str(port), "REDIS_URL": valkey.url, "HEIMDALL_DATA": str(tmp_path),
        "WEB_CONCURRENCY": "2", "HEIMDALL_LOG_FORMAT": "json",
    }  # fmt: skip
    with Child(tmp_path, "-m", "heimdall_dash.web", **environment) as child:
        wait_for(lambda: child.has_ended() or is_up(url), 40)
        assert not child.has_ended(), child.output
        for _ in range(40):  # by connections of their own, so that both processes get some
            httpx.get(url + "/api/v1/training/jobs/nobody")
        missing = 'heimdall_requests_total{method="GET"}{status="404"}'
        assert {numbers(url)[missing] for _ in range(5)} == {40.0}
        for line in child.output.splitlines():
            assert line.startswith("{"), child.output


def is_up(url: str) -> bool:
    try:
        return httpx.get(url + "/health/ready").status_code == 200
    except httpx.TransportError:
        return False
