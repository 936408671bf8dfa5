"""REST for epochs: appended once, read as columns or CSV, thinned without losing extremes."""

import csv
import io
import json
from typing import Any

import httpx
import pytest

from tests.test_jobs_api import detail, new_external


def post(client: httpx.Client, job_id: str, body: Any) -> httpx.Response:
    return client.post(f"/jobs/{job_id}/metrics", content=json.dumps(body))


def read(client: httpx.Client, job_id: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/jobs/{job_id}/metrics", params=query)
    answer.raise_for_status()
    return dict(answer.json())


def test_posted_epochs_are_read_back_as_columns(client: httpx.Client) -> None:
    job_id = new_external(client)
    assert post(client, job_id, {"epoch": 0, "train_loss": 0.125}).json() == {
        "accepted": 1, "duplicates": 0,
    }  # fmt: skip
    rows = [{"epoch": 1, "train_loss": 0.1, "val_loss": 0.3}, {"epoch": 4, "val_loss": None}]
    assert post(client, job_id, rows).json() == {"accepted": 2, "duplicates": 0}
    answer = read(client, job_id)
    assert (answer["cursor"], answer["total"], answer["returned"]) == (4, 3, 3)
    assert answer["columns"]["epoch"] == [0, 1, 4]
    assert answer["columns"]["train_loss"] == [0.125, 0.1, None]
    assert answer["columns"]["val_loss"] == [None, 0.3, None]


def test_values_survive_to_the_last_bit(client: httpx.Client) -> None:
    job_id = new_external(client)
    values = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 2**53 - 1, 123456789.123456789]
    rows = [{"epoch": epoch, "x": value} for epoch, value in enumerate(values)]
    post(client, job_id, rows).raise_for_status()
    assert read(client, job_id)["columns"]["x"] == values


def test_repeated_epochs_are_counted_and_keep_their_first_value(client: httpx.Client) -> None:
    job_id = new_external(client)
    post(client, job_id, [{"epoch": 1, "x": 1}, {"epoch": 2, "x": 2}]).raise_for_status()
    again = post(client, job_id, [{"epoch": 2, "x": 99}, {"epoch": 3, "x": 3}])
    assert again.json() == {"accepted": 1, "duplicates": 1}
    assert read(client, job_id)["columns"]["x"] == [1, 2, 3]


def test_list_in_any_order_is_stored_in_order(client: httpx.Client) -> None:
    job_id = new_external(client)
    post(client, job_id, [{"epoch": e} for e in (3, 1, 2, 2)]).raise_for_status()
    assert read(client, job_id)["columns"]["epoch"] == [1, 2, 3]


def test_epoch_that_comes_too_late_is_an_error_and_not_called_a_duplicate(
    client: httpx.Client,
) -> None:
    job_id = new_external(client)
    post(client, job_id, [{"epoch": 1}, {"epoch": 5}]).raise_for_status()
    assert "epoch 3 comes after epoch 5" in detail(post(client, job_id, {"epoch": 3}), 422)


@pytest.mark.parametrize(
    "row",
    [
        {}, {"epoch": -1}, {"epoch": 1.5}, {"epoch": "1"}, {"epoch": None}, {"epoch": True}, 7,
        {"epoch": 2, "x": "high"}, {"epoch": 2, "x": {"a": 1}}, {"epoch": 2, "a b": 1},
        {"epoch": 2, "x": [0] * 300}, {"epoch": 2**60}, {"epoch": 2, "timestamp": "yesterday"},
        {"epoch": 2, "timestamp": "2026-01-01T00:00:00"},
        {"epoch": 2, "timestamp": "0001-01-01T00:00:00+14:00"}, {"epoch": 2, "=cmd()": 1},
    ],
)  # fmt: skip
def test_one_wrong_row_is_named_and_nothing_of_its_list_is_stored(
    client: httpx.Client, row: Any
) -> None:
    job_id = new_external(client)
    assert "item 1" in detail(post(client, job_id, [{"epoch": 1, "x": 1}, row]), 422)
    assert read(client, job_id)["total"] == 0


def test_not_finite_values_become_null_and_are_named(client: httpx.Client) -> None:
    job_id = new_external(client)
    body = '[{"epoch": 1, "a": NaN, "b": Infinity, "c": [1, -Infinity], "d": 1e999, "e": 1}]'
    client.post(f"/jobs/{job_id}/metrics", content=body).raise_for_status()
    answer = client.get(f"/jobs/{job_id}/metrics")
    columns = json.loads(answer.text, parse_constant=pytest.fail)["columns"]
    assert [columns[name][0] for name in "abcde"] == [None, None, [1, None], None, 1]
    (note,) = client.get(f"/jobs/{job_id}").json()["notes"]
    assert all(name in note["message"] for name in "abcd")


def test_epochs_of_a_finished_job_are_refused(client: httpx.Client) -> None:
    job_id = new_external(client)
    client.post(f"/jobs/{job_id}/status", json={"status": "completed"}).raise_for_status()
    assert "completed" in detail(post(client, job_id, {"epoch": 1}), 409)


def test_too_many_epochs_or_bytes_are_a_413(client: httpx.Client) -> None:
    job_id = new_external(client)
    assert detail(post(client, job_id, [{"epoch": e} for e in range(10_001)]), 413)
    assert detail(client.post(f"/jobs/{job_id}/metrics", content=b" " * (16 * 2**20 + 1)), 413)
    chunks = (b" " * 2**20 for _ in range(17))
    assert detail(client.post(f"/jobs/{job_id}/metrics", content=chunks), 413)


def test_bounds_are_exclusive_and_metrics_can_be_chosen(client: httpx.Client) -> None:
    job_id = new_external(client)
    post(client, job_id, [{"epoch": e, "x": e, "y": -e} for e in range(10)]).raise_for_status()
    answer = read(client, job_id, after=3, before=7, metrics="y,nobody_logged_this")
    assert answer["columns"] == {
        "epoch": [4, 5, 6], "y": [-4, -5, -6], "nobody_logged_this": [None, None, None],
    }  # fmt: skip
    assert read(client, job_id, after=9)["cursor"] == 9
    assert read(client, job_id, after=9)["columns"]["epoch"] == []


def test_empty_job_has_no_epochs_and_the_cursor_before_the_first(client: httpx.Client) -> None:
    answer = read(client, new_external(client))
    assert (answer["cursor"], answer["total"], answer["columns"]["epoch"]) == (-1, 0, [])


@pytest.mark.parametrize("query", ["after=x", "points=1", "points=x", "format=xml", "metrics=a b"])
def test_impossible_query_is_refused(client: httpx.Client, query: str) -> None:
    assert detail(client.get(f"/jobs/{new_external(client)}/metrics?{query}"), 422)


def test_thinned_history_keeps_first_last_minima_and_maxima(client: httpx.Client) -> None:
    job_id = new_external(client)
    rows = [{"epoch": e, "x": float(e % 7), "y": 1.0} for e in range(1, 3001)]
    rows[1234]["x"], rows[2345]["x"], rows[777]["y"] = 1e6, -1e6, 2.0
    for row in rows:
        row["curve"] = [0.5, 0.1]
    rows[555]["curve"] = [0.5, 9.0]
    post(client, job_id, rows).raise_for_status()
    answer = read(client, job_id, points=100)
    columns = answer["columns"]
    assert (answer["total"], answer["returned"]) == (3000, len(columns["epoch"]))
    assert len(columns["epoch"]) <= 100
    assert (columns["epoch"][0], columns["epoch"][-1]) == (1, 3000)
    assert (max(columns["x"]), min(columns["x"]), max(columns["y"])) == (1e6, -1e6, 2.0)
    assert max(max(values) for values in columns["curve"]) == 9.0
    assert {len(column) for column in columns.values()} == {len(columns["epoch"])}


def test_csv_has_one_row_per_epoch_and_cells_that_no_spreadsheet_runs(
    client: httpx.Client,
) -> None:
    job_id = new_external(client)
    rows = [{"epoch": e, "val/loss": -0.5 * e, "curve": [0.1, e]} for e in range(3)]
    rows[1]["val/loss"] = None
    post(client, job_id, rows).raise_for_status()
    answer = client.get(f"/jobs/{job_id}/metrics", params={"format": "csv"})
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert [line["epoch"] for line in table] == ["0", "1", "2"]
    assert [line["val/loss"] for line in table] == ["-0.0", "", "-1.0"]
    cells = [cell for line in table for cell in line.values()] + list(table[0])
    for cell in cells:
        assert cell == "" or (cell[0] not in "=+@\t\r" and (cell[0] != "-" or float(cell) <= 0))


def test_csv_of_a_hostile_job_name_has_a_harmless_file_name(client: httpx.Client) -> None:
    answer = client.post("/jobs", json={"job_name": '../"x"; rm -rf', "external": True})
    job_id = answer.json()["id"]
    header = client.get(f"/jobs/{job_id}/metrics?format=csv").headers["content-disposition"]
    assert header == 'attachment; filename="x-rm--rf-metrics.csv"'
