"""The list of jobs as a web process has it: what the store has, though it hears of each epoch only
that there was one. A model of the store stands in for what only a model can delay.
"""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.live import hub as hub_module
from heimdall_dash.live.all_jobs import AllJobs
from heimdall_dash.live.hub import Hub
from heimdall_dash.live.topic import local_now
from heimdall_dash.store.jobs import Fields

IDS = ("a", "b", "c")


class ModelJobs:
    """Some jobs; what was published and not yet delivered; and answers that are held back."""

    def __init__(self) -> None:
        self.revisions = dict.fromkeys(IDS, 1)  # of the jobs that are there
        self.updates: list[dict[str, Any]] = []
        self.moved_: set[str] = set()
        self.reads: list[list[str]] = []
        self.is_away = False
        self.go = asyncio.Event()
        self.go.set()

    def fields(self, job_id: str) -> Fields:
        return {"id": job_id, "stream": "s", "revision": str(self.revisions[job_id])}

    def epoch(self, job_id: str) -> None:
        if job_id in self.revisions:
            self.revisions[job_id] += 1
            self.moved_.add(job_id)

    def change(self, job_id: str) -> None:
        if job_id in self.revisions:
            self.revisions[job_id] += 1
            self.updates.append({"event": "training:paused", "job": self.fields(job_id)})

    def delete(self, job_id: str) -> None:
        if self.revisions.pop(job_id, None):
            self.updates.append({"event": "training:deleted", "job_id": job_id})

    async def jobs_of(self, ids: list[str]) -> list[Fields]:
        self.reads.append(ids)
        if self.is_away:
            raise StoreUnavailable("away")
        found = [self.fields(job_id) for job_id in ids if job_id in self.revisions]
        await self.go.wait()
        return found


def made() -> tuple[ModelJobs, Hub]:
    store = ModelJobs()
    hub = Hub(store)  # type: ignore[arg-type]
    hub.all_jobs.reload(map(store.fields, IDS), 0)
    return store, hub


def listed(hub: Hub) -> dict[str, str]:
    return {fields["id"]: fields["revision"] for fields in hub.all_jobs.everything()}


steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["epoch", "epoch", "change", "delete", "hear", "hear update", "read", "hold", "let go"]
        ),
        st.sampled_from(IDS),
    ),
    max_size=30,
)


A_DELETION_WHILE_IT_IS_READ = [
    (move, "a")
    for move in ("epoch", "hear", "hold", "read", "delete", "hear update", "let go", "read")
]


@given(steps)
@example(A_DELETION_WHILE_IT_IS_READ)
@settings(deadline=None, max_examples=500)
async def test_list_ends_with_what_the_store_has_and_never_goes_back(
    played: list[tuple[str, str]],
) -> None:
    store, hub = made()
    reading: list[asyncio.Task[None]] = []
    before = listed(hub)
    for move, job_id in [*played, ("let go", ""), ("hear", ""), ("read", "")]:
        if move in ("epoch", "change", "delete"):
            getattr(store, move)(job_id)
        elif move == "hear":
            hub.all_jobs.moved |= store.moved_
            store.moved_ = set()
        elif move == "hear update" and store.updates:
            await hub._take(None, store.updates.pop(0))
        elif move == "read":
            reading.append(asyncio.create_task(hub._read_moved()))
        elif move == "hold":
            store.go.clear()
        elif move == "let go":
            store.go.set()
        await asyncio.sleep(0)
        now = listed(hub)
        assert now.keys() <= before.keys()  # what is deleted does not come back
        assert all(int(now[job_id]) >= int(before[job_id]) for job_id in now)
        before = now
    await asyncio.gather(*reading)
    while store.updates:
        await hub._take(None, store.updates.pop(0))
    assert listed(hub) == {job_id: str(now) for job_id, now in store.revisions.items()}


async def test_jobs_are_read_for_whoever_looks_at_the_list_and_after_an_outage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "JOBS_AT_ONCE", 2)
    store, hub = made()
    for job_id in IDS:
        store.epoch(job_id)
    hub.all_jobs.moved |= store.moved_
    store.is_away = True
    with pytest.raises(StoreUnavailable):
        async with hub.list_viewed():
            pass
    assert (hub.all_jobs.viewers, hub.all_jobs.moved) == (0, set(IDS))
    store.is_away = False
    async with hub.list_viewed() as jobs:
        assert jobs.viewers == 1
        assert set(listed(hub).values()) == {"2"}
        assert [len(ids) for ids in store.reads[-2:]] == [2, 1]
        assert not jobs.moved


def test_store_that_came_back_with_less_is_believed_at_the_next_look_at_all() -> None:
    jobs = AllJobs()
    jobs.reload([{"id": "a", "stream": "s", "revision": "9"}], 0)
    jobs.read([{"id": "a", "stream": "s", "revision": "4"}], jobs.version)
    assert (jobs.fields("a") or {})["revision"] == "9"
    asked = jobs.version
    jobs.take({"event": "training:created", "job": {"id": "b", "stream": "b", "revision": "1"}})
    jobs.take({"event": "training:paused", "job": {"id": "a", "stream": "s", "revision": "10"}})
    jobs.reload([{"id": "a", "stream": "s", "revision": "9"}], asked)
    assert (jobs.fields("a") or {})["revision"] == "10"  # heard after the store was asked
    assert jobs.fields("b")
    jobs.reload([{"id": "a", "stream": "s", "revision": "4"}], jobs.version)
    assert not jobs.fields("b")
    assert (jobs.fields("a") or {})["revision"] == "4"
    jobs.read([{"id": "a", "stream": "t", "revision": "1"}], jobs.version)
    assert (jobs.fields("a") or {})["stream"] == "t"


def test_list_has_of_a_large_config_what_fits() -> None:
    jobs, now = AllJobs(), local_now()
    config = {"lr": 0.1, "labels": ["x" * 100] * 100, "depth": 3, "text": "y" * 7_990}
    large = {"id": "a", "status": "running", "config": json.dumps(config)}
    small = {"id": "b", "status": "running", "config": '{"lr": 0.2}'}
    first, second = jobs.views([large, small], now)
    assert (first["config"], first["config_left_out"]) == ({"lr": 0.1, "depth": 3}, 2)
    assert second["config"] == {"lr": 0.2}
    assert "config_left_out" not in second
