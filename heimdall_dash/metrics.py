"""From what a trainer logs to cells that the record can hold. Anything that is one finite number is
a metric, and so is a list of up to 256 of them; nested mappings are flattened with `/`.

Nothing here raises for what it is given: a value that cannot be stored is left out alone, and said.
"""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from heimdall_dash.cells import NotFinite
from heimdall_dash.errors import InvalidMetric
from heimdall_dash.records import MAX_EPOCH, MAX_LIST

Cells = dict[str, Any]

MAX_NAME = 200  # characters
MAX_NESTED = 20  # levels
OWN_COLUMNS = {"epoch": "logged_epoch", "timestamp": "logged_timestamp"}


def clean_cells(metrics: Mapping[Any, Any]) -> tuple[Cells, NotFinite, dict[str, str]]:
    """The cells, which of them were not finite (None in the cells), and what is left out: name →
    why. A None was not measured: it is no cell, and no trouble."""
    cells: Cells = {}
    not_finite: NotFinite = {}
    left_out: dict[str, str] = {}
    for name, value in _flattened(metrics, "", 0, left_out):
        if problem := name_problem(name):
            left_out[shown_name(name)] = problem
            continue
        name = OWN_COLUMNS.get(name, name)
        try:
            value, kind = _cell(value)
        except _NotANumber as error:
            left_out[name] = str(error)
            continue
        if value is None and kind is None:
            continue
        cells[name] = value
        not_finite.pop(name, None)
        if kind is not None:
            not_finite[name] = kind
    return cells, not_finite, left_out


def clean_epoch(epoch: Any) -> int:
    """The epoch as an int, 0 ≤ epoch < 2**53, also from 4096.0 or numpy's; raises InvalidMetric."""
    if type(epoch) is not int:
        try:
            number = epoch.item() if hasattr(epoch, "item") else epoch
            if isinstance(number, (bool, str, bytes)) or int(number) != number:
                raise ValueError
            epoch = int(number)
        except Exception as error:
            raise InvalidMetric(f"an epoch is a whole number ≥ 0, got {shown(epoch)}") from error
    if not 0 <= epoch <= MAX_EPOCH:
        raise InvalidMetric(f"an epoch is between 0 and {MAX_EPOCH}, got {shown(epoch)}")
    return epoch


def name_problem(name: object) -> str | None:
    """Why this cannot be a metric's name; None: it can."""
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        return f"a metric's name has 1 to {MAX_NAME} printable characters"
    return None


def shown_name(name: object) -> str:
    text = shown(name) if not isinstance(name, str) else name
    printable = "".join(c if c.isprintable() else "?" for c in text)
    return printable if len(printable) <= 60 else printable[:59] + "…"


def shown(value: object) -> str:
    """The value for a message; one whose repr raises is named by its type."""
    try:
        text = repr(value)
    except Exception:
        text = "…"
    return f"{type(value).__name__} {text[:60].encode('utf-8', 'replace').decode()}"


class _NotANumber(Exception):
    pass


def _flattened(
    metrics: Mapping[Any, Any], prefix: str, depth: int, left_out: dict[str, str]
) -> Iterator[tuple[Any, Any]]:
    try:
        items = list(metrics.items())
    except Exception as error:
        left_out[prefix or "metrics"] = f"cannot be read: {shown(error)}"
        return
    for name, value in items:
        if not isinstance(name, str):
            name = str(name) if isinstance(name, (int, float)) else name
        full = f"{prefix}/{name}" if prefix else name
        if isinstance(value, Mapping):
            if depth >= MAX_NESTED:
                left_out[shown_name(full)] = f"nested deeper than {MAX_NESTED} levels"
            else:
                yield from _flattened(value, str(full), depth + 1, left_out)
        else:
            yield full, value


def _cell(value: Any) -> tuple[Any, str | None]:
    """The value as JSON has it, and "nan", "inf" or "-inf" where it, or one of a list, is that."""
    if value is None or isinstance(value, (float, int)):
        return _number(value)
    if isinstance(value, (str, bytes, bytearray, complex, set, frozenset)):
        raise _NotANumber(_expected(value))
    try:
        tolist = getattr(value, "tolist", None)  # numpy's arrays and torch's tensors, of any dtype
        if tolist is not None:
            size = getattr(value, "size", None)
            count = int(value.numel()) if hasattr(value, "numel") else size
            if count == 1:
                return _number(value.item())
            if isinstance(count, int) and count > MAX_LIST:
                raise _NotANumber(f"a list has {MAX_LIST} values at most, this one {count}")
            value = tolist()
    except _NotANumber:
        raise
    except Exception as error:
        raise _NotANumber(f"{_expected(value)} ({shown(error)})") from error
    if isinstance(value, (list, tuple)):
        return _list(value)
    return _number(value)


def _list(values: "list[Any] | tuple[Any, ...]") -> tuple[list[Any], str | None]:
    if len(values) > MAX_LIST:
        raise _NotANumber(f"a list has {MAX_LIST} values at most, this one {len(values)}")
    numbers, kinds = [], []
    for value in values:
        if isinstance(value, (list, tuple)) or hasattr(value, "__len__"):
            raise _NotANumber(_expected(values))
        number, kind = _number(value)
        numbers.append(number)
        kinds.append(kind)
    return numbers, next((kind for kind in kinds if kind is not None), None)


def _number(value: Any) -> tuple[float | int | None, str | None]:
    if value is None:
        return None, None
    if isinstance(value, bool):
        return int(value), None
    if type(value) is int and abs(value) <= MAX_EPOCH:
        return value, None
    if isinstance(value, (str, bytes, bytearray)):
        raise _NotANumber(_expected(value))
    try:
        if not isinstance(value, float) and hasattr(value, "item"):
            value = value.item()
            if isinstance(value, (bool, int)) and abs(value) <= MAX_EPOCH:
                return int(value), None
        number = float(value)
    except OverflowError:
        return None, "-inf" if value < 0 else "inf"
    except Exception as error:
        raise _NotANumber(_expected(value)) from error
    if isfinite(number):
        return number, None
    return None, "nan" if number != number else "inf" if number > 0 else "-inf"


def _expected(value: object) -> str:
    return f"expected a number or a list of up to {MAX_LIST} of them, got {shown(value)}"
