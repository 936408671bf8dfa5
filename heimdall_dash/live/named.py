"""Of a job's writes, what a viewer of some metrics needs: their cells, by epoch and time."""

from collections.abc import Iterable, Mapping

from heimdall_dash.cells import Write
from heimdall_dash.records import Row

Names = frozenset[str] | None  # None: all


def named_writes(writes: Iterable[Write], names: Names, times: Mapping[int, str]) -> list[Write]:
    """The writes with the named cells alone; those that have none are left out, those that take
    back are not.

    times: of epochs that are known to have come earlier. An epoch keeps the time of its first
    write, also where that was about another metric.
    """
    first: dict[int, str] = {}
    found = []
    for write in writes:
        if write.row is None:
            first = {epoch: time for epoch, time in first.items() if epoch <= write.epoch}
            found.append(write)
            continue
        epoch, own = write.epoch, write.row.get("timestamp", "")
        time = first.setdefault(epoch, times.get(epoch, own))
        row = write.row if names is None else _cut(write.row, names, write.not_finite)
        if row is None:
            continue
        marks = write.not_finite
        if names is not None and marks:
            marks = {name: kind for name, kind in marks.items() if name in names}
        if time != own or row is not write.row:
            row = {"epoch": epoch, "timestamp": time} | {
                name: value for name, value in row.items() if name not in ("epoch", "timestamp")
            }
        found.append(Write(write.position, epoch, row, marks))
    return found


def _cut(row: Row, names: frozenset[str], marks: Mapping[str, str]) -> Row | None:
    """The named cells; None when somebody wrote none of them."""
    fewer, more = (names, row) if len(names) < len(row) else (row, names)
    cut = {name: row[name] for name in fewer if name in more}
    if all(value is None and name not in marks for name, value in cut.items()):
        return None
    return cut
