"""Which predictions are kept, in what form, and that nothing whatever a trainer gives raises."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from heimdall_dash.errors import InvalidMetric, InvalidPrediction
from heimdall_dash.predictions import MOST_POINTS, Sampler, checked, kept
from heimdall_dash.publisher import Job

RNG = np.random.default_rng(3)


def test_one_dimension_is_kept_as_standard_deviations_whatever_the_kind_of_array() -> None:
    truth, mean, sigma = [1.0, 2.0], [1.5, 2.5], [0.1, 0.2]
    expected = kept(7, truth, mean, sigma=sigma)
    assert expected["truth"] == [[1.0], [2.0]]
    assert expected["spread"] == [[0.1], [0.2]]
    column = np.array(truth)[:, None]
    assert kept(7, column, np.array(mean), sigma=np.array(sigma)[:, None]) == expected
    frame = pd.DataFrame({"t": truth, "m": mean, "s": sigma}, index=[7, 5])
    assert kept(7.0, frame.t, frame.m, sigma=frame.s) == expected
    variances = np.array(sigma).reshape(2, 1, 1) ** 2
    assert kept(7, truth, mean, covariance=variances) == expected


def test_two_dimensions_are_kept_as_covariances_from_sigma_or_covariance() -> None:
    truth, mean = np.zeros((3, 2)), np.ones((3, 2))
    alike = kept(1, truth, mean, sigma=np.full(3, 2.0))
    assert alike["spread"] == [[4.0, 0.0, 4.0]] * 3
    assert kept(1, truth, mean, sigma=np.full((3, 2), 2.0)) == alike
    tilted = np.tile([[2.0, 1.0], [1.0, 3.0]], (3, 1, 1))
    assert kept(1, truth, mean, covariance=tilted)["spread"] == [[2.0, 1.0, 3.0]] * 3


def test_of_many_points_the_same_labels_are_kept_in_any_order_and_any_process() -> None:
    labels = [f"scene {n}" for n in range(5_000)]
    values = np.arange(5_000.0)

    def names(order: np.ndarray, sampler: Sampler | None = None) -> set[str]:
        there = [labels[i] for i in order]
        found = kept(
            1, values[order], values[order], sigma=np.ones(5_000), labels=there, sampler=sampler
        )
        assert [f"scene {int(t)}" for (t,) in found["truth"]] == found["labels"]
        return set(found["labels"])

    once, sampler = names(np.arange(5_000)), Sampler()
    assert len(once) == MOST_POINTS
    for _ in range(3):
        assert names(RNG.permutation(5_000), sampler) == once


def test_without_labels_the_same_places_are_kept_and_all_of_few() -> None:
    values = np.arange(3_000.0)
    first = kept(1, values, values, sigma=values + 1)
    assert first["truth"] == kept(2, values, values + 9, sigma=values + 1)["truth"]
    assert first["labels"] == [str(int(t)) for (t,) in first["truth"]]
    assert first["total"] == 3_000
    assert len(kept(1, values[:200], values[:200], sigma=values[:200] + 1)["truth"]) == 200


def test_points_that_cannot_be_drawn_are_left_out_alone_and_counted() -> None:
    sigma = [1.0, 0.0, -1.0, np.nan, np.inf, 1.0, 1.0]
    found = kept(1, [1.0] * 5 + [np.nan, 1e300], [1.0] * 7, sigma=sigma)
    assert found["labels"] == ["0"]
    assert found["left_out"] == 6
    no_ellipse = np.array([np.eye(2), [[1, 2], [2, 1]], [[1, 1], [1, 1]], [[1, 0.5], [0, 1]]])
    flat = kept(1, np.zeros((4, 2)), np.zeros((4, 2)), covariance=no_ellipse)
    assert flat["labels"] == ["0"]
    assert flat["left_out"] == 3


def test_numbers_keep_a_metre_in_coordinates_of_the_world_and_the_line_stays_small() -> None:
    utm = np.full((256, 2), 5_512_345.25)
    found = kept(1, utm, utm, sigma=np.full((256, 2), 1 / 3), labels=["x" * 500] * 256)
    assert abs(found["truth"][0][0] - 5_512_345.25) <= 0.01
    assert len(orjson.dumps(found)) < 64_000


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"truth": [1], "mean": [1, 2], "sigma": [1]}, "mean has 2 points, truth has 1"),
        ({"truth": [], "mean": [], "sigma": []}, "no points"),
        ({"truth": [1], "mean": [1]}, "either sigma or covariance"),
        ({"truth": [1], "mean": [1], "sigma": [1], "covariance": [1]}, "either"),
        ({"truth": [[1, 2]], "mean": [1], "sigma": [1]}, "truth has 2 dimensions, mean has 1"),
        ({"truth": [[1, 2, 3]], "mean": [[1, 2, 3]], "sigma": [1]}, "[N, 2]"),
        ({"truth": [[1, 2]], "mean": [[1, 2]], "covariance": [1]}, "[N, 2, 2]"),
        ({"truth": [1], "mean": [1], "sigma": [1], "labels": ["a", "b"]}, "labels are 2"),
        ({"truth": ["a"], "mean": [1], "sigma": [1]}, "none of 1 points"),
        ({"truth": 5, "mean": [1], "sigma": [1]}, "a list or array, got int"),
        ({"truth": [1], "mean": [1], "sigma": [1], "unit": 5}, "a unit"),
        ({"truth": [1], "mean": [1], "sigma": [1], "places": [1]}, "places"),
    ],
)
def test_what_does_not_fit_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidPrediction) as error:
        kept(1, **{"truth": None, "mean": None, **given})
    assert said in str(error.value)


def test_what_comes_over_the_wire_is_checked_by_the_same_rules() -> None:
    two = kept(
        4, np.zeros((9, 2)), np.ones((9, 2)), sigma=np.ones(9), unit="km", places={"a": (1, 2)}
    )
    for sample in (two, kept(4, [1, 2], [1, 2], sigma=[1, 2])):
        assert checked(orjson.loads(orjson.dumps(sample))) == sample
    for name, value in [
        ("epoch", -1), ("epoch", "4"), ("dimensions", 3), ("labels", ["a"]), ("truth", [[0, 0]]),
        ("spread", [[1.0, 9.0, 1.0]] * 9), ("mean", [[1]] * 9), ("total", None), ("unit", "x" * 99),
        ("labels", [5] * 9), ("places", {"a": 5, "b": []} | {str(n): [1, 2] for n in range(101)}),
    ]:  # fmt: skip
        with pytest.raises(InvalidPrediction):
            checked(two | {name: value})
    for odd in (None, [], {}, "x"):
        with pytest.raises(InvalidPrediction):
            checked(odd)


class Raises:
    def __len__(self) -> int:
        raise RuntimeError("nothing is certain")

    def __repr__(self) -> str:
        raise RuntimeError("not even this")


class RaisesLate:
    def __len__(self) -> int:
        return 3

    def __getitem__(self, place: Any) -> Any:
        raise MemoryError


ODD: list[Callable[[], Any]] = [
    lambda: None, lambda: 5, lambda: "text", lambda: b"\0", lambda: {}, lambda: {"a": 1}, list,
    lambda: [None] * 3, lambda: [[1, [2]], 3, 4], lambda: [[], [], []], lambda: [10**400] * 3,
    Raises, RaisesLate, lambda: object(), lambda: np.zeros((0, 2)), lambda: np.zeros((3, 2, 2, 2)),
    lambda: np.array(["a", "b", "c"]), lambda: np.array([1 + 2j] * 3), lambda: np.ones(3),
    lambda: np.ones((3, 2)), lambda: np.full(3, np.nan), lambda: iter([1, 2, 3]),
    lambda: pd.Series([1.0, 2.0, 3.0], index=["x", "y", "z"]), lambda: pd.DataFrame({"a": [1.0]}),
    lambda: {1, 2, 3}, lambda: np.float64(3), lambda: [True, False, True],
    lambda: np.ones((3, 3, 3)),
    lambda: ["\ud800", "b", "\n"], lambda: np.datetime64("2026-01-01"), lambda: range(3),
]  # fmt: skip


def test_nothing_that_a_trainer_gives_raises_or_ends_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    job = Job.start("odd", url="redis://127.0.0.1:1", data_dir=tmp_path, with_origin=False)
    draw = random.Random(5)
    for _ in range(2_000):
        names = ("truth", "mean", "sigma", "covariance", "labels", "unit", "places")
        given = {name: draw.choice(ODD)() for name in names}
        if draw.random() < 0.5:
            given[draw.choice(("sigma", "covariance"))] = None
        job.predictions(draw.choice([1, 2.0, -1, None, "x", float("nan")]), **given)  # type: ignore[arg-type]
    job.predictions(3, truth=np.ones(3), mean=np.ones(3), sigma=np.ones(3))
    job.log(3, x=1.0)
    lines = (job.folder / sorted(p.name for p in job.folder.glob("log-*"))[-1]).read_bytes()
    assert b'["predictions",{"epoch":3,' in lines
    assert b'"x":1.0' in lines
    for line in lines.splitlines():
        orjson.loads(line)
    assert lines.count(b'["note"') <= 3, "a trouble is named once"
    job.close(0)


def test_strict_run_raises_what_is_wrong_with_predictions(tmp_path: Path) -> None:
    job = Job.start(
        "odd", url="redis://127.0.0.1:1", data_dir=tmp_path, with_origin=False, strict=True
    )
    with pytest.raises(InvalidMetric, match="mean has 2 points"):
        job.predictions(1, truth=[1], mean=[1, 2], sigma=[1])
    with pytest.raises(InvalidMetric, match="an epoch is a whole number"):
        job.predictions(-1, truth=[1], mean=[1], sigma=[1])
    job.close(0)
