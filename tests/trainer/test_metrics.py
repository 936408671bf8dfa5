"""An epoch's row: names, hand values, and null where there is nothing to measure."""

import json

import numpy as np
import pytest
import torch

from heimdall_dash.metrics import clean_cells
from trainer.config import TrainingConfig
from trainer.features import Batch
from trainer.material import Simulated
from trainer.metrics import Evaluator, draw_errors, rank_correlation, rms
from trainer.model import Locator, Prediction

CONFIG = TrainingConfig(train_samples=64, val_samples=200, batch_size=16, width=16, heads=2)


class Oracle(Locator):
    """Answers with the truth moved by fixed metres, and a circle of fixed sigma."""

    def __init__(self, source: Simulated, east_m: float, sigma_m: float) -> None:
        super().__init__(torch.tensor(source.validation.receiver_km), CONFIG, True)
        self.east_km, self.sigma_km = east_m / 1e3, sigma_m / 1e3

    def forward(self, batch: Batch) -> list[Prediction]:
        mean = batch.target_km + torch.tensor([self.east_km, 0.0])
        factor = self.sigma_km * torch.eye(2).expand(len(mean), 2, 2)
        return [Prediction(mean, factor)]


def test_row_of_constant_errors_has_hand_values() -> None:
    source = Simulated(CONFIG)
    row = Evaluator(source.validation, 0).full(Oracle(source, 40.0, 30.0))
    for name in ("val_rmse_m", "val_distance_p50_m", "val_distance_p68_m", "val_distance_p95_m"):
        assert row[name] == pytest.approx(40.0, rel=0.005)  # sphere and ellipsoid differ by 0.3 %
    assert row["mean_predicted_uncertainty_m"] == pytest.approx(30 * np.sqrt(2), rel=1e-5)
    assert row["predicted_distance_p68_m"] == pytest.approx(30 * 1.5096, rel=0.02)
    m2 = (40 / 30) ** 2
    assert row["val_loss"] == pytest.approx(
        0.5 * m2 + 2 * np.log(0.03) + np.log(2 * np.pi), abs=2e-3
    )
    assert row["nll"] == pytest.approx(row["val_loss"], abs=1e-5)  # nobody beyond 5 sigma
    assert row["z_std"] == pytest.approx(np.sqrt(m2 / 2), rel=1e-3)
    assert (row["coverage_50"], row["coverage_68"], row["coverage_95"]) == (0, 1, 1)
    assert row["uncertainty_calibration_error"] == pytest.approx(5.3, abs=1.0)
    assert row["error_rank_correlation"] is None or abs(row["error_rank_correlation"]) <= 1


def test_row_keeps_the_original_names() -> None:
    row = Evaluator(Simulated(CONFIG).validation, 0).full(Oracle(Simulated(CONFIG), 40.0, 30.0))
    assert set(row) >= {
        "val_loss", "val_rmse_m", "val_rmse_good_geom_m", "val_distance_p50_m",
        "val_distance_p68_m", "val_distance_p95_m", "mean_predicted_uncertainty_m",
        "uncertainty_calibration_error", "mean_gdop", "gdop_below_5_percent",
    }  # fmt: skip


def test_good_geometry_without_scenes_is_null_and_never_the_overall_value() -> None:
    source = Simulated(CONFIG)
    gdop = source.validation.gdop()
    bad = source.validation.take(np.argsort(gdop)[-25:])
    evaluator = Evaluator(bad, 0)
    evaluator.gdop = np.full(25, 9.0)
    row = evaluator.full(Oracle(source, 40.0, 30.0))
    assert row["val_rmse_good_geom_m"] is None
    assert row["gdop_below_5_percent"] == 0
    assert row["val_rmse_m"] == pytest.approx(40, rel=0.005)


def test_row_is_json_and_a_legal_row_also_when_numbers_are_lost() -> None:
    source = Simulated(CONFIG)
    lost = Oracle(source, 40.0, 30.0)
    lost.sigma_km = 1e-30
    with np.errstate(all="ignore"):
        row = Evaluator(source.validation, 0).full(lost)
    json.dumps(row, allow_nan=False)
    _, not_finite, left_out = clean_cells(row)
    assert (not_finite, left_out) == ({}, {})


def test_rms_is_over_scenes_and_none_of_none() -> None:
    assert rms(np.array([3.0, 4.0])) == pytest.approx(np.sqrt(12.5))
    assert rms(np.array([])) is None


def test_rank_correlation_is_spearmans() -> None:
    first = np.array([1.0, 2.0, 3.0, 4.0])
    assert rank_correlation(first, first**3) == pytest.approx(1)
    assert rank_correlation(first, -first) == pytest.approx(-1)
    assert rank_correlation(first, np.ones(4)) is None


def test_drawn_errors_have_the_factors_covariance() -> None:
    factor = np.array([[[3.0, 0.0], [1.0, 2.0]]])
    normals = np.random.default_rng(0).standard_normal((100_000, 1, 2))
    drawn = draw_errors(factor, normals)[:, 0]
    np.testing.assert_allclose(np.cov(drawn.T), factor[0] @ factor[0].T, rtol=0.03)
