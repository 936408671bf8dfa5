"""REST for jobs, over real HTTP against the real server and store."""

import json
from typing import Any

import httpx
import pytest

from heimdall_dash.records import parse_time
from heimdall_dash.store.store import Store
from tests.conftest import Web

JOB_FIELDS = {
    "id", "job_name", "status", "created_at", "started_at", "completed_at", "current_epoch",
    "total_epochs", "progress_percent", "estimated_completion", "best_epoch", "best_val_loss",
    "last_metric_at", "error_message", "config",
}  # fmt: skip


def create(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post("/jobs", json={"job_name": "VHF", **body})


def new_external(client: httpx.Client, epochs: int = 10) -> str:
    answer = create(client, external=True, config={"epochs": epochs})
    return str(answer.raise_for_status().json()["id"])


def detail(answer: httpx.Response, code: int) -> Any:
    assert answer.status_code == code, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()["detail"]


def test_created_job_is_queued_with_its_whole_config(client: httpx.Client) -> None:
    answer = create(client, config={"epochs": 7, "batch_size": 64, "learning_rate": 2e-3})
    job = answer.json()
    assert answer.status_code == 201
    assert job.keys() >= JOB_FIELDS
    assert (job["status"], job["total_epochs"], job["current_epoch"]) == ("queued", 7, 0)
    assert (job["config"]["batch_size"], job["config"]["learning_rate"]) == (64, 2e-3)
    assert job["progress_percent"] == 0.0
    assert job["created_at"].endswith("Z")
    assert [job[name] for name in ("started_at", "best_val_loss", "error_message")] == [None] * 3


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"epochs": 0}, "epochs"),
        ({"epochs": "many"}, "epochs"),
        ({"learning_rate": -1}, "learning_rate"),
        ({"learning_rate": 1e999}, "learning_rate"),
        ({"batch_size": 10**9}, "batch_size"),
        ({"batch_size": 512, "samples": 256}, "batch_size"),
        ({"no_such_option": 1}, "no_such_option"),
        ({"loss": "moon"}, "loss"),
        ({"epochs": True}, "epochs"),
    ],
)
def test_impossible_config_is_refused_naming_the_field(
    client: httpx.Client, config: dict[str, Any], field: str
) -> None:
    body = json.dumps({"job_name": "VHF", "config": config})
    problems = detail(client.post("/jobs", content=body), 422)
    assert ["body", "config", field] in [problem["loc"] for problem in problems]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"job_name": ""}, {"job_name": "   "}, {"job_name": "x" * 121}, {"job_name": "a\nb"},
        {"job_name": 7}, {"job_name": "x", "surprise": 1}, {"job_name": "x", "config": []},
        {"job_name": "x", "external": True, "config": {"epochs": 0}}, [], "x", None, 7,
    ],
)  # fmt: skip
def test_body_of_another_shape_is_refused(client: httpx.Client, body: Any) -> None:
    assert detail(client.post("/jobs", content=json.dumps(body)), 422)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' + b"9" * 5000]
)
def test_body_that_is_not_json_is_a_400(client: httpx.Client, content: bytes) -> None:
    assert "not JSON" in detail(client.post("/jobs", content=content), 400)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "Überwachung 𝛔"]
)
def test_hostile_and_foreign_names_come_back_as_they_were(client: httpx.Client, name: str) -> None:
    job = create(client, job_name=name, external=True).json()
    assert client.get(f"/jobs/{job['id']}").json()["job"]["job_name"] == name


@pytest.mark.parametrize(
    "config",
    [
        '{"k": "\\ud800"}', '{"a": NaN}', '{"a": 1e999}',
        '{"salt": 123456789012345678901234567890}',
        '{"a": ' + "[" * 200 + "]" * 200 + "}", '{"epochs": "x"}', '{"epochs": 2.5}',
    ],
)  # fmt: skip
def test_external_config_that_could_not_be_shown_is_refused_and_stores_nothing(
    client: httpx.Client, config: str
) -> None:
    before = client.get("/jobs").json()["total"]
    content = f'{{"job_name": "x", "external": true, "config": {config}}}'
    assert "config" in str(detail(client.post("/jobs", content=content), 422))
    assert client.get("/jobs").json()["total"] == before


def test_external_must_be_a_boolean(client: httpx.Client) -> None:
    assert detail(create(client, external="yes"), 422)


def test_deletion_removes_the_local_log_and_the_checkpoints(web: Web, client: httpx.Client) -> None:
    job_id = new_external(client)
    folder = web.settings.heimdall_data / "jobs" / job_id
    (folder / "checkpoints").mkdir(parents=True)
    client.delete(f"/jobs/{job_id}").raise_for_status()
    assert not folder.exists()


@pytest.mark.parametrize("path", ["/health", "/api/v1/training/jobs", "/"])
def test_head_answers_as_get_without_the_body(web: Web, path: str) -> None:
    got, head = httpx.get(web.url + path), httpx.head(web.url + path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]


def test_list_is_newest_first_filtered_and_paged(client: httpx.Client) -> None:
    ids = [new_external(client) for _ in range(3)]
    client.post(f"/jobs/{ids[1]}/cancel").raise_for_status()
    page = client.get("/jobs", params={"limit": 2}).json()
    assert [job["id"] for job in page["jobs"]] == [ids[2], ids[1]]
    assert page["total"] >= 3
    assert client.get("/jobs", params={"limit": 1, "offset": 2}).json()["jobs"][0]["id"] == ids[0]
    cancelled = client.get("/jobs", params={"status": "cancelled", "limit": 1000}).json()
    assert ids[1] in [job["id"] for job in cancelled["jobs"]]
    assert {job["status"] for job in cancelled["jobs"]} == {"cancelled"}
    assert cancelled["total"] == len(cancelled["jobs"])


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "offset=-1", "status=asleep", "limit=1001"]
)
def test_list_refuses_an_impossible_query(client: httpx.Client, query: str) -> None:
    assert detail(client.get(f"/jobs?{query}"), 422)


def test_job_is_shown_with_recent_metrics_and_its_websocket(web: Web, client: httpx.Client) -> None:
    job_id = new_external(client)
    rows = [{"epoch": epoch, "x": epoch} for epoch in range(1, 16)]
    client.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()
    shown = client.get(f"/jobs/{job_id}").json()
    assert shown["job"]["id"] == job_id
    assert shown["websocket_url"] == f"{web.ws_url}/{job_id}"
    assert [row["epoch"] for row in shown["recent_metrics"]] == list(range(6, 16))


def test_unknown_job_is_a_404_everywhere(client: httpx.Client) -> None:
    for method, path in [
        ("GET", ""), ("DELETE", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/cancel"),
        ("GET", "/metrics"),
    ]:  # fmt: skip
        assert "no job" in detail(client.request(method, f"/jobs/no-such-job{path}"), 404)
    assert detail(client.post("/jobs/x/metrics", json={"epoch": 1}), 404)
    assert detail(client.post("/jobs/x/status", json={"status": "running"}), 404)


def test_external_job_goes_through_its_life(client: httpx.Client) -> None:
    job_id = new_external(client, epochs=10)
    assert client.get(f"/jobs/{job_id}").json()["job"]["status"] == "pending"
    client.post(f"/jobs/{job_id}/metrics", json={"epoch": 5, "val_loss": 0.5}).raise_for_status()
    running = client.get(f"/jobs/{job_id}").json()["job"]
    assert (running["status"], running["current_epoch"], running["progress_percent"]) == (
        "running", 5, 50.0,
    )  # fmt: skip
    assert (running["best_epoch"], running["best_val_loss"]) == (5, 0.5)
    parse_time(running["started_at"])
    assert client.post(f"/jobs/{job_id}/pause").json()["status"] == "paused"
    # an epoch that was under way is kept, and the pause is not forgotten for it
    client.post(f"/jobs/{job_id}/metrics", json={"epoch": 6}).raise_for_status()
    assert client.get(f"/jobs/{job_id}").json()["job"]["status"] == "paused"
    assert client.post(f"/jobs/{job_id}/resume").json()["status"] == "running"
    failed = client.post(
        f"/jobs/{job_id}/status", json={"status": "failed", "error_message": "disk full"}
    ).json()
    assert (failed["status"], failed["error_message"]) == ("failed", "disk full")
    parse_time(failed["completed_at"])


def test_job_of_a_trainer_that_is_gone_is_not_said_to_run(client: httpx.Client, web: Web) -> None:
    job_id = new_external(client)
    client.post(f"/jobs/{job_id}/metrics", json={"epoch": 5}).raise_for_status()
    assert client.post(f"/jobs/{job_id}/pause").json()["status"] == "paused"
    store = Store(web.settings.redis_url)
    # a publisher of ours showed signs of life, the last of them a minute ago
    gone = int(store.now().timestamp() * 1000) - 60_000
    store.change(job_id, event="", fields={"beats": 1, "heartbeat_ms": gone})
    said = detail(client.post(f"/jobs/{job_id}/resume"), 409)
    assert "its status is paused" in said
    assert f"job_id='{job_id}'" in said
    assert client.get(f"/jobs/{job_id}").json()["job"]["status"] == "paused"
    store.change(job_id, event="", fields={"heartbeat_ms": gone + 60_000})
    store.close()
    assert client.post(f"/jobs/{job_id}/resume").json()["status"] == "running"


@pytest.mark.parametrize(
    ("reached_by", "status", "illegal"),
    [
        ([], "pending", ["pause", "resume"]),
        (["cancel"], "cancelled", ["pause", "resume", "cancel"]),
    ],
)
def test_illegal_transition_is_a_409_that_names_the_present_status(
    client: httpx.Client, reached_by: list[str], status: str, illegal: list[str]
) -> None:
    job_id = new_external(client)
    for action in reached_by:
        client.post(f"/jobs/{job_id}/{action}").raise_for_status()
    for action in illegal:
        assert status in detail(client.post(f"/jobs/{job_id}/{action}"), 409)


def test_running_job_cannot_be_deleted_and_a_finished_one_is_gone_for_good(
    client: httpx.Client,
) -> None:
    job_id = new_external(client)
    client.post(f"/jobs/{job_id}/metrics", json={"epoch": 1}).raise_for_status()
    assert "running" in detail(client.delete(f"/jobs/{job_id}"), 409)
    client.post(f"/jobs/{job_id}/status", json={"status": "completed"}).raise_for_status()
    answer = client.delete(f"/jobs/{job_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(f"/jobs/{job_id}").status_code == 404
    assert client.delete(f"/jobs/{job_id}").status_code == 404


def test_queued_job_can_be_paused_resumed_and_cancelled_before_a_worker_takes_it(
    client: httpx.Client, web: Web
) -> None:
    job_id = create(client, config={"epochs": 3}).json()["id"]
    assert client.post(f"/jobs/{job_id}/pause").json()["status"] == "paused"
    assert client.post(f"/jobs/{job_id}/resume").json()["status"] == "queued"
    assert client.post(f"/jobs/{job_id}/cancel").json()["status"] == "cancelled"
    store = Store(str(web.settings.redis_url))
    assert store.job(job_id)["attempt"] == "1"
    store.close()


def test_metrics_and_status_of_a_workers_job_are_not_for_outsiders(client: httpx.Client) -> None:
    job_id = create(client, config={"epochs": 3}).json()["id"]
    assert detail(client.post(f"/jobs/{job_id}/metrics", json={"epoch": 1}), 409)
    assert detail(client.post(f"/jobs/{job_id}/status", json={"status": "completed"}), 409)
    client.post(f"/jobs/{job_id}/cancel").raise_for_status()


def test_job_is_renamed_tagged_grouped_noted_and_hidden(client: httpx.Client) -> None:
    job_id = new_external(client)
    wanted = {
        "job_name": "new", "tags": ["a", "b"], "group": "g", "notes": "# why\n*that*",
        "is_hidden": True,
    }  # fmt: skip
    for name, value in wanted.items():
        job = client.patch(f"/jobs/{job_id}", json={name: value}).raise_for_status().json()
        assert job[name] == value
    shown = client.get(f"/jobs/{job_id}").json()["job"]
    assert {name: shown[name] for name in wanted} == wanted
    gone = {"tags": None, "group": None, "notes": None, "is_hidden": False}
    job = client.patch(f"/jobs/{job_id}", json=gone).json()
    assert [job[name] for name in gone] == [[], None, None, False]
    assert client.patch(f"/jobs/{job_id}", json={}).json()["job_name"] == "new"


@pytest.mark.parametrize(
    "body",
    [[], None, {"status": "completed"}, {"job_name": None}, {"job_name": ""}, {"job_name": "a\nb"},
     {"is_hidden": 1}, {"is_hidden": None}, {"tags": "x"}, {"tags": [None]}, {"group": 7},
     {"notes": "x" * 100_001}, {"notes": "\ud800"}, {"config": {}}],
)  # fmt: skip
def test_change_of_another_shape_is_refused(client: httpx.Client, body: Any) -> None:
    job_id = new_external(client)
    assert detail(client.patch(f"/jobs/{job_id}", content=json.dumps(body)), 422)
    assert client.get(f"/jobs/{job_id}").json()["job"]["job_name"] == "VHF"


def test_recent_metrics_join_what_came_in_several_calls(client: httpx.Client) -> None:
    job_id = new_external(client)
    for epoch in range(1, 13):
        client.post(f"/jobs/{job_id}/metrics", json={"epoch": epoch, "a": epoch})
        client.post(f"/jobs/{job_id}/metrics", json={"epoch": epoch, "b": -epoch})
    recent = client.get(f"/jobs/{job_id}").json()["recent_metrics"]
    assert [(row["epoch"], row["a"], row["b"]) for row in recent] == [
        (epoch, epoch, -epoch) for epoch in range(3, 13)
    ]


NASTY = [
    b"", b"{", b"null", b"[]", b"7", b'"x"', b"NaN", b"true", b"[[]]", b'{"": null}', b"\xff",
    b'{"job_name": "\\ud800"}', b"[" * 5000, b'{"epoch": NaN}', b'[{"epoch": 1e400}]',
    b'{"epoch": ' + b"9" * 400 + b"}", b'{"status": {}}', b'{"message": "x", "epoch": NaN}',
    b'{"\\ud800": 1}', b'{"job_name": "x", "config": {"seed": ' + b"9" * 400 + b"}}",
]  # fmt: skip


@pytest.mark.parametrize("content", NASTY)
def test_every_route_refuses_nasty_bodies_as_documented(
    web: Web, client: httpx.Client, content: bytes
) -> None:
    job_id = new_external(client)
    document = httpx.get(web.url + "/openapi.json").json()
    for path, routes in document["paths"].items():
        for method, route in routes.items():
            if "requestBody" not in route or not path.startswith("/api/v1/training/"):
                continue
            address = web.url + path.replace("{job_id}", job_id)
            answer = httpx.request(method, address, content=content)
            assert answer.status_code < 500, (method, path, answer.text)
            assert str(answer.status_code) in route["responses"], (method, path, answer.status_code)
            assert answer.status_code < 300 or answer.json()["detail"]


def test_openapi_leads_nowhere_astray(web: Web) -> None:
    document = httpx.get(web.url + "/openapi.json").json()

    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            inner = [found for value in part.values() for found in references(value)]
            return [*inner, part["$ref"]] if isinstance(part.get("$ref"), str) else inner
        return (
            [found for value in part for found in references(value)]
            if isinstance(part, list)
            else []
        )

    for reference in references(document):
        place = document
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]


def test_openapi_and_its_page_describe_the_calls(web: Web) -> None:
    paths = httpx.get(web.url + "/openapi.json").json()["paths"]
    assert {"/api/v1/training/jobs", "/api/v1/training/jobs/{job_id}/metrics", "/health"} <= set(
        paths
    )
    assert "swagger" in httpx.get(web.url + "/docs").text.lower()


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/nothing", "/api/v1/training", "/ws/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_path_under_api_is_a_404_in_json(web: Web, path: str, method: str) -> None:
    assert detail(httpx.request(method, web.url + path), 404)


def test_wrong_method_is_refused_in_json(web: Web) -> None:
    assert detail(httpx.put(web.api + "/jobs"), 405)


def test_config_of_many_values_within_its_megabyte_is_kept(client: httpx.Client) -> None:
    many = {"numbers": [n % 10 for n in range(250_000)], "text": "," * 100_000}
    answer = create(client, external=True, config=many)
    assert answer.status_code == 201, answer.text[:200]
    kept = client.get(f"/jobs/{answer.json()['id']}").json()["job"]["config"]
    assert kept["numbers"] == many["numbers"]
