"""What predictions must look like, checked once, where they enter."""

from typing import Any

import numpy as np

from heimdall_dash.calibration.normal import Array
from heimdall_dash.errors import InvalidPrediction


def numbers(value: Any, what: str) -> Array:
    """The value as float64; raises InvalidPrediction for what is no array of numbers. Tensors of
    torch come through `detach` and `cpu`, since numpy refuses those that have a gradient."""
    for step in ("detach", "cpu"):
        if hasattr(value, step):
            value = getattr(value, step)()
    if "bfloat16" in str(getattr(value, "dtype", "")) and hasattr(value, "float"):
        value = value.float()  # numpy has no such type
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"its dtype is {array.dtype}")
    except (TypeError, ValueError) as error:
        raise InvalidPrediction(f"{what} is an array of numbers: {error}") from error
    return array.astype(np.float64)


def expect_shape(array: np.ndarray, shape: tuple[int, ...], what: str) -> None:
    """Raises InvalidPrediction. Nothing is broadcast: [N, 1] against [N] would be [N, N]."""
    if array.shape != shape:
        raise InvalidPrediction(f"{what} has the shape {list(shape)}, got {list(array.shape)}")


def known(figures: dict[str, Any]) -> dict[str, Any]:
    """None in place of what is not finite: no figure is better than a wrong one."""
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value
        for name, value in figures.items()
    }
