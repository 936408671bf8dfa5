"""Summaries of many jobs over REST, and deletion that can be undone."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from heimdall_dash.api.history import History
from heimdall_dash.api.summaries import Summaries
from heimdall_dash.queue import JobQueue
from heimdall_dash.records import Status, utc_now
from heimdall_dash.removal import Removal
from heimdall_dash.store.compact import Sizes, compact
from heimdall_dash.store.store import Store
from tests.conftest import Web


def make(client: httpx.Client, rows: list[dict[str, Any]], status: str = "") -> str:
    body = {"job_name": f"run {uuid.uuid4().hex[:4]}", "external": True}
    job_id = str(client.post("/jobs", json=body).json()["id"])
    if rows:
        client.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()
    if status:
        client.post(f"/jobs/{job_id}/status", json={"status": status}).raise_for_status()
    return job_id


def summary(client: httpx.Client, job_id: str) -> Any:
    return client.get(f"/jobs/{job_id}/summary").json()["summary"]


def test_summary_follows_new_rows_replaced_cells_and_restarts(
    client: httpx.Client, web: Web
) -> None:
    job_id = make(client, [{"epoch": i, "loss": 5.0 - i} for i in range(4)])
    assert summary(client, job_id)["loss"] == {
        "last": 2.0, "last_epoch": 3, "min": 2.0, "min_epoch": 3, "max": 5.0, "max_epoch": 0,
        "count": 4,
    }  # fmt: skip
    client.post(f"/jobs/{job_id}/metrics", json=[{"epoch": 4, "loss": 9.0, "acc": 1}])
    found = summary(client, job_id)
    assert (found["loss"]["max"], found["loss"]["last_epoch"], found["acc"]["count"]) == (9.0, 4, 1)
    client.post(f"/jobs/{job_id}/metrics", json=[{"epoch": 4, "loss": 1.0}])  # replaced
    store = Store(web.settings.store_url)
    fresh = Summaries(store, History(store))
    assert fresh.of([store.job(job_id)], 1)[job_id].views()["loss"]["max"] == 5.0
    store.close()


def test_summary_of_a_job_that_is_over_is_read_by_nobody_again(
    client: httpx.Client, web: Web
) -> None:
    job_id = make(client, [{"epoch": 1, "loss": 3.0}], "completed")
    summary(client, job_id)

    class Deaf(Store):
        def each_write(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("its history was read")

    store = Deaf(web.settings.store_url)
    found = Summaries(store, History(store)).of([store.job(job_id)], 1)
    assert found[job_id].views()["loss"]["last"] == 3.0
    store.close()


def test_bulk_call_names_metrics_and_gives_those_that_are_asked_for(client: httpx.Client) -> None:
    ids = [make(client, [{"epoch": 1, "a,b": i, "c": 1}]) for i in range(3)]
    other = make(client, [{"epoch": 1, "d": 1}])
    query = {"jobs": [*ids, other], "metrics": ["a,b"]}
    answer = client.get("/summaries", params=query).json()
    assert {job_id: answer["summaries"][job_id]["a,b"]["last"] for job_id in ids} == dict(
        zip(ids, [0.0, 1.0, 2.0], strict=True)
    )
    assert answer["names"] == {"a,b": 3, "c": 3, "d": 1}
    same, alone = answer["alike"]
    assert (set(same["jobs"]), same["names"]) == (set(ids), ["a,b", "c"])
    assert alone == {"jobs": [other], "names": ["d"]}
    assert answer["left_out"] == []


def test_discarded_job_is_gone_after_a_minute_unless_it_is_restored(
    client: httpx.Client, web: Web, tmp_path: Path
) -> None:
    kept, gone = (make(client, [], "completed") for _ in range(2))
    for job_id in (kept, gone):
        assert client.post(f"/jobs/{job_id}/discard").json()["delete_at"]
    assert client.post(f"/jobs/{kept}/restore").json()["delete_at"] is None
    store = Store(web.settings.store_url)
    queue = JobQueue(store, lambda: web.settings.store_url)
    removal = Removal(store, queue, tmp_path)
    jobs = [store.job(job_id) for job_id in (kept, gone)]
    removal.remove_due(store.now() + timedelta(seconds=30), jobs)
    assert client.get(f"/jobs/{gone}").status_code == 200
    removal.remove_due(store.now() + timedelta(seconds=90), jobs)
    assert client.get(f"/jobs/{gone}").status_code == 404
    assert client.get(f"/jobs/{kept}").status_code == 200
    queue.close()
    store.close()


def test_job_that_runs_is_not_discarded_and_one_that_runs_again_stays(
    client: httpx.Client, web: Web, tmp_path: Path
) -> None:
    job_id = make(client, [])
    client.post(f"/jobs/{job_id}/discard").raise_for_status()
    client.post(f"/jobs/{job_id}/status", json={"status": "running"}).raise_for_status()
    assert client.post(f"/jobs/{job_id}/discard").status_code == 409
    store = Store(web.settings.store_url)
    queue = JobQueue(store, lambda: web.settings.store_url)
    removal = Removal(store, queue, tmp_path)
    removal.remove_due(store.now() + timedelta(seconds=90), [store.job(job_id)])
    assert client.get(f"/jobs/{job_id}").json()["job"]["delete_at"] is None
    queue.close()
    store.close()


@pytest.mark.parametrize("path", ["discard", "restore", "summary"])
def test_unknown_job_is_404(client: httpx.Client, path: str) -> None:
    method = "GET" if path == "summary" else "POST"
    assert client.request(method, f"/jobs/{uuid.uuid4()}/{path}").status_code == 404


def test_summary_of_a_compacted_job_is_what_its_rows_come_to(store: Store) -> None:
    job_id = store.create_job(
        "long", status=Status.RUNNING, config={}, total_epochs=None, external=True
    )["id"]
    rows = [
        {"epoch": e, "timestamp": utc_now(), "loss": abs(e - 70.5), "n": e % 7, f"m{e % 5}": [e],
         "odd": [0.5] if e % 2 else 2**60 + e}
        for e in range(300)
    ]  # fmt: skip
    rows[33] |= {"loss": None, "late": 1.5}
    rows[299] |= {"late": -2.5, "once": 7}
    store.append(job_id, rows)
    plain = Summaries(store, History(store)).of([store.job(job_id)], 1)[job_id]
    while compact(store, job_id, Sizes(keep=1, final=1, least=1, round=70)):
        pass
    assert "compacted" in store.job(job_id)
    columns = Summaries(store, History(store)).of([store.job(job_id)], 1)[job_id]
    assert columns.views() == plain.views()
    assert (columns.position, columns.stream) == (plain.position, plain.stream)
