"""REST for charts: each metric thinned by itself, exactly where it is not."""

import httpx
import numpy as np
import pytest

from heimdall_dash.api.series import thinned
from tests.test_framed import new_job


def post(client: httpx.Client, job_id: str, content: str) -> None:
    client.post(f"/jobs/{job_id}/metrics", content=content).raise_for_status()


def test_each_metric_has_rows_of_its_own(client: httpx.Client) -> None:
    job_id = new_job(client)
    post(
        client,
        job_id,
        '[{"epoch": 1, "a": 1.5}, {"epoch": 2, "b": [1, 2]}, {"epoch": 4, "a": NaN}]',
    )
    post(client, job_id, '[{"epoch": 3, "a": 2.5, "x, y": 1}]')
    query = {"metrics": ["a", "b", "x, y", "nobody"]}
    found = client.get(f"/jobs/{job_id}/series", params=query).raise_for_status().json()
    series = found["series"]
    assert (series["a"]["epoch"], series["a"]["value"], series["a"]["total"]) == (
        [1, 3],
        [1.5, 2.5],
        3,
    )
    assert (series["b"]["epoch"], series["b"]["value"]) == ([2], [[1, 2]])
    assert series["x, y"]["epoch"] == [3]
    assert series["nobody"] == {"epoch": [], "value": [], "timestamp": [], "total": 0}
    assert found["not_finite"] == {"a": {"4": "nan"}}
    assert (found["total"], found["cursor"]) == (4, "4-2")
    assert all(time.endswith("Z") for time in series["a"]["timestamp"])
    names = client.get(f"/jobs/{job_id}").json()["metric_names"]
    assert names == ["a", "b", "x, y"]


def test_thinning_of_one_metric_does_not_depend_on_others(client: httpx.Client) -> None:
    job_id = new_job(client)
    rows = [{"epoch": e, "a": float(e % 97), "b": 1 / (e + 1)} for e in range(1, 2001)]
    rows[777]["a"] = 1e9
    client.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()
    url = f"/jobs/{job_id}/series"
    both = client.get(url, params={"metrics": ["a", "b"], "points": 100}).json()["series"]
    alone = client.get(url, params={"metrics": ["a"], "points": 100}).json()["series"]
    assert both["a"] == alone["a"]
    assert 1e9 in both["a"]["value"]
    assert (both["a"]["epoch"][0], both["a"]["epoch"][-1], both["a"]["total"]) == (1, 2000, 2000)
    assert len(both["a"]["epoch"]) <= 100
    near = client.get(url, params={"metrics": ["b"], "points": 100, "after": 499, "before": 560})
    exact = near.json()["series"]["b"]
    assert exact["epoch"] == list(range(500, 560))
    assert exact["value"] == [row["b"] for row in rows[499:559]]


@pytest.mark.parametrize("points", [2, 3, 4, 7, 100, 1000])
def test_thinning_keeps_ends_and_the_extremes_of_each_stretch(points: int) -> None:
    values = np.random.default_rng(7).normal(size=10_000)
    kept = thinned(values, points)
    assert len(kept) <= points
    assert (kept[0], kept[-1]) == (0, 9999)
    assert np.all(np.diff(kept) > 0)
    if points >= 4:
        assert {values.argmin(), values.argmax()} <= set(kept.tolist())
    assert thinned(values, None).tolist() == list(range(10_000))


def test_each_value_of_a_thinned_metric_comes_with_the_mean_of_its_stretch(
    client: httpx.Client,
) -> None:
    job_id = new_job(client)
    # nine in ten are 0, the rest 10: the middle of the extremes is 5, the mean is 1
    rows = [{"epoch": e, "a": 10.0 * (e % 10 == 3), "b": [1, 2]} for e in range(4000)]
    client.post(f"/jobs/{job_id}/metrics", json=rows).raise_for_status()
    url = f"/jobs/{job_id}/series"
    query = {"metrics": ["a", "b"], "points": 400}
    series = client.get(url, params=query).raise_for_status().json()["series"]
    assert set(series["a"]["value"]) == {0.0, 10.0}
    assert series["a"]["mean"] == [1.0] * len(series["a"]["value"])
    assert "mean" not in series["b"]
    near = client.get(url, params=query | {"after": 100, "before": 300}).json()["series"]["a"]
    assert (len(near["value"]), "mean" in near) == (199, False)


def test_request_for_too_much_is_refused(client: httpx.Client) -> None:
    job_id = new_job(client)
    assert client.get(f"/jobs/{job_id}/series").status_code == 422
    query = {"metrics": [str(n) for n in range(1001)]}
    assert client.get(f"/jobs/{job_id}/series", params=query).status_code == 422
    assert client.get("/jobs/nobody/series", params={"metrics": "a"}).status_code == 404
