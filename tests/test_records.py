"""What every part agrees on: epochs, metric names and values, columns."""

import math

import numpy as np
import pytest
import torch

from heimdall_dash.errors import InvalidMetric
from heimdall_dash.records import MAX_EPOCH, clean_row, to_columns


@pytest.mark.parametrize("epoch", [0, 7, np.int64(7), torch.tensor(7), MAX_EPOCH])
def test_epoch_may_be_any_integer_from_zero(epoch: object) -> None:
    row, _ = clean_row(epoch, {})
    assert type(row["epoch"]) is int
    assert row["epoch"] == int(epoch)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "epoch", [-1, 1.0, "7", True, None, MAX_EPOCH + 1, float("nan"), [7], np.float64(7)]
)
def test_epoch_of_another_kind_is_refused_by_name(epoch: object) -> None:
    with pytest.raises(InvalidMetric, match="epoch must be"):
        clean_row(epoch, {})


@pytest.mark.parametrize("value", [0.5, 3, np.float32(0.5), torch.tensor(0.5), [0.1, 0.2], None])
def test_finite_scalars_and_short_lists_are_metrics(value: object) -> None:
    row, not_finite = clean_row(1, {"loss": value})
    assert not_finite == []
    assert row["loss"] is None or np.allclose(row["loss"], np.asarray(value, dtype=float))


@pytest.mark.parametrize(
    "value", ["0.5", True, {"a": 1}, b"1", [[1.0]], [0.0] * 257, 1j, object(), ["1"]]
)
def test_other_values_are_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidMetric, match="'loss'"):
        clean_row(1, {"loss": value})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, np.float32("nan")])
def test_not_finite_values_become_null_and_are_named(value: object) -> None:
    assert clean_row(1, {"loss": value, "other": 1.0}) == (
        {"epoch": 1, "loss": None, "other": 1.0},
        ["loss"],
    )


def test_not_finite_values_inside_a_list_become_null_one_by_one() -> None:
    row, not_finite = clean_row(1, {"curve": [0.1, math.nan, 0.3]})
    assert row["curve"] == [0.1, None, 0.3]
    assert not_finite == ["curve"]


@pytest.mark.parametrize("name", ["a", "val/loss", "x.y-z_0", "A" * 64])
def test_metric_names_of_the_usual_forms_are_taken(name: str) -> None:
    assert clean_row(1, {name: 1})[0][name] == 1


@pytest.mark.parametrize(
    "name", ["", "1x", "_x", "a b", "a\n", "é", "A" * 65, "=cmd()", "<b>", "epoch", "timestamp"]
)
def test_hostile_metric_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidMetric):
        clean_row(1, {name: 1})


def test_columns_have_equal_length_and_null_where_a_row_lacks_a_metric() -> None:
    assert to_columns([{"epoch": 1, "a": 1.0}, {"epoch": 2, "b": 2.0}]) == {
        "epoch": [1, 2],
        "a": [1.0, None],
        "b": [None, 2.0],
    }
