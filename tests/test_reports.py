"""What a trainer outside says of itself over REST: status, notes, facts."""

import json
from typing import Any

import httpx
import pytest

from heimdall_dash.records import parse_time
from tests.test_jobs_api import create, detail, new_external


def status_of(client: httpx.Client, job_id: str) -> str:
    return str(client.get(f"/jobs/{job_id}").json()["job"]["status"])


def test_external_trainer_pauses_goes_on_and_is_cancelled(client: httpx.Client) -> None:
    job_id = new_external(client)
    report = f"/jobs/{job_id}/status"
    for status in ("running", "paused", "running", "running", "paused"):
        job = client.post(report, json={"status": status}).raise_for_status().json()
        assert job["status"] == status
    assert job["completed_at"] is None
    job = client.post(report, json={"status": "cancelled", "error_message": "pruned"}).json()
    assert (job["status"], job["ended_because"], job["error_message"]) == (
        "cancelled", "pruned", None,
    )  # fmt: skip
    parse_time(job["completed_at"])
    assert "cancelled" in detail(client.post(report, json={"status": "running"}), 409)


def test_failure_needs_no_message(client: httpx.Client) -> None:
    job_id = new_external(client)
    job = client.post(f"/jobs/{job_id}/status", json={"status": "failed"}).json()
    assert (job["status"], job["error_message"]) == ("failed", None)


def test_end_said_again_after_a_lost_answer_changes_nothing(client: httpx.Client) -> None:
    job_id = new_external(client)
    report = f"/jobs/{job_id}/status"
    first = client.post(report, json={"status": "completed"}).raise_for_status().json()
    again = client.post(report, json={"status": "completed"}).raise_for_status().json()
    assert again["completed_at"] == first["completed_at"]
    assert "completed" in detail(client.post(report, json={"status": "failed"}), 409)


def test_trainer_that_goes_on_is_no_longer_asked_to_pause(client: httpx.Client) -> None:
    job_id = new_external(client)
    client.post(f"/jobs/{job_id}/status", json={"status": "running"}).raise_for_status()
    assert client.post(f"/jobs/{job_id}/pause").json()["desired"] == "paused"
    job = client.post(f"/jobs/{job_id}/status", json={"status": "running"}).json()
    assert (job["status"], job["desired"]) == ("running", None)


@pytest.mark.parametrize(
    "body",
    [{}, [], None, {"status": "done"}, {"status": "queued"}, {"status": 1},
     {"status": "failed", "error_message": "x" * 10_001}, {"status": "failed", "error_message": 7},
     {"status": "failed", "error_message": "\ud800"}, {"status": "failed", "config": {}}],
)  # fmt: skip
def test_report_of_another_shape_is_refused(client: httpx.Client, body: Any) -> None:
    job_id = new_external(client)
    assert detail(client.post(f"/jobs/{job_id}/status", content=json.dumps(body)), 422)
    assert status_of(client, job_id) == "pending"


def test_note_stands_on_the_job(client: httpx.Client) -> None:
    job_id = new_external(client)
    notes = f"/jobs/{job_id}/notes"
    assert client.post(notes, json={"message": "odd"}).status_code == 201
    said = {"message": "worse\nstill", "epoch": 7.0, "kind": "alert"}
    client.post(notes, json=said).raise_for_status()
    first, second = client.get(f"/jobs/{job_id}").json()["notes"]
    assert (first["message"], first["epoch"], first["kind"]) == ("odd", None, "warning")
    assert (second["message"], second["epoch"], second["kind"]) == ("worse\nstill", 7, "alert")
    parse_time(second["timestamp"])


@pytest.mark.parametrize(
    "body",
    [
        {}, [], {"message": ""}, {"message": "  "}, {"message": 7}, {"message": "x" * 2001},
        {"message": "x", "epoch": float("nan")}, {"message": "x", "epoch": float("inf")},
        {"message": "x", "epoch": -1}, {"message": "x", "epoch": 1.5},
        {"message": "x", "epoch": "7"}, {"message": "x", "epoch": True},
        {"message": "x", "epoch": 10**400},
        {"message": "x", "kind": ""}, {"message": "x", "kind": "a\nb"}, {"message": "\ud800"},
        {"message": "x", "timestamp": "2024-01-01T00:00:00Z"},
    ],
)  # fmt: skip
def test_note_that_a_reader_could_not_read_is_refused(client: httpx.Client, body: Any) -> None:
    job_id = new_external(client)
    assert detail(client.post(f"/jobs/{job_id}/notes", content=json.dumps(body)), 422)
    assert client.get(f"/jobs/{job_id}").json()["notes"] == []


def test_facts_are_replaced_as_a_whole(client: httpx.Client) -> None:
    job_id = new_external(client)
    facts = f"/jobs/{job_id}/facts"
    assert client.put(facts, json={"a": 1, "b": [1, None]}).json() == {"a": 1, "b": [1, None]}
    client.put(facts, json={"c": "ü"}).raise_for_status()
    assert client.get(f"/jobs/{job_id}").json()["facts"] == {"c": "ü"}
    assert status_of(client, job_id) == "pending"
    for wrong in ([], 7, {"a": float("nan")}, {"a": "\ud800"}, {"a": 2**60}):
        assert detail(client.put(facts, content=json.dumps(wrong)), 422)
    assert "facts" in detail(client.put(facts, json={"a": "x" * 2**20}), 413)
    assert client.get(f"/jobs/{job_id}").json()["facts"] == {"c": "ü"}


def test_facts_and_notes_may_come_after_the_end(client: httpx.Client) -> None:
    job_id = new_external(client)
    client.post(f"/jobs/{job_id}/status", json={"status": "completed"}).raise_for_status()
    client.put(f"/jobs/{job_id}/facts", json={"a": 1}).raise_for_status()
    client.post(f"/jobs/{job_id}/notes", json={"message": "x"}).raise_for_status()
    shown = client.get(f"/jobs/{job_id}").json()
    assert (shown["job"]["status"], shown["facts"], len(shown["notes"])) == (
        "completed", {"a": 1}, 1,
    )  # fmt: skip


def test_reports_about_no_job_or_a_workers_job_are_refused(client: httpx.Client) -> None:
    assert detail(client.post("/jobs/x/notes", json={"message": "x"}), 404)
    assert detail(client.put("/jobs/x/facts", json={}), 404)
    assert detail(client.patch("/jobs/x", json={"group": "g"}), 404)
    job_id = create(client, config={"epochs": 3}).json()["id"]
    assert detail(client.put(f"/jobs/{job_id}/facts", json={}), 409)
    client.post(f"/jobs/{job_id}/cancel").raise_for_status()
