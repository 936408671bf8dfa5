"""A long JSON list, read item by item: in one go it held everybody up for a second."""

import json
import re
from collections.abc import Iterator
from typing import Any

from heimdall_dash.api.json_body import MANY_VALUES, SMALL_BYTES, check_values, not_json
from heimdall_dash.api.refusals import Refused

_SPACE = re.compile(r"[ \t\n\r]*")
FIRST_CHARACTERS = 16 * 1024  # that an item is looked for in; then more


def read_items(body: bytes, most: int, what: str) -> Any:
    """The list, or whatever else the body is.

    most: items; what: they are, for the refusal
    Raises Refused: 400 for what is not JSON, 413 for too many items or too large ones.
    """
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
        start = _behind_space(text, 0)
        if text[start : start + 1] != "[":
            check_values(body, MANY_VALUES)
            return json.loads(text)
        found: list[Any] = []
        for item in _items(text, start + 1):
            if len(found) == most:
                raise Refused(413, f"at most {most} {what} per request, got more")
            found.append(item)
        return found
    except (ValueError, RecursionError) as error:
        raise not_json(error) from error


def _items(text: str, place: int) -> Iterator[Any]:
    place = _behind_space(text, place)
    is_over = text[place : place + 1] == "]"
    while not is_over:
        item, place = _item(text, place)
        yield item
        place = _behind_space(text, place)
        is_over = text[place : place + 1] == "]"
        if not is_over:
            if text[place : place + 1] != ",":
                raise json.JSONDecodeError("Expecting ',' delimiter", text, place)
            place = _behind_space(text, place + 1)
    if (end := _behind_space(text, place + 1)) != len(text):
        raise json.JSONDecodeError("Extra data", text, end)


def _item(text: str, place: int) -> tuple[Any, int]:
    """The item that begins there, and the place behind it."""
    size = FIRST_CHARACTERS
    while True:
        part = text[place : place + size]
        is_all = place + size >= len(text)
        try:
            item, stop = _DECODER.raw_decode(part)
            behind = _behind_space(part, stop)
            if is_all or part[behind : behind + 1] in {",", "]"}:  # else a number may go on
                return item, place + stop
        except ValueError:
            if is_all:
                raise
        size *= 4
        if size > SMALL_BYTES:
            raise Refused(413, f"an item may have {SMALL_BYTES} characters at most")
        if not is_all:
            check_values(text[place : place + size].encode("utf-8", "replace"), MANY_VALUES)


_DECODER = json.JSONDecoder()


def _behind_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place
