"""The cells of one column as numbers in arrays, without an object for each. What goes in comes out:
a double to its last bit, a whole number as a whole number, a text as that text.
"""

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np

Values = np.ndarray | list[Any]

MOST_EXACT = 2**53  # whole numbers up to here are exact as doubles
OBJECT_BYTES = 64  # of a Python object in a list, about


class Numbers:
    """Floats, 8 bytes each; with whole numbers among them 9. A column that holds lists, or larger
    whole numbers, is a list of objects."""

    __slots__ = ("_floats", "_is_whole", "_objects")

    def __init__(self) -> None:
        self._floats = array("d")
        self._is_whole: bytearray | None = None  # 1 where the number is a whole one; None: nowhere
        self._objects: list[Any] | None = None  # instead of the other two

    def __len__(self) -> int:
        return len(self._floats if self._objects is None else self._objects)

    @property
    def nbytes(self) -> int:
        if self._objects is not None:
            return OBJECT_BYTES * len(self._objects)
        return 8 * len(self._floats) + len(self._is_whole or b"")

    def extend(self, values: Sequence[Any]) -> None:
        self._make_room_for(values)
        if self._objects is not None:
            self._objects.extend(values)
            return
        self._floats.extend(values)
        if self._is_whole is not None:
            self._is_whole.extend(type(value) is int for value in values)

    def extend_floats(self, floats: "array[float]", is_whole: bytes | None) -> None:
        """Many at once; is_whole: 1 for each that is a whole number, None: none is."""
        if self._objects is not None or (is_whole is not None and self._is_whole is None):
            mixed = zip(floats, is_whole or bytes(len(floats)), strict=True)
            self.extend([int(value) if whole else value for value, whole in mixed])
            return
        self._floats.extend(floats)
        if self._is_whole is not None:
            self._is_whole.extend(is_whole or bytes(len(floats)))

    def insert(self, at: int, value: Any) -> None:
        self._make_room_for([value])
        if self._objects is not None:
            self._objects.insert(at, value)
            return
        self._floats.insert(at, value)
        if self._is_whole is not None:
            self._is_whole.insert(at, type(value) is int)

    def replace(self, at: int, value: Any) -> None:
        self._make_room_for([value])
        if self._objects is not None:
            self._objects[at] = value
            return
        self._floats[at] = value
        if self._is_whole is not None:
            self._is_whole[at] = type(value) is int

    def delete(self, cells: slice) -> None:
        for held in (self._floats, self._is_whole, self._objects):
            if held:
                del held[cells]

    def between(self, start: int, stop: int) -> Values:
        """A copy: float64 or int64 where all are of one kind, else a list."""
        if self._objects is not None:
            return self._objects[start:stop]
        floats = np.array(self._floats[start:stop], dtype=np.float64)
        if self._is_whole is None:
            return floats
        is_whole = self._is_whole[start:stop]
        if not any(is_whole):
            return floats
        if all(is_whole):
            return floats.astype(np.int64)
        pairs = zip(floats.tolist(), is_whole, strict=True)
        return [int(value) if whole else value for value, whole in pairs]

    def _make_room_for(self, values: Sequence[Any]) -> None:
        if self._objects is not None:
            return
        kinds = {*map(type, values)}
        if kinds <= {float} and (self._is_whole is None or not values):
            return
        if kinds <= {float, int} and all(
            abs(value) <= MOST_EXACT for value in values if type(value) is int
        ):
            if self._is_whole is None:
                self._is_whole = bytearray(len(self._floats))
            return
        held = self.between(0, len(self))
        self._objects = held.tolist() if isinstance(held, np.ndarray) else held
        self._floats, self._is_whole = array("d"), None


class Times:
    """Times in ISO 8601 as the product writes them, 8 bytes each; with any other text among them
    all are kept as they came."""

    __slots__ = ("_ms", "_texts")

    def __init__(self) -> None:
        self._ms = array("q")
        self._texts: list[Any] | None = None  # instead

    def __len__(self) -> int:
        return len(self._ms if self._texts is None else self._texts)

    @property
    def nbytes(self) -> int:
        return 8 * len(self._ms) if self._texts is None else 2 * OBJECT_BYTES * len(self._texts)

    def extend(self, texts: Sequence[Any]) -> None:
        ms = self._ms_of(texts)
        if ms is None:
            self._held_as_texts().extend(texts)
        else:
            self._ms.frombytes(ms.tobytes())

    def extend_ms(self, ms: "array[int]") -> None:
        """Many at once, in milliseconds since 1970."""
        if self._texts is None:
            self._ms.extend(ms)
        else:
            self._texts.extend(times_of(np.frombuffer(ms, dtype=np.int64)))

    def insert(self, at: int, text: Any) -> None:
        ms = self._ms_of([text])
        if ms is None:
            self._held_as_texts().insert(at, text)
        else:
            self._ms.insert(at, int(ms[0]))

    def replace(self, at: int, text: Any) -> None:
        self.delete(slice(at, at + 1))
        self.insert(at, text)

    def delete(self, cells: slice) -> None:
        held = self._ms if self._texts is None else self._texts
        del held[cells]

    def between(self, start: int, stop: int) -> list[Any]:
        if self._texts is not None:
            return self._texts[start:stop]
        return times_of(np.array(self._ms[start:stop], dtype=np.int64))

    def at(self, places: np.ndarray) -> list[Any]:
        """Some of them."""
        if self._texts is not None:
            return [self._texts[place] for place in places.tolist()]
        return times_of(self._ms_at(places)) if len(places) else []

    def ms_at(self, places: np.ndarray) -> np.ndarray | None:
        """Some of them, milliseconds since 1970; None: there are other texts among them."""
        return self._ms_at(places) if self._texts is None and len(places) else None

    def _ms_at(self, places: np.ndarray) -> np.ndarray:
        ms: np.ndarray = np.frombuffer(self._ms, dtype=np.int64)[places]
        return ms

    def _held_as_texts(self) -> list[Any]:
        if self._texts is None:
            self._texts = self.between(0, len(self))
            self._ms = array("q")
        return self._texts

    def _ms_of(self, texts: Sequence[Any]) -> np.ndarray | None:
        return None if self._texts is not None else ms_of(texts)


def ms_of(texts: Sequence[Any]) -> np.ndarray | None:
    """Milliseconds since 1970; None unless every text is of the product's own form."""
    if not all(
        type(text) is str and len(text) == 24 and text[19] == "." and text[23] == "Z"
        for text in texts
    ):
        return None
    try:
        ms = np.array([text[:23] for text in texts], dtype="datetime64[ms]").astype(np.int64)
    except ValueError:
        return None
    return ms if times_of(ms) == list(texts) else None


def times_of(ms: np.ndarray) -> list[str]:
    texts = np.datetime_as_string(ms.astype("datetime64[ms]"), unit="ms")
    return [f"{text}Z" for text in texts.tolist()]
