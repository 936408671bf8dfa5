"""`POST /jobs` beyond name and config: imported runs, labels, and what is refused."""

import json
from typing import Any

import httpx
import pytest

from heimdall_dash.store import store
from tests.test_jobs_api import create, detail

IMPORTED = {
    "created_at": "2024-03-01T12:00:00+02:00", "started_at": "2024-03-01T10:01:00Z",
    "completed_at": "2024-03-02T00:00:00.5Z",
}  # fmt: skip


def test_imported_run_keeps_its_dates_and_its_meaning(client: httpx.Client) -> None:
    charts = [{"title": "IoU", "metrics": ["val/mIoU", " mAP@0.5 "], "unit": "%"}]
    answer = create(
        client, external=True, **IMPORTED, facts={"floor": 1.5}, tags=["a", "b", "a"], group="g",
        project="p", step_name="step", key_metrics={"val/mIoU": "max"}, charts=charts,
    )  # fmt: skip
    job = answer.json()
    assert answer.status_code == 201, answer.text
    assert job["created_at"] == "2024-03-01T10:00:00.000Z"
    assert (job["tags"], job["group"], job["project"]) == (["a", "b"], "g", "p")
    assert (job["step_name"], job["key_metrics"]) == ("step", {"val/mIoU": "max"})
    assert job["charts"] == [{**charts[0], "scale": "linear"}]
    address = f"/jobs/{job['id']}"
    row = {"epoch": 1, "loss": 1.0, "timestamp": "2024-03-01T11:00:00Z"}
    client.post(f"{address}/metrics", json=row).raise_for_status()
    client.post(f"{address}/status", json={"status": "completed"}).raise_for_status()
    shown = client.get(address).json()
    assert shown["facts"] == {"floor": 1.5}
    assert (shown["job"]["started_at"], shown["job"]["completed_at"]) == (
        "2024-03-01T10:01:00.000Z", "2024-03-02T00:00:00.500Z",
    )  # fmt: skip


def test_queued_job_takes_labels_and_nothing_that_is_for_foreign_runs(client: httpx.Client) -> None:
    job = create(client, config={"epochs": 3}, tags=["x"], group="g", project="p").json()
    assert (job["tags"], job["group"], job["project"]) == (["x"], "g", "p")
    client.post(f"/jobs/{job['id']}/cancel").raise_for_status()
    before = client.get("/jobs").json()["total"]
    for name, value in {**IMPORTED, "facts": {}, "step_name": "s", "charts": []}.items():
        assert name in detail(create(client, config={"epochs": 3}, **{name: value}), 422)
    assert client.get("/jobs").json()["total"] == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created_at", "yesterday"), ("created_at", "2024-03-01T10:00:00"), ("created_at", 7),
        ("created_at", "9999-01-01T00:00:00Z"), ("created_at", "1969-01-01T00:00:00Z"),
        ("created_at", "2024-13-01T00:00:00Z"), ("created_at", "0001-01-01T00:00:00+10:00"),
        ("facts", []), ("facts", {"a": float("nan")}), ("facts", {"a": 10**400}),
        ("tags", "x"), ("tags", [""]), ("tags", ["a\nb"]), ("tags", ["x" * 201]), ("tags", [1]),
        ("tags", ["x"] * 101), ("group", ""), ("group", "\ud800"), ("group", True),
        ("project", "a\x1b[0m"), ("step_name", ""), ("key_metrics", {"loss": "up"}),
        ("key_metrics", {"": "min"}), ("key_metrics", {"a\n": "min"}), ("key_metrics", ["loss"]),
        ("key_metrics", {str(number): "min" for number in range(51)}),
        ("charts", {}), ("charts", [{}]), ("charts", [{"title": "x", "metrics": []}]),
        ("charts", [{"title": "x", "metrics": ["a"], "scale": "cubic"}]),
        ("charts", [{"title": "x", "metrics": ["a"], "onclick": "x"}]),
        ("charts", [{"title": "x", "metrics": ["a"]}] * 101),
        ("charts", [{"title": "x", "metrics": ["x" * 201]}]),
    ],
)  # fmt: skip
def test_field_that_could_not_be_shown_is_refused_and_stores_nothing(
    client: httpx.Client, name: str, value: Any
) -> None:
    before = client.get("/jobs").json()["total"]
    body = json.dumps({"job_name": "x", "external": True, name: value})
    assert name in str(detail(client.post("/jobs", content=body), 422))
    assert client.get("/jobs").json()["total"] == before


@pytest.mark.parametrize("name", ["config", "facts"])
def test_config_and_facts_have_a_bound_that_is_named(client: httpx.Client, name: str) -> None:
    most = 2**20
    fits = {"k": "x" * (most - 9)}
    assert len(json.dumps(fits)) == most
    assert create(client, external=True, **{name: fits}).status_code == 201
    too_much = {"k": "x" * (most - 8)}
    said = detail(create(client, external=True, **{name: too_much}), 413)
    assert str(most) in said
    assert name in said


@pytest.mark.parametrize("is_external", [True, False])
@pytest.mark.parametrize(
    "config",
    [
        '{"seed": ' + "9" * 400 + "}", '{"learning_rate": ' + "9" * 400 + "}",
        '{"epochs": ' + "9" * 400 + "}", '{"\\ud800": 1}', '{"a": "\\udfff"}', '{"epochs": 1e400}',
        '{"' + "k" * 100_000 + '": NaN}', '{"epochs": true}', '{"epochs": "5"}',
    ],
)  # fmt: skip
def test_hostile_config_is_refused_in_a_short_answer(
    client: httpx.Client, is_external: bool, config: str
) -> None:
    flag = "true" if is_external else "false"
    body = f'{{"job_name": "x", "external": {flag}, "config": {config}}}'
    answer = client.post("/jobs", content=body)
    if answer.status_code == 201:  # JSON's "5" is a number for the trainer's own config
        assert ('"5"' in config, is_external) == (True, False)
        return
    assert detail(answer, 422)
    assert len(answer.content) < 2000


def test_thousands_of_problems_are_not_all_told(client: httpx.Client) -> None:
    config = {f"no_such_{number}": number for number in range(5000)}
    assert len(detail(create(client, config=config), 422)) == 50


def test_every_fault_of_a_config_is_told_at_each_field_that_it_concerns(
    client: httpx.Client,
) -> None:
    wrong = {"epochs": 0, "seed": -1, "batch_size": 5000, "samples": 4000}
    refused = client.post("/jobs", json={"job_name": "x", "config": wrong}).json()["detail"]
    assert {one["loc"][-1] for one in refused} == wrong.keys()
    # a default stands in for what is wrong, and is nobody's fault
    wrong = {"batch_size": 5000, "samples": 0}
    refused = client.post("/jobs", json={"job_name": "x", "config": wrong}).json()["detail"]
    assert [one["loc"][-1] for one in refused] == ["samples"]


def test_job_too_many_is_refused(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert create(client, external=True).status_code == 201
    monkeypatch.setattr(store, "MAX_JOBS", 1)
    refused = create(client, external=True)
    assert (refused.status_code, "delete some" in refused.json()["detail"]) == (409, True)
