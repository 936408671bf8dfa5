"""One epoch's evaluation: a prediction for every scene, and the figures that describe it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from heimdall_dash.calibration.binned import rank_correlation
from trainer import calibration
from trainer.features import Batch
from trainer.geodesy import Array
from trainer.losses import mahalanobis_sq, nll
from trainer.model import Locator, Prediction
from trainer.publishing import finite
from trainer.scenes import Scenes

CHUNK = 512
"""Scenes per forward pass; 4,096 at once fall out of the cache and take several times longer."""
GOOD_GDOP = 5.0
DRAWS = 32
TRAIN_SUBSET = 1024


@torch.no_grad()
def predict(model: Locator, batch: Batch) -> Prediction:
    """The last stage's prediction for any number of scenes."""
    model.eval()
    chunks = [model(batch.rows(slice(k, k + CHUNK)))[-1] for k in range(0, len(batch), CHUNK)]
    return Prediction(torch.cat([c.mean for c in chunks]), torch.cat([c.factor for c in chunks]))


class Evaluator:
    """Evaluates a network on one fixed set of scenes, always with the same random draws."""

    def __init__(self, scenes: Scenes, seed: int, device: str = "cpu") -> None:
        self.scenes = scenes
        self.batch = Batch.of(scenes, device)
        self.gdop = scenes.gdop()
        shape = (DRAWS, len(scenes), 2)
        self.normals = np.random.default_rng([seed, 1]).standard_normal(shape)

    def errors(self, model: Locator) -> tuple[Array, dict[str, float | None]]:
        """Distances [N] in m, and loss, rmse_m, distance_p50/68/95_m."""
        prediction = predict(model, self.batch)
        distance = self._distance_m(prediction)
        return distance, self._basic(prediction, distance)

    def full(self, model: Locator) -> dict[str, Any]:
        """Every validation metric; None where a value does not exist or is not finite."""
        prediction = predict(model, self.batch)
        distance = self._distance_m(prediction)
        row: dict[str, Any] = {
            f"val_{name}": value for name, value in self._basic(prediction, distance).items()
        }
        good = self.gdop < GOOD_GDOP
        row["val_rmse_good_geom_m"] = rms(distance[good])
        row["mean_gdop"] = float(self.gdop[np.isfinite(self.gdop)].mean())
        row["gdop_below_5_percent"] = float(100 * good.mean())
        m2 = mahalanobis_sq(prediction, self.batch.target_km).double().cpu().numpy()
        row["nll"] = float(nll(prediction, self.batch.target_km, np.inf).double().mean())
        row |= self._uncertainty(prediction, distance) | _probability(m2)
        ratio = row["predicted_distance_p68_m"] / max(row["val_distance_p68_m"] or 0.0, 1e-9)
        row["uncertainty_ratio_p68"] = ratio
        return {name: finite(value) for name, value in row.items()}

    def _distance_m(self, prediction: Prediction) -> Array:
        mean = prediction.mean.double().cpu().numpy()
        return self.scenes.plane.ground_distance_m(mean, self.scenes.emitter_km)

    def _basic(self, prediction: Prediction, distance_m: Array) -> dict[str, float | None]:
        """loss in nats, the others in m (great-circle distance); smaller is better for all."""
        p50, p68, p95 = np.quantile(distance_m, [0.50, 0.68, 0.95])
        return {
            "loss": float(nll(prediction, self.batch.target_km).double().mean()),
            "rmse_m": rms(distance_m),
            "distance_p50_m": float(p50),
            "distance_p68_m": float(p68),
            "distance_p95_m": float(p95),
        }

    def _uncertainty(self, prediction: Prediction, distance_m: Array) -> dict[str, float | None]:
        """What the predicted covariances say in metres, against what happened.

        mean_predicted_uncertainty_m: root of the mean of tr Cov, what RMSE should be
        predicted_distance_p68_m: 68-% quantile of errors drawn from all predicted distributions
        sharpness_m, _p10_m, _p90_m: quantiles of the root of tr Cov over scenes (Gneiting et al.
            2007: as small as calibration allows)
        error_rank_correlation: Spearman's, of predicted and actual size of the error; higher is
            better
        """
        factor = 1e3 * prediction.factor.double().cpu().numpy()
        drms = np.sqrt((factor**2).sum(axis=(1, 2)))
        draws = draw_errors(factor, self.normals)
        drawn = np.hypot(draws[..., 0], draws[..., 1])
        error = 1e3 * (self.batch.target_km - prediction.mean).double().cpu().numpy()
        p10, p50, p90 = np.quantile(drms, [0.1, 0.5, 0.9])
        return {
            "mean_predicted_uncertainty_m": float(np.sqrt(np.mean(drms**2))),
            "predicted_distance_p68_m": float(np.quantile(drawn, 0.68)),
            "uncertainty_calibration_error": calibration.uncertainty_calibration_error_m(
                drms, drawn, distance_m
            ),
            "sharpness_m": float(p50),
            "sharpness_p10_m": float(p10),
            "sharpness_p90_m": float(p90),
            "ence": calibration.ence(drms, distance_m),
            "energy_score_m": calibration.energy_score_m(error, draws),
            "error_rank_correlation": rank_correlation(drms, distance_m),
        }


def _probability(m2: Array) -> dict[str, Any]:
    ece, signed = calibration.expected_calibration_error(m2)
    return {
        "expected_calibration_error": ece,
        "expected_calibration_error_signed": signed,
        "miscalibration_area": calibration.miscalibration_area(m2),
        "coverage_50": calibration.coverage(m2, 0.50),
        "coverage_68": calibration.coverage(m2, 0.68),
        "coverage_95": calibration.coverage(m2, 0.95),
        "z_std": calibration.z_std(m2),
        "z_std_robust": calibration.z_std_robust(m2),
        "reliability_observed": calibration.reliability(m2),
        "pit_histogram": calibration.pit_histogram(m2),
    }


def draw_errors(factor: Array, normals: Array) -> Array:
    """Errors [D, N, 2] of distributions with factors [N, 2, 2] from normals [D, N, 2]."""
    x, y = normals[..., 0], normals[..., 1]
    return np.stack(
        [
            factor[:, 0, 0] * x + factor[:, 0, 1] * y,
            factor[:, 1, 0] * x + factor[:, 1, 1] * y,
        ],
        axis=-1,
    )


def rms(values: Array) -> float | None:
    """Root mean square over scenes, None of no scenes."""
    return float(np.sqrt(np.mean(values**2))) if len(values) else None
