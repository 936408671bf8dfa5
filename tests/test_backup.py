"""A copy of everything, taken while a training goes on, and put back elsewhere."""

import gzip
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from heimdall_dash import Job
from heimdall_dash.cli import main
from heimdall_dash.store.embedded import EmbeddedStore
from tests.conftest import Web, wait_for, web_settings
from tests.servers import Cluster, RedisServer
from tests.viewers import Viewer


def seen(api: str) -> dict[str, Any]:
    """Everything that a dashboard shows of its jobs, by their names."""
    found = {}
    for job in httpx.get(f"{api}/jobs").json()["jobs"]:
        one = httpx.get(f"{api}/jobs/{job['id']}").json()
        one.pop("websocket_url")
        one["metrics"] = httpx.get(f"{api}/jobs/{job['id']}/metrics").json()
        found[job["job_name"]] = one
    return found


def fill(url: str, folder: Path) -> None:
    with Job.start("NaN \udcff".encode(errors="replace").decode(), url=url, data_dir=folder) as job:
        job.describe({"floor": 1.5})
        for epoch in (1, 2, 3, 2):
            job.log(epoch, loss=float("nan") if epoch == 2 else 1.0 / epoch, bins=[1, 2, epoch])
        job.warn("odd")
    with Job.start("taken back", url=url, data_dir=folder, tags=["a"], group="g") as job:
        for epoch in range(1, 3001):
            job.log(epoch, loss=1.0 / epoch)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["valkey", "redis", "cluster"])
def test_backup_comes_back_as_it_was_in_any_store(
    own_valkey: EmbeddedStore, redis_server: RedisServer, cluster: Cluster, kind: str,
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    fill(own_valkey.url, tmp_path)
    copy = str(tmp_path / "copy.jsonl.gz")
    assert main(["backup", copy, "--url", own_valkey.url]) == 0
    with Web(web_settings(own_valkey.url, tmp_path)) as web:
        before = seen(web.api)
    if kind == "valkey":
        redis.Redis.from_url(own_valkey.url).flushall()
    target = {"valkey": own_valkey, "redis": redis_server, "cluster": cluster}[kind].url
    with Web(web_settings(target, tmp_path)) as web, Viewer(web.ws_url, framed=True) as viewer:
        viewer.next_of("sync")
        assert main(["restore", copy, "--url", target]) == 0
        names = set(before)
        told: set[str] = set()
        while not names <= told:  # whoever looks sees them come
            frame = viewer.next_of("jobs")
            viewer.ack(frame)
            told |= {job["job_name"] for job in frame["jobs"]}
        assert {name: one for name, one in seen(web.api).items() if name in names} == before
        assert main(["restore", copy, "--url", target]) == 0
        assert "2 jobs were there already and stay" in capsys.readouterr().out
        assert main(["restore", copy, "--url", target, "--replace"]) == 0
        assert {name: one for name, one in seen(web.api).items() if name in names} == before


def test_backup_of_a_running_training_counts_what_it_holds(
    own_valkey: EmbeddedStore, redis_server: RedisServer, tmp_path: Path
) -> None:
    copy, ends = str(tmp_path / "copy.jsonl.gz"), threading.Event()
    job = Job.start("runs", url=own_valkey.url, data_dir=tmp_path)

    def train() -> None:
        epoch = 0
        while not ends.is_set():
            epoch += 1
            job.log(epoch, loss=1.0 / epoch)

    trainer = threading.Thread(target=train)
    trainer.start()
    with Web(web_settings(own_valkey.url, tmp_path)) as web:
        wait_for(lambda: count(web, job.id) > 500)
        assert main(["backup", copy, "--url", own_valkey.url]) == 0
    ends.set()
    trainer.join()
    job.close()
    assert main(["restore", copy, "--url", redis_server.url, "--replace"]) == 0
    with Web(web_settings(redis_server.url, tmp_path)) as web:
        stored = httpx.get(f"{web.api}/jobs/{job.id}").json()["job"]
        columns = httpx.get(f"{web.api}/jobs/{job.id}/metrics").json()["columns"]
        assert columns["epoch"] == list(range(1, stored["current_epoch"] + 1))
        assert stored["epochs_stored"] == len(columns["epoch"]) > 500


def count(web: Web, job_id: str) -> int:
    answer = httpx.get(f"{web.api}/jobs/{job_id}")
    return int(answer.json()["job"]["epochs_stored"]) if answer.status_code == 200 else 0


@pytest.mark.parametrize("spoil", ["cut", "text", "short"])
def test_restore_of_a_file_that_is_no_backup_changes_nothing(
    own_valkey: EmbeddedStore, tmp_path: Path, spoil: str, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.jsonl.gz"
    with Job.start("one", url=own_valkey.url, data_dir=tmp_path) as job:
        job.log(1, loss=1.0)
    assert main(["backup", str(copy), "--url", own_valkey.url]) == 0
    redis.Redis.from_url(own_valkey.url).flushall()
    if spoil == "cut":
        copy.write_bytes(copy.read_bytes()[:-40])
    elif spoil == "text":
        copy.write_text("hello")
    else:
        lines = gzip.decompress(copy.read_bytes()).splitlines(keepends=True)
        copy.write_bytes(gzip.compress(b"".join(lines[:-1])))
    assert main(["restore", str(copy), "--url", own_valkey.url]) == 1
    assert "backup" in capsys.readouterr().err
    assert redis.Redis.from_url(own_valkey.url).keys("heimdall:*") == []
