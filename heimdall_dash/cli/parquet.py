"""A job's history as a Parquet file: typed columns, a row per epoch."""

import json
from typing import IO, Any

from heimdall_dash.errors import StartupRefused
from heimdall_dash.not_finite import put_not_finite
from heimdall_dash.rest import Rest, quoted


def write_parquet(rest: Rest, job_id: str, file: IO[bytes]) -> None:
    """NaN and infinities stand as such; a cell that nobody wrote is null. The job itself is in the
    file's metadata, under `heimdall.job`. Raises StartupRefused without pyarrow."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise StartupRefused(
            "Parquet needs pyarrow: pip install 'heimdall-dash[parquet]'"
        ) from error
    shown = rest.get(f"/jobs/{quoted(job_id)}")
    history = rest.get(f"/jobs/{quoted(job_id)}/metrics")
    columns, marks = history["columns"], history.get("not_finite") or {}
    put_not_finite(columns, marks)
    arrays = {name: _array(pa, name, values) for name, values in columns.items()}
    job = json.dumps({name: shown[name] for name in ("job", "facts", "notes")})
    table = pa.table(arrays).replace_schema_metadata({"heimdall.job": job})
    pq.write_table(table, file)


def _array(pa: Any, name: str, values: list[Any]) -> Any:
    """Integers, numbers, lists or times; JSON text for a metric that changed its shape."""
    if name == "epoch":
        return pa.array(values, pa.int64())
    if name == "timestamp":
        return pa.array(values, pa.string()).cast(pa.timestamp("ms", "UTC"))
    if all(value is None for value in values):
        return pa.array(values, pa.float64())
    if any(type(value) is float for value in values):
        values = [float(value) if type(value) is int else value for value in values]
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else json.dumps(value) for value in values])
