"""The kept sample as JSON: one object per epoch, of points with one or two dimensions.

    {"epoch": 7, "dimensions": 2, "total": 2048, "left_out": 0, "unit": "km",
     "labels": ["a", …], "truth": [[x, y], …], "mean": [[x, y], …], "spread": [[xx, xy, yy], …],
     "axes": ["East", "North"], "places": {"mast 1": [x, y]}}

`spread` of one dimension is the standard deviation, `[[s], …]`; of two the covariance. Numbers have
nine significant digits: what is kept is looked at, and a metre in the world's coordinates is seen.
"""

from collections.abc import Mapping
from math import isfinite, sqrt
from typing import Any

from heimdall_dash.errors import InvalidPrediction
from heimdall_dash.metrics import clean_epoch
from heimdall_dash.predictions.sample import (
    MAX_LABEL,
    MOST_POINTS,
    Sampler,
    length,
    picked,
    plain,
    texts_of,
)
from heimdall_dash.records import MAX_EPOCH

Kept = dict[str, Any]
Point = tuple[list[float], list[float], list[float]]  # truth, mean, spread

MOST_PLACES = 100
MAX_UNIT = 20  # characters
LEAST_SHARE = 1e-12  # of its larger variance that an ellipse's smaller axis has at least
LARGEST = 1e150  # a square of it is still a number


def kept(
    epoch: Any,
    truth: Any,
    mean: Any,
    *,
    sigma: Any = None,
    covariance: Any = None,
    labels: Any = None,
    unit: Any = "",
    axes: Any = (),
    places: Any = None,
    sampler: Sampler | None = None,
) -> Kept:
    """At most 256 of N predictions beside their truths. Raises InvalidPrediction, InvalidMetric for
    an epoch that is none, and whatever the arguments themselves raise.

    truth, mean: [N], [N, 1] or [N, 2]; sigma: the same shape, or [N] for both axes alike;
    covariance:  [N], [N, 1, 1] or [N, 2, 2]; labels: [N]; axes: what each dimension is
    places: name → where it stands
    Points that are not finite, and spreads that are none, are left out alone and counted.
    """
    number = clean_epoch(epoch)
    if (sigma is None) == (covariance is None):
        raise InvalidPrediction("give either sigma or covariance")
    spread, name = (covariance, "covariance") if sigma is None else (sigma, "sigma")
    count = length(truth, "truth")
    for values, what in ((mean, "mean"), (spread, name)):
        if length(values, what) != count:
            raise InvalidPrediction(f"{what} has {length(values, what)} points, truth has {count}")
    if count == 0:
        raise InvalidPrediction("no points")
    rows = (sampler or Sampler()).choose(count, labels)
    named = list(map(str, rows)) if labels is None else texts_of(picked(labels, rows))
    truths, means = _vectors(truth, rows, "truth"), _vectors(mean, rows, "mean")
    dimensions = len(truths[0])
    if len(means[0]) != dimensions:
        raise InvalidPrediction(f"truth has {dimensions} dimensions, mean has {len(means[0])}")
    spreads = [_spread(one, dimensions, name) for one in picked(spread, rows)]
    whole = [
        (label, point)
        for label, *parts in zip(named, truths, means, spreads, strict=True)
        if (point := _point(parts)) is not None
    ]
    if not whole:
        raise InvalidPrediction(
            f"none of {len(rows)} points has finite values and a {name} above zero"
        )
    return {
        "epoch": number, "dimensions": dimensions, "total": count,
        "left_out": len(rows) - len(whole), "unit": _unit(unit),
        "axes": _axes(axes, dimensions),
        "labels": [label for label, _ in whole],
        "truth": [point[0] for _, point in whole], "mean": [point[1] for _, point in whole],
        "spread": [point[2] for _, point in whole], "places": _places(places, dimensions),
    }  # fmt: skip


def checked(said: Any) -> Kept:
    """What came over the wire, or lies in a log; raises InvalidPrediction for what `kept` would
    not have made."""
    try:
        epoch, dimensions, labels = said["epoch"], said["dimensions"], said["labels"]
        total, left_out = said["total"], said["left_out"]
        points = list(zip(said["truth"], said["mean"], said["spread"], strict=True))
        fits = (
            dimensions in (1, 2)
            and all(type(n) is int and 0 <= n <= MAX_EPOCH for n in (epoch, total, left_out))
            and 1 <= len(points) <= MOST_POINTS
            and len(labels) == len(points)
            and all(isinstance(label, str) and len(label) <= MAX_LABEL for label in labels)
        )
        sizes = (dimensions, dimensions, 2 * dimensions - 1)
        whole = [_point(point) for point in points]
        fits = fits and all(
            point is not None and tuple(map(len, point)) == sizes for point in whole
        )
        if not fits:
            raise ValueError("sizes do not fit")
        return {
            "epoch": epoch, "dimensions": dimensions, "total": total, "left_out": left_out,
            "unit": _unit(said.get("unit", "")), "axes": _axes(said.get("axes", ()), dimensions),
            "labels": list(labels),
            "truth": [point[0] for point in whole if point],
            "mean": [point[1] for point in whole if point],
            "spread": [point[2] for point in whole if point],
            "places": _places(said.get("places"), dimensions),
        }  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidPrediction(f"no kept predictions: {error!r:.120}") from error


def _vectors(values: Any, rows: list[int], name: str) -> list[list[Any]]:
    """As [n][1] or [n][2]."""
    found: list[list[Any]] = []
    for value in picked(values, rows):
        vector = list(map(plain, value)) if isinstance(value, (list, tuple)) else [value]
        if len(vector) not in (1, 2) or any(isinstance(one, (list, tuple)) for one in vector):
            raise InvalidPrediction(f"{name} has the shape [N], [N, 1] or [N, 2]")
        if found and len(vector) != len(found[0]):
            raise InvalidPrediction(f"{name} has rows of different lengths")
        found.append(vector)
    return found


def _spread(value: Any, dimensions: int, name: str) -> list[Any]:
    """[σ] of one dimension, [xx, xy, yy] of two; NaN for a matrix that is not symmetric."""
    flat = _flat(value)
    if name == "sigma" and dimensions == 1 and len(flat) == 1:
        return flat
    if name == "sigma" and dimensions == 2 and len(flat) in (1, 2):
        x, y = map(_number, (flat[0], flat[-1]))
        # squared, a σ below zero would look like one
        return [x * x, 0.0, y * y] if x > 0 and y > 0 else [0.0, 0.0, 0.0]
    if name == "covariance" and len(flat) == dimensions * dimensions:
        if dimensions == 1:
            variance = _number(flat[0])
            return [sqrt(variance) if variance > 0 and isfinite(variance) else 0.0]
        xx, xy, yx, yy = map(_number, flat)
        is_symmetric = abs(xy - yx) <= 1e-3 * sqrt(max(0.0, abs(xx * yy)))
        return [xx, (xy + yx) / 2 if is_symmetric else float("nan"), yy]
    shapes = "[N]" if dimensions == 1 else "[N, 2] or [N]" if name == "sigma" else "[N, 2, 2]"
    raise InvalidPrediction(f"{name} of {dimensions}-D predictions has the shape {shapes}")


def _flat(value: Any) -> list[Any]:
    value = plain(value)
    if not isinstance(value, (list, tuple)):
        return [value]
    return [inner for one in value for inner in _flat(one)]


def _point(parts: Any) -> Point | None:
    """None for one that cannot be drawn: not finite, or with a spread that is none."""
    truth, mean, spread = ([_number(value) for value in part] for part in parts)
    numbers = [*truth, *mean, *spread]
    if not all(isfinite(number) and abs(number) <= LARGEST for number in numbers):
        return None
    if len(spread) == 1 and spread[0] <= 0:
        return None
    if len(spread) == 3:
        xx, xy, yy = spread
        if xx <= 0 or yy <= 0 or xx * yy - xy * xy <= LEAST_SHARE * xx * yy:
            return None
    return truth, mean, spread


def _number(value: Any) -> float:
    """With nine significant digits; NaN for what is no number."""
    try:
        if isinstance(value, (str, bytes)) or value is None:
            return float("nan")
        return float(f"{float(value):.9g}")
    except Exception:
        return float("nan")


def _unit(unit: Any) -> str:
    if not isinstance(unit, str) or len(unit) > MAX_UNIT or not unit.isprintable():
        raise InvalidPrediction(f"a unit has at most {MAX_UNIT} printable characters")
    return unit


def _axes(axes: Any, dimensions: int) -> list[str]:
    """Their names; none, where nobody gave any."""
    named = [axes] if isinstance(axes, str) else list(axes or ())
    is_text = all(isinstance(name, str) and len(name) <= MAX_LABEL for name in named)
    if not is_text or len(named) not in (0, dimensions):
        raise InvalidPrediction(f"axes are {dimensions} names of at most {MAX_LABEL} characters")
    return texts_of(named)


def _places(places: Any, dimensions: int) -> dict[str, list[float]]:
    if places is None:
        return {}
    if not isinstance(places, Mapping) or len(places) > MOST_PLACES:
        raise InvalidPrediction(f"places are a mapping of at most {MOST_PLACES} names")
    found = {}
    for name, place in places.items():
        at = [_number(value) for value in _flat(place)]
        if len(at) == dimensions and all(map(isfinite, at)):
            found[texts_of([name])[0]] = at
    return found
