"""Receivers of a file in place of Heimdall's seven."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from trainer.errors import DatasetError
from trainer.geodesy import haversine_m
from trainer.receivers import Receiver

COLUMNS = ("name", "lat", "lon", "alt_m")
RANGES = {"lat": (-85.0, 85.0), "lon": (-180.0, 180.0), "alt_m": (-500.0, 9000.0)}
FEWEST, MOST = 4, 64
LARGEST_KM = 150.0
"""From the middle: beyond it the network's scales and the plane no longer fit."""


def read_receivers(path: Path) -> tuple[Receiver, ...]:
    """Receivers of a CSV file with the columns name, lat, lon, alt_m.

    raises: DatasetError naming the column and row
    """
    try:
        table = pd.read_csv(path, dtype={"name": str})
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from None
    for name in COLUMNS:
        if name not in table.columns:
            raise DatasetError(f"{path}: column {name} is missing. Needed: {', '.join(COLUMNS)}")
    if not FEWEST <= len(table) <= MOST:
        raise DatasetError(f"{path}: {len(table)} receivers; {FEWEST} to {MOST} are possible")
    for name, (low, high) in RANGES.items():
        table[name] = pd.to_numeric(table[name], errors="coerce")
        _refuse(path, name, ~table[name].between(low, high), f"is not within {low:g}…{high:g}")
    _refuse(path, "name", table["name"].isna() | table["name"].duplicated(), "is empty or a repeat")
    _refuse(path, "lat", table.duplicated(["lat", "lon"]), "stands where another one does")
    middle = table["lat"].mean(), table["lon"].mean()
    away_m = haversine_m(table["lat"].to_numpy(), table["lon"].to_numpy(), *map(np.asarray, middle))
    problem = f"is more than {LARGEST_KM:g} km from the receivers' middle"
    _refuse(path, "lat", pd.Series(away_m > 1e3 * LARGEST_KM), problem)
    rows = table[list(COLUMNS)].itertuples(index=False, name=None)
    return tuple((str(n), float(lat), float(lon), float(alt)) for n, lat, lon, alt in rows)


def _refuse(path: Path, column: str, bad: pd.Series, problem: str) -> None:
    rows = np.flatnonzero(bad.to_numpy())
    if len(rows):
        raise DatasetError(f"{path}: column {column}, row {rows[0] + 1}: the receiver {problem}")
