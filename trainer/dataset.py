"""Measured events from a file, in place of simulated scenes: one row per event and receiver.

Every problem is a DatasetError that names the column or the row. Columns: see SCHEMA.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trainer.errors import DatasetError, MissingExtraError
from trainer.events import Events, events_of

SCHEMA: dict[str, str] = {
    "event_id": "integer or text; the same for all receivers of one emission",
    "receiver_id": "text",
    "tx_lat": "degrees, WGS-84: the truth",
    "tx_lon": "degrees",
    "rx_lat": "degrees",
    "rx_lon": "degrees",
    "rx_alt_m": "m above the ellipsoid",
    "signal_present": "true or false",
    "snr_db": "dB, empty where the signal is absent",
    "toa_ns": "ns, any common origin per event; whole column may be missing: power only",
    "toa_sigma_ns": "ns, optional",
}
REQUIRED = (
    "event_id",
    "receiver_id",
    "tx_lat",
    "tx_lon",
    "rx_lat",
    "rx_lon",
    "rx_alt_m",
    "signal_present",
    "snr_db",
)
RANGES = {
    "tx_lat": (-90.0, 90.0),
    "tx_lon": (-180.0, 180.0),
    "rx_lat": (-90.0, 90.0),
    "rx_lon": (-180.0, 180.0),
    "rx_alt_m": (-500.0, 9000.0),
    "snr_db": (-30.0, 120.0),
    "toa_sigma_ns": (1e-3, 1e6),
}


def read_events(path: Path, *, min_receivers: int = 4) -> Events:
    """raises: DatasetError naming column and row, MissingExtraError without pyarrow"""
    table = _read_table(path)
    missing = [name for name in REQUIRED if name not in table.columns]
    if missing:
        raise DatasetError(f"{path}: column {missing[0]} is missing. Needed: {', '.join(REQUIRED)}")
    table = _checked(path, table)
    return events_of(path, table, min_receivers)


def _read_table(path: Path) -> pd.DataFrame:
    if not path.exists():
        raise DatasetError(f"{path}: there is no such file")
    try:
        if path.suffix == ".csv":
            return pd.read_csv(path, dtype_backend="numpy_nullable")
        if path.suffix == ".parquet":
            require_pyarrow()
            return pd.read_parquet(path, dtype_backend="numpy_nullable")
    except (ValueError, OSError, pd.errors.ParserError) as error:
        raise DatasetError(f"{path}: cannot be read: {error}") from error
    raise DatasetError(f"{path}: expected a name that ends in .parquet or .csv")


def require_pyarrow() -> None:
    """raises: MissingExtraError that says what to install"""
    try:
        import pyarrow  # noqa: F401  (optional extra)
    except ImportError as error:
        raise MissingExtraError(
            "Parquet files need pyarrow: pip install pyarrow, or use a .csv file."
        ) from error


def _checked(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """The table with numbers as float64 and flags as bool; every value in its range."""
    table = table.reset_index(drop=True)
    present = _flags(path, table)
    table["signal_present"] = present
    for name in ("event_id", "receiver_id"):
        _refuse(path, name, table[name].isna(), "is empty", table)
    numbers = [*RANGES, "toa_ns"]
    for name in (n for n in numbers if n in table.columns):
        column = pd.to_numeric(table[name], errors="coerce")
        if name == "toa_ns":
            column = _after_first(column.where(present), table["event_id"])
        values = pd.Series(column.to_numpy(dtype="float64", na_value=np.nan))
        needed = present if name in ("snr_db", "toa_ns", "toa_sigma_ns") else ~present | present
        bad = needed & ~np.isfinite(values)
        _refuse(path, name, bad, "is not a number", table)
        low, high = RANGES.get(name, (-np.inf, np.inf))
        _refuse(
            path, name, needed & ~values.between(low, high), f"is outside {low:g}…{high:g}", table
        )
        table[name] = values
    twice = table.duplicated(["event_id", "receiver_id"])
    _refuse(path, "receiver_id", twice, "occurs twice in one event", table)
    for key, names in (
        ("receiver_id", ("rx_lat", "rx_lon", "rx_alt_m")),
        ("event_id", ("tx_lat", "tx_lon")),
    ):
        for name in names:
            first = table.groupby(key, sort=False)[name].transform("first")
            _refuse(path, name, first != table[name], f"differs within one {key}", table)
    return table


def _after_first(toa_ns: pd.Series, event: pd.Series) -> pd.Series:
    """Times after the event's first arrival. Integers stay exact: nanoseconds since 1970 would
    have steps of 256 ns as float64."""
    return toa_ns - toa_ns.groupby(event, sort=False).transform("min")


def _flags(path: Path, table: pd.DataFrame) -> pd.Series:
    words = table["signal_present"].astype(str).str.strip().str.lower()
    known = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
    _refuse(path, "signal_present", ~words.isin(list(known)), "is neither true nor false", table)
    return pd.Series(words.map(known).to_numpy(dtype=bool))


def _refuse(path: Path, column: str, bad: Any, problem: str, table: pd.DataFrame) -> None:
    rows = np.flatnonzero(np.asarray(bad))
    if len(rows):
        value = table[column].iloc[rows[0]]
        raise DatasetError(
            f"{path}: column {column}, row {rows[0] + 1}: {value} {problem} ({len(rows)} such rows)"
        )
