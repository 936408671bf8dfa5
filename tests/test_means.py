"""Means over runs: compared with the plainest possible way to make them."""

import math
from collections import defaultdict
from statistics import fmean, pstdev

import httpx
import pytest

from tests.test_framed import new_job


def filled(client: httpx.Client, rows: list[dict[str, float]]) -> str:
    job_id = new_job(client)
    client.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()
    return job_id


def means(client: httpx.Client, jobs: list[str], metric: str, **query: object) -> dict[str, list]:
    asked = {"jobs": jobs, "metrics": [metric], **query}
    answer = client.get("/means", params=asked).raise_for_status().json()  # type: ignore[arg-type]
    found: dict[str, list] = answer["series"][metric]
    return found


def wave(run: int, epoch: int) -> float:
    return math.sin(epoch * (run + 1)) + run + 1e6 * (epoch == 777)


def test_means_are_of_every_value_of_long_runs_and_keep_their_extremes(
    client: httpx.Client,
) -> None:
    every = [range(1, 5001), range(1, 5001), range(2, 5001, 2)]
    jobs = [
        filled(client, [{"epoch": e, "a": wave(run, e)} for e in epochs])
        for run, epochs in enumerate(every)
    ]
    there = defaultdict(list)
    for run, epochs in enumerate(every):
        for epoch in epochs:
            there[epoch].append(wave(run, epoch))
    found = means(client, jobs, "a", points=300)
    assert (found["total"], found["place"][0], found["place"][-1]) == (5000, 1, 5000)
    assert len(found["place"]) <= 900
    assert 777 in found["place"]
    assert found["count"] == [len(there[e]) for e in found["place"]]
    assert found["mean"] == pytest.approx([fmean(there[e]) for e in found["place"]])
    assert found["low"] == [min(there[e]) for e in found["place"]]
    assert found["high"] == [max(there[e]) for e in found["place"]]
    near = means(client, jobs, "a", points=300, low=100, high=200, band="sd")
    assert near["place"] == list(range(100, 201))
    spread = [pstdev(there[e]) for e in near["place"]]
    assert near["high"] == pytest.approx([m + s for m, s in zip(near["mean"], spread, strict=True)])


def timed(client: httpx.Client, start_s: int, step_s: float, values: list[float]) -> str:
    """A run whose epochs have these times."""
    rows = [
        {"epoch": i, "a": value, "timestamp": f"2026-03-01T{stamp(start_s + i * step_s)}Z"}
        for i, value in enumerate(values)
    ]
    return filled(client, rows)  # type: ignore[arg-type]


def stamp(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{int(seconds % 1 * 1000):03}"


def test_means_over_time_are_of_runs_at_their_own_pace(client: httpx.Client) -> None:
    # two straight lines of value = seconds, one with an epoch a second, one with one in four
    quick = timed(client, 60, 1, [float(i) for i in range(101)])
    slow = timed(client, 3600, 4, [4.0 * i for i in range(51)])
    found = means(client, [quick, slow], "a", x="relative")
    assert found["place"] == sorted(found["place"])
    for place, mean, count in zip(found["place"], found["mean"], found["count"], strict=True):
        assert mean == pytest.approx(place, abs=2.1)  # a stretch is two seconds
        assert count == (2 if place < 99 else 1 if place > 101 else count)
    wall = means(client, [quick, slow], "a", x="wall")
    assert set(wall["count"]) == {1}
    assert wall["place"][-1] - wall["place"][0] == pytest.approx(3540e3 + 200e3, rel=0.05)
    part = means(client, [quick, slow], "a", x="relative", low=10, high=20)
    assert all(10 <= place <= 20 for place in part["place"])


def test_runs_of_different_days_keep_their_shape_on_one_axis(client: httpx.Client) -> None:
    runs = [timed(client, hour * 3600, 36, [float(i) for i in range(100)]) for hour in range(20)]
    found = means(client, runs, "a", x="wall")
    assert len(found["place"]) > 400  # not one for each run
    assert min(found["mean"]) < 10
    assert max(found["mean"]) > 90


def test_range_over_time_holds_every_value(client: httpx.Client) -> None:
    values = [float(i % 7) for i in range(5000)]
    values[1234], values[4321] = 1e9, -1e9
    found = means(client, [timed(client, 0, 1, values)], "a", x="relative", points=100)
    assert (max(found["high"]), min(found["low"])) == (1e9, -1e9)


def test_runs_without_a_value_are_not_filled_in(client: httpx.Client) -> None:
    one = filled(client, [{"epoch": 1, "a": 1.0}, {"epoch": 3, "a": 3.0}, {"epoch": 4, "b": 1.0}])
    none = filled(client, [{"epoch": 1, "b": 2.0}])
    huge = filled(client, [{"epoch": 1, "c": 1.7e308}])
    other = filled(client, [{"epoch": 1, "c": 1.7e308}])
    found = means(client, [one, none], "a")
    assert (found["place"], found["mean"], found["count"]) == ([1, 3], [1.0, 3.0], [1, 1])
    assert means(client, [one], "nobody")["place"] == []
    assert means(client, [one], "nobody", x="wall")["place"] == []
    assert means(client, [huge, other], "c")["mean"] == [1.7e308]
    assert means(client, [one, one], "a")["count"] == [1, 1]


def test_request_for_means_that_makes_no_sense_is_refused(client: httpx.Client) -> None:
    job_id = new_job(client)
    for query, code in (
        ({"jobs": [job_id]}, 422),
        ({"jobs": [job_id], "metrics": ["a"], "x": "moon"}, 422),
        ({"jobs": [job_id], "metrics": ["a"], "low": "nan"}, 422),
        ({"jobs": [job_id] * 101, "metrics": ["a"]}, 422),
        ({"jobs": [job_id], "metrics": [str(n) for n in range(61)]}, 422),
        ({"jobs": ["nobody"], "metrics": ["a"]}, 404),
    ):
        assert client.get("/means", params=query).status_code == code  # type: ignore[arg-type]
