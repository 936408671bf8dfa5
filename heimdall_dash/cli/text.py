"""Text for terminals: tables, and nothing that a terminal would take for a command."""

import json
import unicodedata
from collections.abc import Sequence
from typing import Any

NOTHING = "-"


def printable(text: object) -> str:
    """On one line, without control characters: a name or a note comes from anybody."""
    words = " ".join(str(text).split())
    return "".join(sign if sign.isprintable() else "?" for sign in words)


def cell(value: Any) -> str:
    """A JSON value as a reader wants it."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (dict, list)):
        return printable(json.dumps(value, ensure_ascii=False))
    return printable(value)


def when(text: str | None) -> str:
    """ISO 8601 to the second."""
    return printable(text)[:19].replace("T", " ") if text else NOTHING


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns side by side; the last one is not padded."""
    lines = [header, *rows] if header else list(rows)
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def _width(text: str) -> int:
    """Places on a terminal: two for an East Asian letter, none for an accent of its own."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )
