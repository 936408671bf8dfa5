"""Which of an epoch's points are kept: the same ones every epoch, so that they can be followed."""

import random
import zlib
from collections.abc import Sequence
from typing import Any

from heimdall_dash.errors import InvalidPrediction

MOST_POINTS = 256
MOST_LABELS = 1_000_000  # beyond, the place in the list stands for the label
MAX_LABEL = 80  # characters
SEED = 0


class Sampler:
    """Guarantees: for as many points with the same labels the same choice, in any process; among
    points without labels the same places. What is chosen first is remembered, since looking at a
    million labels takes longer than an epoch should notice."""

    def __init__(self, seed: int = SEED) -> None:
        self._seed = seed
        self._count = -1
        self._rows: list[int] = []
        self._chosen: list[str] = []

    def choose(self, count: int, labels: Any) -> list[int]:
        """Places of the points to keep, rising. Raises InvalidPrediction for labels that are none.

        labels: one for each of `count` points, or None
        """
        if labels is None:
            return sorted(random.Random(self._seed).sample(range(count), min(count, MOST_POINTS)))
        if length(labels, "labels") != count:
            raise InvalidPrediction(f"labels are {length(labels, 'labels')}, points are {count}")
        if count == self._count and self._chosen == texts_of(picked(labels, self._rows)):
            return self._rows
        rows = list(range(count))
        if count > MOST_POINTS:
            names = texts_of(plain_list(labels)) if count <= MOST_LABELS else list(map(str, rows))
            rows.sort(key=lambda row: (self._weight(names[row]), row))
        self._count, self._rows = count, sorted(rows[:MOST_POINTS])
        self._chosen = texts_of(picked(labels, self._rows))
        return self._rows

    def _weight(self, label: str) -> int:
        """As good as random, and the same in every process and on every machine."""
        return zlib.crc32(label.encode("utf-8", "replace"), self._seed)


def length(values: Any, name: str) -> int:
    """How many there are; raises InvalidPrediction for what has no length."""
    try:
        return len(values)
    except Exception as error:
        kind = type(values).__name__
        raise InvalidPrediction(f"{name} are a list or array, got {kind:.40}") from error


def picked(values: Any, rows: Sequence[int]) -> list[Any]:
    """The values of some places, as plain numbers and lists. An array is indexed as a whole: one
    copy from a GPU, not hundreds. Raises whatever the values raise."""
    values = getattr(values, "iloc", values)  # a pandas column goes by place, not by its index
    if hasattr(values, "shape") or not isinstance(values, (list, tuple)):
        try:
            return plain_list(values[list(rows)])
        except (TypeError, KeyError):
            pass  # not an array: one by one
    return [plain(values[row]) for row in rows]


def plain_list(values: Any) -> list[Any]:
    found = plain(values)
    return found if isinstance(found, list) else [plain(value) for value in found]


def plain(value: Any) -> Any:
    """Arrays and tensors of any kind as numbers and lists; the rest as it is."""
    if hasattr(value, "detach"):
        value = value.detach()
    if str(getattr(value, "dtype", "")) == "torch.bfloat16":
        value = value.float()
    return value.tolist() if hasattr(value, "tolist") else value


def texts_of(labels: Sequence[Any]) -> list[str]:
    return ["".join(c if c.isprintable() else " " for c in str(one))[:MAX_LABEL] for one in labels]
