"""One column of a block as bytes, and back: every double to its last bit, every whole number whole.

A line of JSON says what follows: which rows have a cell, which numbers are whole ones, and the
numbers. Of their eight bytes each, those of one rank stand together and are compressed where that
helps: signs and exponents hardly differ, the last digits are noise. By the standard library alone,
so that a trainer can read it, too.
"""

import json
import sys
import zlib
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

from heimdall_dash.records import iso_time, parse_time

MOST_EXACT = 2**53  # whole numbers up to here are exact as doubles
WORTH_IT = 0.95  # compressed to less than this


@dataclass
class ColumnCells:
    """What one column has within a block.

    places: rows of the block that have a value, rising; None: all of them.
    values: their values; `floats` and `is_whole` instead where all are numbers, `milliseconds`
    since 1970 where all are times of the product's own form.
    marks: row of the block → "nan", "inf", "-inf".
    """

    places: Sequence[int] | None
    values: list[Any] | None
    floats: "array[float] | None" = None
    is_whole: bytes | None = None  # 1 for each that is a whole number; None: none is
    marks: dict[int, str] = field(default_factory=dict)
    milliseconds: "array[int] | None" = None

    def __len__(self) -> int:
        found = (self.floats, self.milliseconds, self.values)
        return next(len(cells) for cells in found if cells is not None)

    def listed(self) -> list[Any]:
        if self.milliseconds is not None:
            return [iso_time(ms / 1000) for ms in self.milliseconds]
        if self.floats is None:
            return self.values or []
        if self.is_whole is None:
            return self.floats.tolist()
        pairs = zip(self.floats, self.is_whole, strict=True)
        return [int(value) if whole else value for value, whole in pairs]


def packed(rows: int, places: Sequence[int], values: list[Any], marks: dict[int, str]) -> bytes:
    """A column of a block of so many rows; `places` has the row of each value, rising."""
    head: dict[str, Any] = {"n": len(values)}
    parts: list[bytes] = []
    if len(places) < rows:
        parts.append(zlib.compress(array("I", places).tobytes()))
        head["at"] = len(parts[-1])
    if marks:
        head["marks"] = {str(row): kind for row, kind in marks.items()}
    kinds = {*map(type, values)}
    if kinds <= {float, int} and all(
        abs(value) <= MOST_EXACT for value in values if type(value) is int
    ):
        if values:
            head["span"] = [min(values), max(values), values[0], values[-1]]
        if int in kinds:
            parts.append(zlib.compress(bytes(type(value) is int for value in values)))
            head["whole"] = len(parts[-1])
        planes = _planes(array("d", values))
        head["planes"] = [len(plane) for plane in planes]
        parts += planes
    else:
        parts.append(zlib.compress(json.dumps(values).encode()))
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + b"".join(parts)


def unpacked(content: bytes) -> ColumnCells:
    """Raises ValueError for what is no column."""
    head, body = _opened(content)
    count, at = head["n"], 0
    places: Sequence[int] | None = None
    if "at" in head:
        places = array("I", zlib.decompress(body[: head["at"]]))
        at = head["at"]
    marks = {int(row): kind for row, kind in head.get("marks", {}).items()}
    if "planes" not in head:
        return ColumnCells(places, json.loads(zlib.decompress(body[at:])), marks=marks)
    is_whole = None
    if "whole" in head:
        is_whole = zlib.decompress(body[at : at + head["whole"]])
        at += head["whole"]
    floats = array("d", _joined(count, head["planes"], body[at:]))
    if sys.byteorder == "big":
        floats.byteswap()
    return ColumnCells(places, None, floats, is_whole, marks)


def packed_whole(numbers: Sequence[int]) -> bytes:
    """Rising whole numbers, such as epochs."""
    steps = [numbers[0], *(b - a for a, b in pairwise(numbers))] if numbers else []
    planes = _planes(array("q", steps))
    head = {"n": len(numbers), "planes": [len(plane) for plane in planes]}
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + b"".join(planes)


def unpacked_whole(content: bytes) -> "array[int]":
    return array("q", accumulate(unpacked_steps(content)))


def unpacked_steps(content: bytes) -> "array[int]":
    """The first number, then by how much each is more than the one before: whoever has numpy adds
    them up in a twentieth of the time."""
    head, body = _opened(content)
    steps = array("q", _joined(head["n"], head["planes"], body))
    if sys.byteorder == "big":
        steps.byteswap()
    return steps


def packed_times(rows: int, places: Sequence[int], texts: list[Any]) -> bytes:
    """Times: as milliseconds where all are of the product's own form."""
    milliseconds = _milliseconds(texts)
    if milliseconds is None or len(places) < rows:
        return b"T" + packed(rows, places, texts, {})
    return b"M" + packed_whole(milliseconds)


def unpacked_times(
    content: bytes, read_whole: Callable[[bytes], "array[int]"] = unpacked_whole
) -> ColumnCells:
    if content[:1] == b"M":
        return ColumnCells(None, None, milliseconds=read_whole(content[1:]))
    return unpacked(content[1:])


def _milliseconds(texts: list[Any]) -> list[int] | None:
    try:
        found = [round(parse_time(text).timestamp() * 1000) for text in texts]
        return found if [iso_time(ms / 1000) for ms in found] == texts else None
    except (ValueError, TypeError, AttributeError, OverflowError, OSError):
        return None


def _planes(numbers: "array[Any]") -> list[bytes]:
    """The first bytes of all numbers, the second ones, …: compressed where that is shorter."""
    if sys.byteorder == "big":
        numbers.byteswap()
    content = numbers.tobytes()
    planes = []
    for rank in range(8):
        plane = content[rank::8]
        small = zlib.compress(plane, 6)
        planes.append(small if len(small) < WORTH_IT * len(plane) else plane)
    return planes


def _joined(count: int, lengths: list[int], body: bytes) -> bytes:
    content, at = bytearray(8 * count), 0
    for rank, length in enumerate(lengths):
        plane = body[at : at + length]
        content[rank::8] = plane if length == count else zlib.decompress(plane)
        at += length
    return bytes(content)


def _opened(content: bytes) -> tuple[dict[str, Any], bytes]:
    line, _, body = content.partition(b"\n")
    head = json.loads(line)
    if not isinstance(head, dict):
        raise ValueError("a column begins with what it holds")
    return head, body
