"""Logged dictionaries as cells: numbers, nested ones with `/`; what else they hold is counted."""

from typing import Any

from heimdall_dash.importers.run import ForeignRun


def add_values(run: ForeignRun, step: int, unix_s: float, values: dict[str, Any]) -> None:
    """Put the numbers of `values` into the run's table; media and text are left out and named."""
    for name, value in values.items():
        if isinstance(value, (int, float)):
            _add(run, name, step, unix_s, value)
        elif isinstance(value, dict) and not any(str(key).startswith("_type") for key in value):
            nested = {f"{name}/{key}": inner for key, inner in value.items()}
            add_values(run, step, unix_s, nested)
        elif value is not None:
            run.left_out.add(_kind(value), name)


def _add(run: ForeignRun, name: str, step: int, unix_s: float, value: float) -> None:
    try:
        number = float(value)
    except OverflowError:
        number = float("inf") if value > 0 else float("-inf")
    if not run.table.add(name, step, unix_s, number):
        run.left_out.add("value at a step that is none", name)


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return str(value["_type"]) if "_type" in value else "object"
    return "text" if isinstance(value, str) else "list"
