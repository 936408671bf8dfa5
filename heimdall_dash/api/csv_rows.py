"""A history as CSV, in pieces of bounded size, and safe to open in a spreadsheet.

A text that a spreadsheet would take for a formula gets an apostrophe in front, and so does one
that begins with an apostrophe, so that it can be told apart. An empty cell was not written;
`NaN`, `Infinity` and `-Infinity` were.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson

from heimdall_dash.api.history import History, Need
from heimdall_dash.api.json_columns import Rows, cells
from heimdall_dash.api.table import Table
from heimdall_dash.api.values import Values

CHUNK_CELLS = 200_000
END = "\r\n"  # of a line, as the csv module writes it
WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
RISKY = tuple("=+-@\t\r'＝＋－＠")  # also in full width, which some spreadsheets take for the same


def csv_header(names: Sequence[str]) -> str:
    return _lines([[_safe(name) for name in names]])


def csv_pieces(
    history: History, job_id: str, names: Sequence[str], after: int, before: int | None
) -> Iterator[str]:
    """Lines of the epochs with after < epoch < before, as they stand when each piece is made."""
    chunk_rows = max(1, CHUNK_CELLS // max(1, len(names)))
    while True:
        with history.part(job_id, names, after) as table:
            start, stop = table.rows(after, before)
            stop = min(stop, start + chunk_rows)
            if start == stop:
                return
            after = table.epochs[stop - 1]
            lines = csv_rows(table, names, range(start, stop))
        yield lines


def csv_rows(table: Table, names: Sequence[str], rows: Rows, need: Need = lambda _: None) -> str:
    """Lines of these rows of the table. need: is called for each column before it is looked at."""
    epochs = [table.epochs[row] for row in rows]
    columns = []
    for name in names:
        need([name])
        found = _texts(cells(table, name, rows))
        if marks := table.marks.get(name):
            known = (marks.get(epoch) for epoch in epochs)
            found = [
                cell if kind is None or cell != "" else WORDS.get(str(kind), "NaN")
                for cell, kind in zip(found, known, strict=True)
            ]
        columns.append(found)
    return _lines(zip(*columns, strict=True))


def labelled(lines: str, cells: Sequence[str]) -> str:
    """The same lines with these cells in front of each."""
    front = _lines([[_safe(cell) for cell in cells]]).removesuffix(END)
    # no cell of a history holds the end of a line: its texts are times and JSON
    return "".join(f"{front},{line}{END}" for line in lines.split(END)[:-1])


def _lines(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _texts(values: Values) -> list[Any]:
    if not isinstance(values, np.ndarray):
        return [_cell(value) for value in values]
    if values.dtype != np.float64:
        return list(values.tolist())
    return [repr(value) if value == value else "" for value in values.tolist()]


def _cell(value: Any) -> Any:
    """Numbers as they are, to the last bit; lists as JSON."""
    if value is None or value != value:
        return ""
    if isinstance(value, str):
        return _safe(value)
    if isinstance(value, (list, dict)):
        return orjson.dumps(value).decode()
    return repr(float(value)) if isinstance(value, float) else value


def _safe(text: str) -> str:
    return "'" + text if text.lstrip(" ").startswith(RISKY) else text
