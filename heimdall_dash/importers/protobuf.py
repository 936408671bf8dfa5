"""Protocol buffers as bytes, as far as our readers need them: fields by number, nothing else.

Reading a million small messages is what this is for: a generator of fields would cost more than
what it finds, so a message becomes one dictionary of lists.
"""

from struct import Struct
from typing import Any

_DOUBLE, _FLOAT = Struct("<d"), Struct("<f")

Message = dict[int, list[Any]]


def parse(data: bytes) -> Message:
    """Fields by number, in their order: ints (varint), bytes (all else). Raises ValueError."""
    fields: Message = {}
    place, end = 0, len(data)
    while place < end:
        tag, place = varint(data, place)
        kind = tag & 7
        value: Any
        if kind == 0:
            value, place = varint(data, place)
        else:
            if kind == 2:
                size, place = varint(data, place)
            elif kind in (1, 5):
                size = 8 if kind == 1 else 4
            else:
                raise ValueError(f"no field begins with {tag}")
            value, place = data[place : place + size], place + size
            if place > end:
                raise ValueError("a field ends behind its message")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def varint(data: bytes, place: int) -> tuple[int, int]:
    """The number that begins there, and where it ends; raises ValueError."""
    number, shift = 0, 0
    try:
        while True:
            byte = data[place]
            place += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number, place
            shift += 7
            if shift > 63:
                raise ValueError("a number of more than 64 bits")
    except IndexError as error:
        raise ValueError("a number ends behind its message") from error


def signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


def double(value: bytes) -> float:
    return float(_DOUBLE.unpack(value)[0])


def single(value: bytes) -> float:
    return float(_FLOAT.unpack(value)[0])


def text(message: Message, number: int) -> str:
    """The field's last value as text; "" where there is none."""
    values = message.get(number)
    return values[-1].decode("utf-8", "replace") if values else ""
