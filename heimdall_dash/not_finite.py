"""NaN and infinities in columns that came as JSON, which has none of them."""

from collections.abc import Mapping
from typing import Any

NUMBERS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


def put_not_finite(
    columns: dict[str, list[Any]], marks: Mapping[str, Mapping[str, str]] | None
) -> None:
    """Put them where JSON has null. A list that held one stays as it is.

    marks: `{"val_loss": {"12": "nan"}}`, by epoch
    """
    places = {epoch: index for index, epoch in enumerate(columns["epoch"])}
    for name, kinds in (marks or {}).items():
        for epoch, kind in kinds.items():
            index = places.get(int(epoch))
            if index is not None and name in columns and columns[name][index] is None:
                columns[name][index] = NUMBERS[kind]
