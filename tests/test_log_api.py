"""Publishing over HTTP: the same log, sender and guarantees as straight to the store."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from heimdall_dash.publish.bring import sync_runs
from heimdall_dash.publish.transport import HttpTransport
from heimdall_dash.publisher import Job
from heimdall_dash.records import LEGAL
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.jobs import job_view
from heimdall_dash.store.store import Store
from tests.conftest import Web, wait_for, web_settings
from tests.servers import free_port


@pytest.fixture
def opened(valkey: EmbeddedStore) -> Iterator[Store]:
    store = Store(valkey.url)
    yield store
    store.close()


def start(web: Web, tmp_path: Path, **more: Any) -> Job:
    return Job.start("over http", url=web.url, data_dir=tmp_path, with_origin=False, **more)


def epochs(store: Store, job_id: str) -> list[int]:
    return [write.epoch for write in store.each_write(job_id)]


def test_run_over_http_is_whole_with_notes_facts_and_end(
    web: Web, opened: Store, tmp_path: Path
) -> None:
    with start(web, tmp_path, total_epochs=3, config={"lr": 1e-3}, tags=["a"]) as job:
        job.describe({"floor_m": 21.5})
        for epoch in (1, 2, 3):
            job.log(epoch, {"mAP@0.5": 0.1 + 0.2, "val_loss": 1 / epoch})
            job.log(epoch, {"σ": float("nan")})
        job.warn("odd", epoch=2)
    view = job_view(opened.job(job.id))
    assert (view["status"], view["epochs_stored"], view["best_epoch"]) == ("completed", 3, 3)
    assert (view["config"], view["tags"], view["external"]) == ({"lr": 1e-3}, ["a"], True)
    assert opened.facts(job.id) == {"floor_m": 21.5}
    assert "odd" in [note["message"] for note in opened.notes(job.id)]
    first, second = opened.writes(job.id)[:2]
    assert first.row is not None
    assert first.row["mAP@0.5"] == 0.1 + 0.2
    assert second.not_finite == {"σ": "nan"}
    assert job.url == f"{web.url}/?tab=metrics&job={job.id}"


def test_run_over_http_hears_what_is_wanted_of_it(web: Web, opened: Store, tmp_path: Path) -> None:
    with start(web, tmp_path) as job:
        job.log(1, a=1.0)
        wait_for(lambda: epochs(opened, job.id) == [1])
        httpx.post(f"{web.api}/jobs/{job.id}/pause").raise_for_status()
        wait_for(lambda: job.desired == "paused", 3)
        httpx.post(f"{web.api}/jobs/{job.id}/resume").raise_for_status()
        wait_for(lambda: job.desired == "running", 3)
        httpx.post(f"{web.api}/jobs/{job.id}/cancel").raise_for_status()
        wait_for(lambda: job.desired == "cancelled", 3)
        job.log(2, a=2.0)  # trained before the word was heard: kept
    assert opened.job(job.id)["status"] == "cancelled"
    assert epochs(opened, job.id) == [1, 2]


@pytest.mark.slow
def test_run_over_http_gives_signs_of_life(web: Web, opened: Store, tmp_path: Path) -> None:
    with start(web, tmp_path) as job:
        job.log(1, a=1.0)
        wait_for(lambda: epochs(opened, job.id) == [1])
        first = opened.job(job.id)["heartbeat_ms"]
        wait_for(lambda: opened.job(job.id)["heartbeat_ms"] > first)


def test_run_over_http_survives_a_server_that_was_away(
    valkey: EmbeddedStore, opened: Store, tmp_path: Path
) -> None:
    settings = web_settings(valkey.url, tmp_path / "web")
    with Web(settings) as web:
        job = start(web, tmp_path)
        job.log(1, a=1.0)
        wait_for(lambda: epochs(opened, job.id) == [1])
    for epoch in range(2, 2002):
        job.log(epoch, a=float(epoch))
    with Web(settings):
        job.finish("completed")
        assert job.close() is True
    assert epochs(opened, job.id) == list(range(1, 2002))
    assert opened.job(job.id)["status"] == "completed"


def test_backlog_over_http_goes_in_batches(
    web: Web, opened: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    real = HttpTransport.deliver

    def counted(
        self: HttpTransport, claim: Any, token: str, place: int, lines: Any, **more: Any
    ) -> int:
        batches.append(len(lines))
        return real(self, claim, token, place, lines, **more)

    monkeypatch.setattr(HttpTransport, "deliver", counted)
    with start(web, tmp_path) as job:
        for epoch in range(20_000):
            job.log(epoch, a=0.5, b=0.25)
    assert len(epochs(opened, job.id)) == 20_000
    assert sum(batches) == 20_001
    assert len(batches) < 200, "a request for each epoch would take minutes on a slow network"


def test_run_over_http_with_a_token(valkey: EmbeddedStore, opened: Store, tmp_path: Path,
                                    monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    secret = "a-secret-of-some-length"
    with Web(web_settings(valkey.url, tmp_path / "web", heimdall_token=secret)) as web:
        monkeypatch.setenv("HEIMDALL_TOKEN", "wrong")
        refused = start(web, tmp_path)
        refused.log(1, a=1.0)
        wait_for(lambda: refused._sender.trouble)
        assert "401" in str(refused._sender.trouble)
        assert refused.close(0.1) is False
        monkeypatch.setenv("HEIMDALL_TOKEN", secret)
        with start(web, tmp_path) as job:
            job.log(1, a=1.0)
        assert epochs(opened, job.id) == [1]
        assert [one.is_whole for one in sync_runs([tmp_path], None)] == [True, True]
        assert epochs(opened, refused.id) == [1]


def test_run_deleted_on_the_page_is_not_brought_back_over_http(
    web: Web, opened: Store, tmp_path: Path
) -> None:
    job = start(web, tmp_path)
    job.log(1, a=1.0)
    wait_for(lambda: epochs(opened, job.id) == [1])
    opened.change(job.id, fields={"status": "cancelled"})
    opened.delete(job.id, LEGAL["delete"])
    wait_for(lambda: job.refused)
    assert job.close() is False


def test_run_begins_before_there_is_a_server(
    valkey: EmbeddedStore, opened: Store, tmp_path: Path
) -> None:
    port = free_port()
    job = Job.start("early", url=f"http://127.0.0.1:{port}", data_dir=tmp_path)
    job.log(1, a=1.0)
    with Web(web_settings(valkey.url, tmp_path / "web", port=port)):
        assert job.close() is True
    assert epochs(opened, job.id) == [1]


CLAIM: dict[str, Any] = {
    "job_id": "5a6c2c1e-0000-4000-8000-000000000001", "token": "abc", "attempt": 0,
    "takes_over": True,
    "birth": {
        "id": "5a6c2c1e-0000-4000-8000-000000000001", "job_name": "x",
        "created_at": "2026-11-20T10:00:00.000Z", "config": "{}",
    },
}  # fmt: skip


def born(**fields: Any) -> dict[str, Any]:
    return {"call": "begin", "claim": {**CLAIM, "birth": {**CLAIM["birth"], **fields}}}


@pytest.mark.parametrize(
    ("head", "codes"),
    [
        (b"", {400}), (b"{", {400}), (b"[]", {400}), (b'{"call": "begin"}', {400}),
        (b"\xff\xfe", {400}),
        ({"call": "destroy", "claim": CLAIM}, {400}),
        ({"call": "begin", "claim": {**CLAIM, "token": "../x"}}, {400}),
        ({"call": "begin", "claim": {**CLAIM, "attempt": "0"}}, {400}),
        (born(id=1), {422}), (born(job_name="a\nb"), {422}), (born(config="x"), {422}),
        (born(created_at="no"), {422}), (born(total_epochs="x"), {422}),
        ({"call": "deliver", "claim": CLAIM, "token": "abc", "place": -1}, {400}),
        ({"call": "deliver", "claim": CLAIM, "token": "abc", "place": 0}, {404}),
    ],
)  # fmt: skip
def test_call_that_no_publisher_makes_is_refused_clearly(
    web: Web, head: Any, codes: set[int]
) -> None:
    body = head if isinstance(head, bytes) else json.dumps(head).encode() + b"\n[1,1.5,{}]\n"
    answer = httpx.post(f"{web.api}/jobs/{CLAIM['job_id']}/log", content=body)
    assert answer.status_code in codes, answer.text
    assert "detail" in answer.json()


def test_lines_that_no_publisher_writes_harm_nobody(web: Web, opened: Store) -> None:
    url = f"{web.api}/jobs/{CLAIM['job_id']}/log"
    httpx.post(
        url, content=json.dumps({"call": "begin", "claim": CLAIM}).encode()
    ).raise_for_status()
    lines = [
        b'[1,1763900000.5,{"ok":1.5,"text":"high","deep":{"a":1},"\\u0000":2}]',
        b'[2,1763900000.5,{"ok":null},{"ok":"nan","other":7}]',
        b'[-3,1.5,{}]', b'[99999999999999999999,1.5,{}]', b'["back","x"]', b'["back",-9]',
        b'["note",{"message":"m","epoch":NaN}]', b'["note",7]', b'["facts",[]]',
        b'["end",{"status":"done","config":"x"}]', b'["end",{"status":"failed","config":"x"}]',
        b"\x00\x00", b"{}", b"null", b'[3,1e999,{"ok":1}]',
    ]  # fmt: skip
    call = {"call": "deliver", "claim": CLAIM, "token": "abc", "place": 0}
    body = json.dumps(call).encode() + b"\n" + b"\n".join(lines) + b"\n"
    answer = httpx.post(url, content=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["place"] == len(b"\n".join(lines)) + 1
    rows = {write.epoch: write.row for write in opened.writes(CLAIM["job_id"])}
    assert set(rows[1] or {}) == {"epoch", "timestamp", "ok"}
    listed = httpx.get(f"{web.api}/jobs?limit=1000").json()["jobs"]
    assert [job["status"] for job in listed if job["id"] == CLAIM["job_id"]] == ["failed"]
    assert httpx.get(f"{web.api}/jobs/{CLAIM['job_id']}").status_code == 200


def test_two_threads_publish_over_http_at_once(web: Web, opened: Store, tmp_path: Path) -> None:
    with start(web, tmp_path) as job:
        threads = [
            threading.Thread(target=lambda n=n: [job.log(e, {f"m{n}": 1.0}) for e in range(100)])
            for n in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert opened.job(job.id)["epochs_stored"] == "100"
