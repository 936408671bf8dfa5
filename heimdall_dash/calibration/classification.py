"""Predicted probabilities of classes: is what is said to be 80 % sure right eight times in ten?"""

from typing import Any

import numpy as np

from heimdall_dash.calibration.normal import Array
from heimdall_dash.calibration.samples import expect_shape, known, numbers
from heimdall_dash.errors import InvalidPrediction

BINS = 15  # of equal width, as in Guo et al. 2017
SUM_SLACK = 1e-3  # by which probabilities may miss 1: half precision does

FIGURES = ("accuracy", "log_loss", "brier_score", "expected_calibration_error",
           "expected_calibration_error_signed", "maximum_calibration_error", "mean_confidence",
           "mean_entropy", "reliability_confidence", "reliability_accuracy",
           "reliability_share")  # fmt: skip


def classification_metrics(probabilities: Any, labels: Any) -> dict[str, Any]:
    """The figures of N predictions, ready for `Job.log`; None where there is none.

    probabilities: [N, K], rows that sum to 1; or [N]: of class 1 of two
    labels:        [N], whole numbers from 0 to below K
    returns:       accuracy, mean_confidence, errors: fractions; log_loss, mean_entropy: nats;
                   brier_score: 0 to 1 of two classes, 0 to 2 of more, as scikit-learn has it;
                   expected_calibration_error_signed below 0: over-confident;
                   reliability_confidence, _accuracy, _share: 15 equal bins of the confidence, None
                   where a bin is empty; calibration_samples; calibration_invalid_samples: NaN,
                   outside [0, 1], sum not 1. One such sample, and every figure is None.
    raises:        InvalidPrediction for shapes that do not fit and labels that are none.
    source:        Guo et al., ICML 2017; Brier 1950
    """
    chances, classes = _checked(probabilities, labels)
    count = len(chances)
    is_valid = is_distribution(chances)
    figures: dict[str, Any] = dict.fromkeys(FIGURES)
    if count > 1 and is_valid.all():
        # what rounding left of the sum is taken out, as scikit-learn does
        chances = chances / chances.sum(axis=1, keepdims=True)
        figures |= _scores(chances, classes)
        confidence = chances.max(axis=1)
        figures |= _calibration(confidence, chances.argmax(axis=1) == classes)
    return known(figures) | {
        "calibration_samples": count,
        "calibration_invalid_samples": int(count - is_valid.sum()),
    }


def distributions(probabilities: Any) -> Array:
    """As [N, K]; raises InvalidPrediction."""
    chances = numbers(probabilities, "probabilities")
    if chances.ndim == 1:
        chances = np.stack([1.0 - chances, chances], axis=1)
    if chances.ndim != 2 or chances.shape[1] < 2:
        raise InvalidPrediction(
            f"probabilities have the shape [N, K] or [N] of two classes, got {list(chances.shape)}"
        )
    return chances


def is_distribution(chances: Array) -> np.ndarray:
    """Which rows [N, K] are probabilities that sum to 1."""
    with np.errstate(invalid="ignore"):
        in_range = ((chances >= 0) & (chances <= 1)).all(axis=1)
        return np.asarray(in_range & (np.abs(chances.sum(axis=1) - 1) <= SUM_SLACK))


def bins_of(confidence: Array) -> np.ndarray:
    """The bin of each confidence [N]: k / 15 belongs to the one below it."""
    edges = np.linspace(0, 1, BINS + 1)
    return np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, BINS - 1)


def _checked(probabilities: Any, labels: Any) -> tuple[Array, np.ndarray]:
    chances = distributions(probabilities)
    given = numbers(labels, "labels")
    expect_shape(given, (len(chances),), "labels")
    kinds = chances.shape[1]
    if not np.all((given >= 0) & (given < kinds) & (given == np.floor(given))):
        raise InvalidPrediction(f"labels are whole numbers from 0 to {kinds - 1}")
    return chances, given.astype(np.int64)


def _scores(chances: Array, classes: np.ndarray) -> dict[str, float]:
    rows = np.arange(len(chances))
    least = np.finfo(np.float64).eps  # a certain mistake costs 36 nats, not infinity
    hit = np.zeros_like(chances)
    hit[rows, classes] = 1.0
    squared = ((chances - hit) ** 2).sum(axis=1).mean()
    safe = np.maximum(chances, 1e-300)
    return {
        "accuracy": float((chances.argmax(axis=1) == classes).mean()),
        "log_loss": float(-np.log(np.clip(chances[rows, classes], least, 1 - least)).mean()),
        "brier_score": float(squared / 2 if chances.shape[1] == 2 else squared),
        "mean_entropy": float(-(chances * np.log(safe)).sum(axis=1).mean()),
    }


def _calibration(confidence: Array, is_right: np.ndarray) -> dict[str, Any]:
    """Of the most probable class: how sure, against how often right."""
    place, count = bins_of(confidence), len(confidence)
    sizes = np.bincount(place, minlength=BINS)
    sure = np.bincount(place, weights=confidence, minlength=BINS)
    right = np.bincount(place, weights=is_right, minlength=BINS)
    filled = sizes > 0
    gap = (right - sure)[filled]
    return {
        "expected_calibration_error": float(np.abs(gap).sum() / count),
        "expected_calibration_error_signed": float(gap.sum() / count),
        "maximum_calibration_error": float(np.abs(gap / sizes[filled]).max()),
        "mean_confidence": float(confidence.mean()),
        "reliability_confidence": _means(sure, sizes),
        "reliability_accuracy": _means(right, sizes),
        "reliability_share": [float(size / count) for size in sizes],
    }


def _means(sums: np.ndarray, sizes: np.ndarray) -> list[float | None]:
    return [float(a / n) if n else None for a, n in zip(sums, sizes, strict=True)]
