"""The one socket of a page: the list of jobs and what it watches of them, from a real server."""

from typing import Any

import httpx
import pytest

from tests.conftest import Web
from tests.test_framed import new_job, publish
from tests.viewers import Json, Viewer


class Watching(Viewer):
    """Acknowledges each frame as it reads it."""

    def next(self, timeout_s: float = 10.0) -> Json:
        frame = super().next(timeout_s)
        if frame["event"] not in {"sync", "heartbeat"}:
            self.ack(frame)
        return frame

    def watch(self, job_id: str, **wanted: Any) -> None:
        self.send({"watch": {job_id: wanted}})

    def part(self, job_id: str, *, with_: str = "cursor") -> Json:
        """The next part for this job that has this field."""
        while True:
            part = self.next_of("metrics")["jobs"].get(job_id, {})
            if with_ in part:
                return dict(part)


def log(client: httpx.Client, job_id: str, *rows: Json) -> None:
    client.post(f"/jobs/{job_id}/metrics", json=list(rows)).raise_for_status()


def test_watched_jobs_come_with_the_named_columns_after_each_ones_cursor(
    web: Web, client: httpx.Client
) -> None:
    one, other = new_job(client), new_job(client)
    log(client, one, *({"epoch": e, "a": e, "b": -e} for e in range(1, 11)))
    log(client, other, {"epoch": 5, "a": 1.5})
    stream = client.get(f"/jobs/{one}/metrics").json()["stream"]
    with Watching(web.ws_url, framed=True) as viewer:
        viewer.next_of("sync")
        watch = {one: {"after": "4-1", "stream": stream, "metrics": ["b"]}, other: {"after": -1}}
        viewer.send({"watch": watch})
        parts: Json = {}
        while len(parts) < 2:
            parts |= viewer.next_of("metrics")["jobs"]
        assert parts[one]["columns"]["b"] == [-5, -6, -7, -8, -9, -10]
        assert set(parts[one]["columns"]) == {"epoch", "timestamp", "b"}
        assert (parts[one]["after"], parts[one]["cursor"]) == ("4-1", "10-1")
        assert (parts[one]["recovered"], parts[one]["job"]["current_epoch"]) == (True, 10)
        assert (parts[other]["after"], parts[other]["cursor"]) == (-1, "5-1")
        assert parts[other]["columns"]["a"] == [1.5]
        log(client, one, {"epoch": 11, "a": 7})
        silent = viewer.part(one)
        assert (silent["after"], silent["cursor"]) == ("10-1", "11-1")
        assert silent["columns"] == {"epoch": []}
        assert "config" not in silent["job"]
        log(client, one, {"epoch": 12, "b": 7, "new": 1})
        last = viewer.part(one)
        assert (last["columns"]["b"], last["names"]) == ([7], ["new"])


def test_nothing_is_sent_of_watched_jobs_before_the_acknowledgement_of_the_list(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    with Viewer(web.ws_url, framed=True) as viewer:
        viewer.next_of("sync")
        viewer.send({"watch": {job_id: {}}})
        while (first := viewer.next())["event"] != "metrics":
            viewer.ack(first)  # of the list, which may hear of the job only now
        publish(client, job_id, 1, 3)
        with pytest.raises(TimeoutError):
            viewer.next(timeout_s=0.4)
        viewer.ack(first)
        assert viewer.next_of("metrics")["jobs"][job_id]["columns"]["epoch"] == [1, 2, 3]


def test_page_with_another_history_is_told_to_load_it_and_may_watch_again(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    publish(client, job_id, 1, 3)
    with Watching(web.ws_url, framed=True) as viewer:
        viewer.watch(job_id, after="9-1")
        part = viewer.part(job_id)
        assert (part["recovered"], part["cursor"]) == (False, "3-1")
        viewer.watch(job_id, after="3-1", stream=part["stream"])
        assert viewer.part(job_id)["recovered"] is True


def test_jobs_that_are_unknown_deleted_or_over_are_told_in_the_frame(
    web: Web, client: httpx.Client
) -> None:
    job_id, gone = new_job(client), new_job(client)
    with Watching(web.ws_url, framed=True) as viewer:
        viewer.send({"watch": {"nobody": {}, job_id: {}, gone: {}}})
        unknown = viewer.part("nobody", with_="closed")
        client.delete(f"/jobs/{gone}").raise_for_status()
        deleted = viewer.part(gone, with_="closed")
        publish(client, job_id, 1, 2)
        client.post(f"/jobs/{job_id}/status", json={"status": "completed"}).raise_for_status()
        over = viewer.part(job_id, with_="closed")
        another = new_job(client)
        viewer.watch(another)
        assert viewer.part(another)["recovered"] is True
    assert (unknown["closed"]["code"], deleted["closed"]["code"]) == (4504, 4504)
    assert over["closed"] == {"code": 1000, "reason": "the job is over"}


def test_watch_that_cannot_be_understood_is_refused_and_what_was_watched_stays(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    with Watching(web.ws_url, framed=True) as viewer:
        viewer.watch(job_id)
        viewer.part(job_id)
        viewer.send({"watch": {job_id: {"metrics": "loss"}}})
        assert "metrics" in viewer.next_of("refused")["reason"]
        publish(client, job_id, 1, 1)
        assert viewer.part(job_id, with_="columns")["columns"]["epoch"] == [1]


def test_list_comes_as_changes_to_a_page_that_watches(web: Web, client: httpx.Client) -> None:
    watched, listed = new_job(client), new_job(client)
    with Watching(web.ws_url, framed=True) as viewer:
        viewer.watch(watched)
        viewer.part(watched)
        publish(client, listed, 1, 1)
        first = viewer.next_of("jobs")
        publish(client, listed, 2, 2)
        then = viewer.next_of("jobs")
        assert [job["id"] for job in first["jobs"]] == [listed]
        assert then["jobs"] == []
        assert then["changes"][listed]["current_epoch"] == 2
        assert "config" not in then["changes"][listed]
        publish(client, watched, 1, 2)
        viewer.part(watched, with_="columns")
        viewer.send({"watch": {}})
        publish(client, watched, 3, 3)
        assert viewer.next_of("jobs")["changes"][watched]["current_epoch"] == 3


def test_update_of_nineteen_metrics_takes_less_than_700_bytes_on_the_wire(
    web: Web, client: httpx.Client
) -> None:
    job_id = new_job(client)
    names = [f"val_distance_error_p{n}_m" for n in range(19)]

    def row(epoch: int) -> Json:
        return {"epoch": epoch} | {
            name: 100 / (epoch + 1.37 * n + 1) for n, name in enumerate(names)
        }

    with Watching(web.ws_url, framed=True) as viewer:
        log(client, job_id, row(1))
        viewer.watch(job_id, metrics=names)
        viewer.part(job_id)
        sizes = []
        for epoch in range(2, 22):
            before = viewer.received_bytes
            log(client, job_id, row(epoch))
            cursor = ""
            while cursor != f"{epoch}-1":
                cursor = viewer.part(job_id)["cursor"]
            sizes.append(viewer.received_bytes - before)
    assert sorted(sizes)[len(sizes) // 2] < 700
