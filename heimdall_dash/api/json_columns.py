"""A history as JSON columns of equal length, in bounded memory: column by column and in pieces into
a file, which is in memory while it is small. So the history is locked while it is written out, and
not for as long as a client takes to read.
"""

import logging
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import IO, Any

import numpy as np
import orjson
from fastapi import Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from heimdall_dash.api.history import Need
from heimdall_dash.api.refusals import Refused
from heimdall_dash.api.table import Table
from heimdall_dash.api.values import Values

log = logging.getLogger(__name__)

Rows = np.ndarray | range  # of a table, rising
SMALL_BYTES = 4 * 2**20  # kept in memory
PIECE_ROWS = 50_000
CHUNK_BYTES = 256 * 1024
JSON = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
MEDIA_TYPE = "application/json"
NO_ROOM = (
    "the server's folder for temporary files has no room for this answer ({}): choose columns "
    "with metrics=, or fewer epochs with points=, after= and before=; format=csv without points= "
    "needs none"
)


def columns_answer(
    head: dict[str, Any], table: Table, need: Need, names: Iterable[str], rows: Rows
) -> Response:
    """`{…head, "columns": {name: […]}, "not_finite": {…}}` of these rows; not_finite is left out
    when nothing is marked. Raises Refused where the disk has no room for the file."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.SpooledTemporaryFile(SMALL_BYTES))
            _write(file, head, table, need, names, rows)
            size = file.tell()
            file.seek(0)
        except OSError as error:  # on a full disk also for want of any folder to write to
            log.warning("no room for an answer of %d rows: %s", len(rows), error)
            raise Refused(507, NO_ROOM.format(error.strerror or error)) from error
        if size <= SMALL_BYTES:
            return Response(file.read(), media_type=MEDIA_TYPE)
        stack.pop_all()
    return _FileAnswer(file, size)


def _write(
    file: IO[bytes],
    head: dict[str, Any],
    table: Table,
    need: Need,
    names: Iterable[str],
    rows: Rows,
) -> None:
    file.write(orjson.dumps(head, option=JSON)[:-1] + b',"columns":{')
    marks: dict[str, dict[int, str]] = {}
    for number, name in enumerate(names):
        need([name])
        file.write((b"," if number else b"") + orjson.dumps(name) + b":[")
        for piece in _pieces(table, name, rows):
            file.write(piece)
        file.write(b"]")
        if marked := _marks(table, name, rows):
            marks[name] = marked
    if marks:
        file.write(b'},"not_finite":' + orjson.dumps(marks, option=JSON) + b"}")
    else:
        file.write(b"}}")


def cells(table: Table, name: str, rows: Rows) -> Values:
    """The column at these rows."""
    if len(rows) == 0:
        return []
    start = int(rows[0])
    values = table.cut(name, start, int(rows[-1]) + 1)
    if isinstance(rows, range):
        return values
    if isinstance(values, np.ndarray):
        kept: Values = values[rows - start]
        return kept
    return [values[place] for place in (rows - start).tolist()]


def _pieces(table: Table, name: str, rows: Rows) -> Iterator[bytes]:
    for start in range(0, len(rows), PIECE_ROWS):
        piece = cells(table, name, rows[start : start + PIECE_ROWS])
        yield (b"," if start else b"") + orjson.dumps(piece, option=JSON)[1:-1]


def _marks(table: Table, name: str, rows: Rows) -> dict[int, str]:
    """By epoch, of what was not finite."""
    if len(rows) == 0 or name not in table.marks:
        return {}
    first, last = table.epochs[int(rows[0])], table.epochs[int(rows[-1])]
    marked: dict[int, str] = table.not_finite([name], first - 1, last + 1).get(name, {})
    if isinstance(rows, range):
        return marked
    shown = {table.epochs[row] for row in rows.tolist()}
    return {epoch: kind for epoch, kind in marked.items() if epoch in shown}


class _FileAnswer(StreamingResponse):
    """Closes the file when it was sent, or nobody reads any more."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        headers = {"Content-Length": str(size)}
        super().__init__(_chunks(file), media_type=MEDIA_TYPE, headers=headers)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
