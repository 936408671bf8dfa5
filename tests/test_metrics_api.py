"""REST for epochs: appended once, read as columns or CSV, thinned without losing extremes."""

import csv
import io
import json
import resource
from typing import Any

import httpx
import pytest

from heimdall_dash.api import csv_rows, json_columns, metrics
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
    assert (answer["cursor"], answer["total"], answer["returned"]) == ("4-1", 3, 3)
    assert answer["columns"]["epoch"] == [0, 1, 4]
    assert answer["columns"]["train_loss"] == [0.125, 0.1, None]
    assert answer["columns"]["val_loss"] == [None, 0.3, None]


def test_values_survive_to_the_last_bit(client: httpx.Client) -> None:
    job_id = new_external(client)
    values = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 2**53 - 1, 123456789.123456789]
    rows = [{"epoch": epoch, "x": value} for epoch, value in enumerate(values)]
    post(client, job_id, rows).raise_for_status()
    assert read(client, job_id)["columns"]["x"] == values


def test_writes_for_one_epoch_join_and_equal_ones_are_duplicates(client: httpx.Client) -> None:
    job_id = new_external(client)
    post(client, job_id, [{"epoch": 1, "x": 1}, {"epoch": 2, "x": 2}]).raise_for_status()
    again = post(client, job_id, [{"epoch": 2, "x": 2}, {"epoch": 2, "y": 9}, {"epoch": 3, "x": 3}])
    assert again.json() == {"accepted": 2, "duplicates": 1}
    answer = read(client, job_id)
    assert answer["cursor"] == "3-1"
    assert answer["columns"]["x"] == [1, 2, 3]
    assert answer["columns"]["y"] == [None, 9, None]
    assert "not_finite" not in answer


def test_another_value_replaces_the_earlier_one(client: httpx.Client) -> None:
    job_id = new_external(client)
    post(client, job_id, [{"epoch": 1, "x": 1}, {"epoch": 2, "x": 2}]).raise_for_status()
    assert post(client, job_id, {"epoch": 1, "x": 5}).json() == {"accepted": 1, "duplicates": 0}
    answer = read(client, job_id)
    assert (answer["cursor"], answer["columns"]["x"]) == ("2-2", [5, 2])
    (note,) = client.get(f"/jobs/{job_id}").json()["notes"]
    assert "epoch 1" in note["message"]
    assert "x" in note["message"]


def test_epochs_come_in_any_order_and_are_read_in_theirs(client: httpx.Client) -> None:
    job_id = new_external(client)
    rows = [
        {"epoch": 3.0, "x": 3},
        {"epoch": 1, "x": 1},
        {"epoch": 2, "x": 0},
        {"epoch": 2, "x": 2},
    ]
    assert post(client, job_id, rows).json() == {"accepted": 4, "duplicates": 0}
    answer = read(client, job_id)
    assert (answer["columns"]["epoch"], answer["columns"]["x"]) == ([1, 2, 3], [1, 2, 3])
    assert answer["cursor"] == "3-4"


def test_names_are_kept_as_they_are_and_objects_are_flattened(client: httpx.Client) -> None:
    job_id = new_external(client)
    row = {
        "epoch": 1, "val/mAP50(B)": 0.5, "mAP@0.5": 1, "σ": 2, "a, b": 3, "=cmd()": 4,
        "__proto__": 5, "grad": {"norm": 6, "by": {"layer 2": True}}, "loss[0]": [1, 2],
    }  # fmt: skip
    post(client, job_id, row).raise_for_status()
    columns = read(client, job_id)["columns"]
    del row["grad"]
    row |= {"grad/norm": 6, "grad/by/layer 2": 1}
    assert {name: column[0] for name, column in columns.items() if name != "timestamp"} == row


@pytest.mark.parametrize(
    "row",
    [
        {}, {"epoch": -1}, {"epoch": 1.5}, {"epoch": "1"}, {"epoch": None}, {"epoch": True}, 7,
        {"epoch": 2, "x": "high"}, {"epoch": 2, "x": {"a": "1"}}, {"epoch": 2, "a\nb": 1},
        {"epoch": 2, "x" * 201: 1}, {"epoch": 2, "": 1}, {"epoch": 2, "x": [[1]]},
        {"epoch": 2, "x": [0] * 300}, {"epoch": 2**60}, {"epoch": 2, "timestamp": "yesterday"},
        {"epoch": 2, "timestamp": "2026-01-01T00:00:00"},
        {"epoch": 2, "timestamp": "0001-01-01T00:00:00+14:00"},
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
    text = client.get(f"/jobs/{job_id}/metrics").text
    answer = json.loads(text, parse_constant=pytest.fail)
    assert [answer["columns"][name][0] for name in "abcde"] == [None, None, [1, None], None, 1]
    kinds = {"a": "nan", "b": "inf", "c": "-inf", "d": "inf"}
    assert answer["not_finite"] == {name: {"1": kind} for name, kind in kinds.items()}
    few = read(client, job_id, metrics="a,e", after=0)
    assert few["not_finite"] == {"a": {"1": "nan"}}
    assert "not_finite" not in read(client, job_id, after=1)
    (note,) = client.get(f"/jobs/{job_id}").json()["notes"]
    assert all(name in note["message"] for name in "abcd")
    post(client, job_id, {"epoch": 1, "a": 0.5}).raise_for_status()
    assert "a" not in read(client, job_id)["not_finite"]


def test_one_request_leaves_one_note_of_what_was_not_finite(client: httpx.Client) -> None:
    job_id = new_external(client)
    body = [{"epoch": epoch, "a": float("nan")} for epoch in range(300)]
    post(client, job_id, body).raise_for_status()
    (note,) = client.get(f"/jobs/{job_id}").json()["notes"]
    assert "299 further rows" in note["message"]


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
    assert read(client, job_id, after=9)["cursor"] == "9-1"
    assert read(client, job_id, after=9)["columns"]["epoch"] == []


def test_empty_job_has_no_epochs_and_the_cursor_before_the_first(client: httpx.Client) -> None:
    answer = read(client, new_external(client))
    assert (answer["cursor"], answer["total"], answer["columns"]["epoch"]) == ("0-0", 0, [])


@pytest.mark.parametrize(
    "query", ["after=x", "points=1", "points=x", "format=xml", "metrics=a%0Ab", "cursor=x"]
)
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


def test_thinning_with_chosen_metrics_looks_at_these_alone(client: httpx.Client) -> None:
    job_id = new_external(client)
    rows = [
        {"epoch": e, "x": 0.0, **{f"m{k}": float(k * e % 7) for k in range(30)}} for e in range(500)
    ]
    rows[77]["x"], rows[277]["x"] = 5.0, -5.0
    post(client, job_id, rows).raise_for_status()
    answer = read(client, job_id, points=6, metrics="x")
    assert (answer["total"], answer["returned"]) == (500, 6)
    assert {77, 277} <= set(answer["columns"]["epoch"])


def test_metrics_with_commas_are_chosen_by_their_exact_names(client: httpx.Client) -> None:
    job_id = new_external(client)
    post(client, job_id, {"epoch": 1, "a,b": 1, "a": 2, "b": 3, " c": 4}).raise_for_status()
    path = f"/jobs/{job_id}/metrics"

    def chosen(*names: str) -> dict[str, Any]:
        columns = client.get(path, params=[("metrics", name) for name in names]).json()["columns"]
        return {name: column[0] for name, column in columns.items() if name != "epoch"}

    assert chosen("a,b") == {"a,b": 1}
    assert chosen("a,b", "b") == {"a,b": 1, "b": 3}
    assert chosen("b, a") == {"b": 3, "a": 2}
    assert chosen(" c") == {" c": 4}
    assert chosen("b,a", "a") == {"b,a": None, "a": 2}
    many = client.get(path, params=[("metrics", f"m{k}") for k in range(1001)])
    assert "1000 names" in detail(many, 422)


def test_read_is_bounded_by_what_it_returns(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "MAX_PLACES", 1_000)
    monkeypatch.setattr(csv_rows, "CHUNK_CELLS", 70)
    job_id = new_external(client)
    rows = [{"epoch": e, f"m{e}": 1.5} for e in range(50)]
    post(client, job_id, rows).raise_for_status()
    refused = detail(client.get(f"/jobs/{job_id}/metrics"), 413)
    assert "metrics=" in refused
    assert "points=" in refused
    assert read(client, job_id, points=10)["returned"] == 10
    assert read(client, job_id, metrics="m3,m4")["returned"] == 50
    text = client.get(f"/jobs/{job_id}/metrics?format=csv").text
    table = list(csv.DictReader(io.StringIO(text)))
    assert [line["epoch"] for line in table] == [str(e) for e in range(50)]
    assert all(line[f"m{e}"] == "1.5" for e, line in enumerate(table))
    assert sum(cell != "" for line in table for cell in line.values()) == 150


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
def test_large_history_comes_by_way_of_a_file_and_is_the_same(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    job_id = new_external(client)
    rows: list[dict[str, Any]] = [
        {"epoch": e, "x": e / 7, "n": e, f"m{e % 3}": [e, 0.5]} for e in range(1000)
    ]
    rows[777]["x"] = None
    body = json.dumps(rows).replace("null", "NaN")
    client.post(f"/jobs/{job_id}/metrics", content=body).raise_for_status()
    path, head = f"/jobs/{job_id}/metrics", {"Accept-Encoding": encoding}
    expected = client.get(path).content
    assert json.loads(expected)["not_finite"] == {"x": {"777": "nan"}}
    monkeypatch.setattr(json_columns, "SMALL_BYTES", 1_000)
    monkeypatch.setattr(json_columns, "PIECE_ROWS", 7)
    monkeypatch.setattr(json_columns, "CHUNK_BYTES", 3_000)
    assert client.get(path, headers=head).content == expected
    few = read(client, job_id, points=100, metrics="x,n")
    assert few["columns"]["n"] == few["columns"]["epoch"]
    with client.stream("GET", path, headers=head) as answer:
        next(answer.iter_raw())  # and no more: the server lets go of the file


def test_history_that_the_disk_has_no_room_for_is_refused_by_name(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was a 500. RLIMIT_FSIZE cuts a write in the middle, as a full disk does."""
    job_id = new_external(client)
    post(client, job_id, [{"epoch": e, "x": e / 7, "y": e / 3} for e in range(5_000)])
    expected = client.get(f"/jobs/{job_id}/metrics").content
    monkeypatch.setattr(json_columns, "SMALL_BYTES", 1_000)
    no_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64_000, no_limit[1]))
    try:
        refused = detail(client.get(f"/jobs/{job_id}/metrics"), 507)
        few = read(client, job_id, points=2)
        text = client.get(f"/jobs/{job_id}/metrics?format=csv").text
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, no_limit)
    assert "metrics=" in refused
    assert "format=csv" in refused
    assert few["columns"]["epoch"] == [0, 4_999]
    assert len(text.splitlines()) == 5_001
    assert client.get(f"/jobs/{job_id}/metrics").content == expected


def test_what_was_written_after_a_cursor_comes_as_frames_have_it(client: httpx.Client) -> None:
    job_id = new_external(client)
    post(client, job_id, [{"epoch": e, "x": e} for e in range(5)]).raise_for_status()
    first = read(client, job_id)
    stand = {"cursor": first["cursor"], "stream": first["stream"], "points": 2}
    unchanged = read(client, job_id, **stand)
    assert (unchanged["after"], unchanged["cursor"]) == ("4-1", "4-1")
    assert unchanged["columns"] == {"epoch": []}
    post(client, job_id, [{"epoch": 2, "y": float("nan")}, {"epoch": 7, "x": 7}]).raise_for_status()
    newer = read(client, job_id, **stand)
    assert (newer["after"], newer["cursor"]) == ("4-1", "7-1")
    assert newer["columns"]["epoch"] == [2, 7]
    assert newer["columns"]["x"] == [None, 7]
    assert newer["not_finite"] == {"y": {"2": "nan"}}
    assert "after" not in read(client, job_id, **{**stand, "cursor": "99-1"})
    other = read(client, job_id, **{**stand, "stream": "another"})
    assert "after" not in other
    assert other["columns"]["epoch"] == [0, 7]


def test_csv_has_one_row_per_epoch_and_cells_that_no_spreadsheet_runs(
    client: httpx.Client,
) -> None:
    job_id = new_external(client)
    rows: list[dict[str, Any]] = [
        {"epoch": e, "val/loss": -0.5 * e, "curve": [0.1, e], "=cmd()": 1, "-x": 2, "'quoted": 3,
         "@sum": 4, " +y": 5, 'say "a", b': 6}
        for e in range(3)
    ]  # fmt: skip
    rows[1]["val/loss"], rows[2]["curve"] = None, [float("nan")]
    rows += [{"epoch": 3, "val/loss": float("nan")}, {"epoch": 4, "val/loss": float("-inf")}]
    post(client, job_id, rows).raise_for_status()
    answer = client.get(f"/jobs/{job_id}/metrics", params={"format": "csv"})
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert [line["epoch"] for line in table] == ["0", "1", "2", "3", "4"]
    assert [line["val/loss"] for line in table] == ["-0.0", "", "-1.0", "NaN", "-Infinity"]
    assert list(table[0])[4:] == ["'=cmd()", "'-x", "''quoted", "'@sum", "' +y", 'say "a", b']
    cells = [cell for line in table for cell in line.values()] + list(table[0])
    for cell in cells:
        assert cell == "" or (cell[0] not in "=+@\t\r" and (cell[0] != "-" or float(cell) <= 0))
    few = client.get(f"/jobs/{job_id}/metrics?format=csv&points=2&metrics=val/loss").text
    assert few.splitlines() == ["epoch,val/loss", "0,-0.0", "4,-Infinity"]


def test_csv_of_a_hostile_job_name_has_a_harmless_file_name(client: httpx.Client) -> None:
    answer = client.post("/jobs", json={"job_name": '../"x"; rm -rf', "external": True})
    job_id = answer.json()["id"]
    header = client.get(f"/jobs/{job_id}/metrics?format=csv").headers["content-disposition"]
    assert header == 'attachment; filename="x-rm--rf-metrics.csv"'


def test_history_that_is_too_large_says_so_at_once(client: httpx.Client) -> None:
    made = client.post("jobs", json={"job_name": "large", "external": True}).json()["id"]
    client.post(f"jobs/{made}/metrics", json=[{"epoch": e, "a": e, "b": e} for e in range(50)])
    whole = client.get(f"jobs/{made}/metrics", params={"most_cells": 100}).json()
    assert whole["columns"]["a"] == list(range(50))
    large = client.get(f"jobs/{made}/metrics", params={"most_cells": 99}).json()
    assert large == {"job_id": made, "total": 50, "returned": 0, "columns": None}
    long = client.get(f"jobs/{made}/metrics", params={"most_epochs": 49}).json()
    assert long == large


def test_metrics_of_several_jobs_are_one_csv(client: httpx.Client) -> None:
    names = ['"quoted", =risky\nname', "=1+1"]
    made = [
        client.post("jobs", json={"job_name": name.replace("\n", " "), "external": True}).json()
        for name in names
    ]
    first, second = (str(job["id"]) for job in made)
    client.post(f"jobs/{first}/metrics", content='[{"epoch": 2, "a": 0.1}, {"epoch": 3, "a": NaN}]')
    for start in range(0, 70_000, 10_000):
        more = [{"epoch": e, "a, b": e} for e in range(start, start + 10_000)]
        client.post(f"jobs/{second}/metrics", json=more).raise_for_status()
    query = {"jobs": [first, second], "metrics": ["a", "a, b"]}
    answer = client.get("metrics.csv", params=query).raise_for_status()
    assert answer.headers["content-disposition"] == "attachment"  # a page's link names the file
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0]) == ["run", "run_id", "epoch", "timestamp", "a", "a, b"]
    assert [(row["epoch"], row["a"], row["a, b"]) for row in rows[:3]] == [
        ("2", "0.1", ""), ("3", "NaN", ""), ("0", "", "0"),
    ]  # fmt: skip
    assert (rows[0]["run"], rows[2]["run"]) == (made[0]["job_name"], "'=1+1")
    assert (rows[2]["run_id"], len(rows), rows[-1]["epoch"]) == (second, 70_002, "69999")
    assert client.get("metrics.csv", params=query | {"jobs": "nobody"}).status_code == 404
    assert client.get("metrics.csv", params={"jobs": first}).status_code == 422
