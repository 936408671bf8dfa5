"""Sweeps as scripts know them that were written for W&B: which values which run is begun with."""

import itertools
import math
import numbers
import random
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from heimdall_dash.errors import HeimdallError

Values = dict[str, Any]
Draw = Callable[[random.Random], Any]
METHODS = ("grid", "random", "bayes")
MOST_CHOICES = 100_000
MOST_EXPONENT = 700  # of e, that a float can hold


class SweepRefused(HeimdallError, ValueError):
    """A sweep's configuration that cannot be meant."""


class Sweep:
    """Hands out one set of values after the other, each of a grid once. Draws from numbers of its
    own, so that a training's seeds stay what they are."""

    def __init__(self, config: Any, project: str | None = None) -> None:
        """config: as `wandb.sweep` takes it: method, parameters, name, run_cap. Raises
        SweepRefused."""
        if not isinstance(config, Mapping):
            raise SweepRefused(f"a sweep is a mapping, got {type(config).__name__}")
        self.id = secrets.token_hex(4)
        self.name = str(config.get("name") or self.id)
        self.project = project or config.get("project")
        self.method = str(config.get("method", "random"))
        self.left_out = ["early_terminate"] if config.get("early_terminate") else []
        if self.method not in METHODS:
            raise SweepRefused(
                f"a sweep's method is one of {', '.join(METHODS)}, got {self.method}"
            )
        if self.method == "bayes":
            self.left_out.append("method: bayes")
        self.run_cap = count_of(config.get("run_cap"), "run_cap")
        self.begun = 0
        parameters = config.get("parameters")
        if not isinstance(parameters, Mapping) or not parameters:
            raise SweepRefused("a sweep needs parameters, as {'lr': {'values': [0.1, 0.01]}}")
        flat = _flat(parameters, ())
        self._sets = _grid(flat) if self.method == "grid" else _random(flat)

    def next(self) -> Values | None:
        """The next run's values; None: the sweep is through."""
        if self.run_cap is not None and self.begun >= self.run_cap:
            return None
        values = next(self._sets, None)
        self.begun += values is not None
        return values


def count_of(value: Any, what: str) -> int | None:
    """How many runs at the most. Raises SweepRefused."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SweepRefused(f"{what} is a whole number from 1 on, got {value!r}")
    return value


# -- every set of values ---------------------------------------------------------------------


def _grid(flat: Mapping[tuple[str, ...], Mapping[str, Any]]) -> Iterator[Values]:
    choices = [_choices(path, told) for path, told in flat.items()]
    return (_nested(flat, one) for one in itertools.product(*choices))


def _random(flat: Mapping[tuple[str, ...], Mapping[str, Any]]) -> Iterator[Values]:
    draws, source = [_draw(path, told) for path, told in flat.items()], random.Random()
    return (_nested(flat, [draw(source) for draw in draws]) for _ in itertools.count())


def _flat(
    parameters: Mapping[str, Any], above: tuple[str, ...]
) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """Each parameter by its path; those below "parameters" are a mapping in the config."""
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for name, told in parameters.items():
        path = (*above, str(name))
        if not isinstance(told, Mapping):
            raise _refused(path, f"is described by a mapping, got {type(told).__name__}")
        if isinstance(told.get("parameters"), Mapping):
            found |= _flat(told["parameters"], path)
        else:
            found[path] = told
    return found


def _nested(paths: Mapping[tuple[str, ...], Any], values: Sequence[Any]) -> Values:
    whole: Values = {}
    for path, value in zip(paths, values, strict=True):
        place = whole
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    return whole


# -- one parameter ---------------------------------------------------------------------------


def _choices(path: tuple[str, ...], told: Mapping[str, Any]) -> list[Any]:
    """All that a grid takes. Raises SweepRefused where there is no end of them."""
    if "value" in told:
        return [told["value"]]
    if "values" in told:
        return _listed(path, told)
    low, high = _bounds(path, told)
    if _distribution(path, told) == "int_uniform":
        if high - low >= MOST_CHOICES:
            raise _refused(path, f"has more than {MOST_CHOICES:,} values for a grid")
        return list(range(int(low), int(high) + 1))
    raise _refused(path, "has no end in a grid: give its values")


def _draw(path: tuple[str, ...], told: Mapping[str, Any]) -> Draw:
    if "value" in told:
        return lambda _: told["value"]
    if "values" in told:
        values, weights = _listed(path, told), told.get("probabilities")
        if weights is not None and (
            not isinstance(weights, Sequence) or len(weights) != len(values)
            or any(not _is_number(weight) or weight < 0 for weight in weights) or not sum(weights)
        ):  # fmt: skip
            raise _refused(path, "needs a probability, 0 or more, for each of its values")
        return lambda source: source.choices(values, weights)[0]
    distribution = _distribution(path, told)
    step = told.get("q", 1) if distribution.startswith("q_") else None
    if step is not None and (not _is_number(step) or step <= 0):
        raise _refused(path, f"is rounded to a q above 0, got {step!r}")
    plain = _number(path, told, distribution.removeprefix("q_"))
    return plain if step is None else lambda source: round(plain(source) / step) * step


def _number(path: tuple[str, ...], told: Mapping[str, Any], distribution: str) -> Draw:
    if distribution in ("normal", "log_normal"):
        mu, sigma = told.get("mu", 0.0), told.get("sigma", 1.0)
        if not _is_number(mu) or not _is_number(sigma) or sigma < 0:
            raise _refused(path, "needs numbers for mu and sigma")
        if distribution == "normal":
            return lambda source: source.gauss(mu, sigma)
        return lambda source: source.lognormvariate(mu, sigma)
    low, high = _bounds(path, told)
    if distribution == "int_uniform":
        return lambda source: source.randint(int(low), int(high))
    if distribution == "uniform":
        return lambda source: source.uniform(low, high)
    if distribution in ("log_uniform", "inv_log_uniform") and (
        max(abs(low), abs(high)) > MOST_EXPONENT
    ):
        raise _refused(path, "has exponents of e as its min and max: log_uniform_values has values")
    if distribution == "log_uniform":
        return lambda source: math.exp(source.uniform(low, high))
    if distribution == "inv_log_uniform":
        return lambda source: math.exp(-source.uniform(low, high))
    if distribution in ("log_uniform_values", "inv_log_uniform_values"):
        if low <= 0:
            raise _refused(path, "needs a min above 0 for a logarithm")
        if distribution == "log_uniform_values":
            return lambda source: math.exp(source.uniform(math.log(low), math.log(high)))
        return lambda source: math.exp(source.uniform(-math.log(high), -math.log(low)))
    raise _refused(path, f"has a distribution that is not known here: {distribution!r}")


def _distribution(path: tuple[str, ...], told: Mapping[str, Any]) -> str:
    if "distribution" in told:
        return str(told["distribution"])
    bounds = _bounds(path, told)
    return (
        "int_uniform" if all(isinstance(bound, numbers.Integral) for bound in bounds) else "uniform"
    )


def _listed(path: tuple[str, ...], told: Mapping[str, Any]) -> list[Any]:
    values = told["values"]
    if isinstance(values, (str, bytes)) or not isinstance(values, Sequence) or not values:
        raise _refused(path, "needs a list of values with at least one")
    return list(values)


def _bounds(path: tuple[str, ...], told: Mapping[str, Any]) -> tuple[float, float]:
    low: Any = told.get("min")
    high: Any = told.get("max")
    if not _is_number(low) or not _is_number(high) or low > high:
        raise _refused(path, "needs a value, values, or numbers for min and max")
    return low, high


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def _refused(path: tuple[str, ...], why: str) -> SweepRefused:
    return SweepRefused(f"the sweep's parameter {'.'.join(path)!r} {why}")
