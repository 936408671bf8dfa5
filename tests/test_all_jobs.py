"""The list of jobs as a web process has it: what the store has, though it hears of each epoch only
that there was one. A model of the store stands in for what only a model can delay.
"""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heimdall_dash.errors import StoreUnavailable
from heimdall_dash.live import hub as hub_module
from heimdall_dash.live.all_jobs import AllJobs
from heimdall_dash.live.hub import Hub
from heimdall_dash.store.jobs import Fields

IDS = ("a", "b", "c")


class ModelJobs:
    """Some jobs; what was published and not yet delivered; and answers that are held back."""

    def __init__(self) -> None:
        self.revisions = dict.fromkeys(IDS, 1)
        self.updates: list[dict[str, Any]] = []
        self.moved_: set[str] = set()
        self.reads: list[list[str]] = []
        self.is_away = False
        self.go = asyncio.Event()
        self.go.set()

    def fields(self, job_id: str) -> Fields:
        return {"id": job_id, "stream": "s", "revision": str(self.revisions[job_id])}

    def epoch(self, job_id: str) -> None:
        self.revisions[job_id] += 1
        self.moved_.add(job_id)

    def change(self, job_id: str) -> None:
        self.revisions[job_id] += 1
        self.updates.append({"event": "training:paused", "job": self.fields(job_id)})

    async def jobs_of(self, ids: list[str]) -> list[Fields]:
        self.reads.append(ids)
        if self.is_away:
            raise StoreUnavailable("away")
        found = [self.fields(job_id) for job_id in ids]
        await self.go.wait()
        return found


def made() -> tuple[ModelJobs, Hub]:
    store = ModelJobs()
    hub = Hub(store)  # type: ignore[arg-type]
    hub.all_jobs.reload(map(store.fields, IDS))
    return store, hub


def listed(hub: Hub) -> dict[str, str]:
    return {fields["id"]: fields["revision"] for fields in hub.all_jobs.everything()}


steps = st.lists(
    st.tuples(
        st.sampled_from(["epoch", "change", "hear", "hear update", "read", "hold", "let go"]),
        st.sampled_from(IDS),
    ),
    max_size=30,
)


@given(steps)
@settings(deadline=None, max_examples=300)
async def test_list_ends_with_what_the_store_has_and_never_goes_back(
    played: list[tuple[str, str]],
) -> None:
    store, hub = made()
    reading: list[asyncio.Task[None]] = []
    before = listed(hub)
    for move, job_id in [*played, ("let go", ""), ("hear", ""), ("read", "")]:
        if move in ("epoch", "change"):
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
        assert all(int(now[job_id]) >= int(before[job_id]) for job_id in IDS)
        before = now
    await asyncio.gather(*reading)
    while store.updates:
        await hub._take(None, store.updates.pop(0))
    assert listed(hub) == {job_id: str(store.revisions[job_id]) for job_id in IDS}


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
    jobs.reload([{"id": "a", "stream": "s", "revision": "9"}])
    jobs.read([{"id": "a", "stream": "s", "revision": "4"}])
    assert (jobs.fields("a") or {})["revision"] == "9"
    jobs.reload([{"id": "a", "stream": "s", "revision": "4"}])
    assert (jobs.fields("a") or {})["revision"] == "4"
    jobs.read([{"id": "a", "stream": "t", "revision": "1"}])
    assert (jobs.fields("a") or {})["stream"] == "t"
