"""From what a trainer logs to cells that the record can hold. Anything that is one finite number is
a metric, and so is a list of up to 256 of them; nested mappings are flattened with `/`.

Nothing here raises for what it is given: a value that cannot be stored is left out alone, and said.
"""

import reprlib
from collections.abc import Iterator, Mapping
from math import inf, isfinite
from numbers import Real
from typing import Any

from heimdall_dash.cells import NotFinite
from heimdall_dash.errors import InvalidMetric
from heimdall_dash.records import MAX_EPOCH, MAX_LIST

Cells = dict[str, Any]

MAX_NAME = 200  # characters
MAX_NESTED = 20  # levels
MAX_CELLS = 10_000  # of one write, as many as a job may have names
_NAME_PROBLEM = f"a metric's name has 1 to {MAX_NAME} printable characters"
OWN_COLUMNS = {"epoch": "logged_epoch", "timestamp": "logged_timestamp"}


def clean_cells(metrics: Mapping[Any, Any]) -> tuple[Cells, NotFinite, dict[str, str]]:
    """The cells, which of them were not finite (None in the cells), and what is left out: name →
    why. A None was not measured: it is no cell, and no trouble."""
    cells: Cells = {}
    not_finite: NotFinite = {}
    left_out: dict[str, str] = {}
    for count, (name, value) in enumerate(_flattened(metrics, "", (), left_out)):
        if count >= MAX_CELLS:
            left_out["metrics"] = f"one write has at most {MAX_CELLS} values; the rest is left out"
            break
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
            # compared first: int(Decimal("1e999999999")) never ends
            if isinstance(number, (bool, str, bytes)) or not 0 <= number <= MAX_EPOCH:
                raise ValueError
            if int(number) != number:
                raise ValueError
            return int(number)
        except Exception as error:
            raise InvalidMetric(_epoch_problem(epoch)) from error
    if not 0 <= epoch <= MAX_EPOCH:
        raise InvalidMetric(_epoch_problem(epoch))
    return epoch


def _epoch_problem(epoch: object) -> str:
    return f"an epoch is a whole number from 0 to {MAX_EPOCH}, got {shown(epoch)}"


def name_problem(name: object) -> str | None:
    """Why this cannot be a metric's name; None: it can."""
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        return _NAME_PROBLEM
    return None


def shown_name(name: object) -> str:
    """The name for a message: at most 60 printable characters."""
    text = name[:61] if type(name) is str else shown(name)
    printable = "".join(c if c.isprintable() else "?" for c in text)
    return printable if len(printable) <= 60 else printable[:59] + "…"


def shown(value: object) -> str:
    """The value for a message, on one short line, whatever its size; one whose repr raises is
    named by its type."""
    try:
        text = _SHORT.repr(value)
    except Exception:
        text = "…"
    line = " ".join(text[:80].encode("utf-8", "replace").decode().split())
    return f"{type(value).__name__:.40} {line[:60]}"


_SHORT = reprlib.Repr()  # does not write out a list of millions for the sake of its beginning
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 3, 60, 80


class _NotANumber(Exception):
    pass


def _flattened(
    metrics: Mapping[Any, Any], prefix: str, around: tuple[int, ...], left_out: dict[str, str]
) -> Iterator[tuple[Any, Any]]:
    """around: the ids of the mappings that this one lies in."""
    try:
        items = [(name, value) for name, value in metrics.items()]
    except Exception as error:
        left_out[shown_name(prefix) or "metrics"] = f"cannot be read: {shown(error)}"
        return
    around = (*around, id(metrics))
    for name, value in items:
        full = _full_name(prefix, name)
        if full is None:
            left_out[shown_name(name)] = _NAME_PROBLEM
        elif not is_mapping(value):
            yield full, value
        else:
            yield full, None  # no cell, but it counts: mappings of mappings are many, too
            if id(value) in around:
                left_out[shown_name(full)] = "holds itself"
            elif len(around) > MAX_NESTED:
                left_out[shown_name(full)] = f"nested deeper than {MAX_NESTED} levels"
            else:
                yield from _flattened(value, full, around, left_out)


def _full_name(prefix: str, name: Any) -> Any:
    """`prefix/name`; None for what is neither text nor a number that can be written."""
    try:
        if isinstance(name, str):
            name = str.__str__(name)  # numpy's text and text enums: JSON wants str itself
        elif isinstance(name, Real):
            name = str(name)
        else:
            return None
    except Exception:
        return None
    return f"{prefix}/{name}" if prefix else name


def is_mapping(value: object) -> bool:
    """False also for what raises when it is asked."""
    try:
        return isinstance(value, Mapping)
    except Exception:  # a proxy that is bound to nothing has not even a class
        return False


def _cell(value: Any) -> tuple[Any, str | None]:
    """The value as JSON has it, and "nan", "inf" or "-inf" where it, or one of a list, is that."""
    if value is None or type(value) is float or type(value) is int:
        return _number(value)
    try:
        if isinstance(value, (float, int)):
            return _number(value)
        if isinstance(value, (str, bytes, bytearray, complex, set, frozenset)):
            raise _NotANumber(_expected(value))
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
    return _list(value) if isinstance(value, (list, tuple)) else _number(value)


def _list(values: "list[Any] | tuple[Any, ...]") -> tuple[list[Any], str | None]:
    if len(values) > MAX_LIST:
        raise _NotANumber(f"a list has {MAX_LIST} values at most, this one {len(values)}")
    numbers, kinds = [], []
    for value in values:
        number, kind = _number(value)  # refuses a list in a list: it has no float
        numbers.append(number)
        kinds.append(kind)
    return numbers, next((kind for kind in kinds if kind is not None), None)


def _number(value: Any) -> tuple[float | int | None, str | None]:
    if value is None:
        return None, None
    if type(value) is int and abs(value) <= MAX_EPOCH:
        return value, None
    try:
        if isinstance(value, (str, bytes, bytearray)):
            raise TypeError
        if not isinstance(value, (float, int)) and hasattr(value, "item"):
            value = value.item()  # of arrays with one element only
            if isinstance(value, (str, bytes)):
                raise TypeError
        if isinstance(value, int) and abs(value) <= MAX_EPOCH:
            return int(value), None
        number = _float(value)
    except Exception as error:
        raise _NotANumber(_expected(value)) from error
    if isfinite(number):
        return number, None
    return None, "nan" if number != number else "inf" if number > 0 else "-inf"


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # a finite number beyond what a double holds
        return -inf if value < 0 else inf


def _expected(value: object) -> str:
    return f"expected a number or a list of up to {MAX_LIST} of them, got {shown(value)}"
