"""The queue: what is lost is queued again, what is over leaves nothing, an odd job harms nobody."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import redis
from rq import Queue, SimpleWorker
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

import trainer.worker
from heimdall_dash.entries import NAME, Entries, Entry
from heimdall_dash.errors import NoQueue
from heimdall_dash.queue import JobQueue
from heimdall_dash.records import Status
from heimdall_dash.store.embedded import EmbeddedStore
from heimdall_dash.store.keys import JobKeys
from heimdall_dash.store.store import Store
from tests.conftest import Web, web_settings
from tests.servers import Cluster
from trainer.config import TrainingConfig

CONFIG = TrainingConfig(epochs=1).model_dump(mode="json")
LATER = timedelta(minutes=1)


class House:
    """A store of its own, its queue, and RQ's tools beside them."""

    def __init__(self, url: str) -> None:
        self.store = Store(url)
        self.queue = JobQueue(self.store, url)
        self.entries = Entries(url)
        self.client = redis.Redis.from_url(url)
        self.now = datetime.now(UTC)

    def close(self) -> None:
        for part in (self.queue, self.entries, self.store, self.client):
            part.close()

    def status(self, job_id: str) -> str:
        return self.store.job(job_id)["status"]

    def keys(self, job_id: str) -> list[bytes]:
        return list(self.client.scan_iter(match=f"rq:*{job_id}*"))

    def running(self, **fields: object) -> str:
        """A job that a worker took, and of which nothing was heard since."""
        job_id = self.store.create_job(
            "x", status=Status.RUNNING, config={}, total_epochs=1, external=False
        )["id"]
        self.store.change(job_id, fields={"heartbeat_at": "2020-01-01T00:00:00Z", **fields})
        return job_id


@pytest.fixture
def house(own_valkey: EmbeddedStore) -> Iterator[House]:
    opened = House(own_valkey.url)
    yield opened
    opened.close()


def test_queue_takes_over_what_lost_its_worker_and_queues_again_what_lost_its_entry(
    house: House,
) -> None:
    stalled = house.running()
    lost = house.queue.submit("lost", CONFIG)["id"]
    house.entries.forget(f"{lost}-0")
    house.queue.reconcile(house.now + LATER)
    assert house.status(stalled) == "queued"
    assert house.entries.all() == {f"{stalled}-1", f"{lost}-0"}


ODD_FIELDS = {
    "heartbeat of no time": {"heartbeat_at": "garbage", "heartbeat_ms": "garbage"},
    "attempt of no number": {"attempt": "x"},
    "status of ours": {"status": "done"},
    "config of no JSON": {"config": "x", "intervals": "a b"},
    "deaths of no number": {"deaths": "x", "last_epoch": "y", "died_at": "y"},
}


@pytest.mark.parametrize("odd", ODD_FIELDS)
def test_one_odd_job_does_not_keep_the_others_from_being_looked_after(
    house: House, odd: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = house.running()
    odd_id = house.running(**ODD_FIELDS[odd])
    bare = house.running()
    for field in house.client.hkeys(JobKeys(bare).job):
        if field not in {b"status", b"external"}:
            house.client.hdel(JobKeys(bare).job, field)
    after = house.running()
    for _ in range(3):
        house.queue.reconcile(house.now + LATER)
    assert {house.status(before), house.status(after)} == {"queued"}
    named = [one for one in caplog.records if odd_id in one.getMessage()]
    assert len([one for one in named if one.levelno == logging.ERROR]) <= 1


def test_queue_leaves_foreign_jobs_and_those_that_do_not_say_whose_they_are_alone(
    house: House,
) -> None:
    foreign, unsaid = house.running(external="1"), house.running()
    house.client.hdel(JobKeys(unsaid).job, "external")
    house.queue.reconcile(house.now + LATER)
    assert [house.status(one) for one in (foreign, unsaid)] == ["running", "running"]


@pytest.mark.slow
def test_queue_says_on_a_cluster_that_nothing_can_be_queued_before_there_is_a_job(
    cluster: Cluster,
) -> None:
    store = Store(cluster.url)
    queue = JobQueue(store, cluster.url)
    before = len(store.jobs())
    with pytest.raises(NoQueue, match="Cluster"):
        queue.submit("ghost", CONFIG)
    assert len(store.jobs()) == before
    queue.reconcile(datetime.now(UTC))
    queue.close()
    store.close()


def test_rest_says_on_a_cluster_why_nothing_can_be_queued_and_makes_no_job(
    cluster: Cluster, tmp_path: Path
) -> None:
    with Web(web_settings(cluster.url, tmp_path)) as web, httpx.Client(base_url=web.api) as api:
        before = api.get("/jobs").json()["total"]
        answer = api.post("/jobs", json={"job_name": "ghost", "config": {"epochs": 1}})
        assert answer.status_code == 503
        assert "Cluster" in answer.json()["detail"]
        assert api.get("/jobs").json()["total"] == before
        fed = api.post("/jobs", json={"job_name": "outside", "external": True})
        assert fed.status_code == 201


def work_through(house: House) -> None:
    """RQ's own worker empties the queue."""
    worker = SimpleWorker([NAME], connection=house.client, serializer=JSONSerializer)
    worker.death_penalty_class = TimerDeathPenalty
    worker.work(burst=True, logging_level="CRITICAL")


def test_nothing_of_jobs_that_are_over_stays_in_the_queue(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(job_id: str, attempt: int) -> None:
        house.store.change(job_id, fields={"status": Status.COMPLETED})
        if house.store.job(job_id)["job_name"] == "breaks":
            raise RuntimeError("on purpose")

    monkeypatch.setattr(trainer.worker, "train", train)
    whole = [house.queue.submit("whole", CONFIG)["id"] for _ in range(5)]
    broken = [house.queue.submit("breaks", CONFIG)["id"] for _ in range(3)]
    work_through(house)
    dropped = house.queue.submit("dropped", CONFIG)["id"]
    house.store.delete(dropped, [Status.QUEUED])
    house.queue.drop(dropped)
    paused = house.queue.submit("paused", CONFIG)["id"]
    house.store.change(paused, fields={"status": Status.PAUSED})
    waiting = house.queue.submit("waiting", CONFIG)["id"]
    assert [house.keys(one) for one in whole] == [[]] * 5
    assert house.queue.sweep() == len(broken) + 1
    for job_id in [*whole, *broken, dropped, paused]:
        assert house.keys(job_id) == []
    assert list(house.client.scan_iter(match="rq:job:*")) == [f"rq:job:{waiting}-0".encode()]
    queue = Queue(NAME, connection=house.client, serializer=JSONSerializer)
    assert queue.get_job_ids() == [f"{waiting}-0"]


def test_sweep_finds_what_an_earlier_version_left_in_none_of_rqs_lists(house: House) -> None:
    job_id = house.queue.submit("old", CONFIG)["id"]
    Queue(NAME, connection=house.client).remove(f"{job_id}-0")
    house.store.delete(job_id, [Status.QUEUED])
    assert house.queue.sweep() == 0
    assert house.queue.sweep(with_lost=True) == 1
    assert house.keys(job_id) == []


def test_sweep_leaves_entries_that_are_not_ours_alone(house: House) -> None:
    queue = Queue(NAME, connection=house.client, serializer=JSONSerializer)
    queue.enqueue_call("somebody.elses", job_id="theirs")
    house.queue.sweep(with_lost=True)
    assert RqJob.exists("theirs", connection=house.client)


def test_entry_ids_name_job_and_attempt() -> None:
    entry = Entry("5f1cbd3c-7e9b-4c9a-b7e4-0a4f6b9d9a11", 12)
    assert Entry.parse(str(entry)) == entry
    assert Entry.parse("theirs") is None
