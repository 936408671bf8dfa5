"""Scenes as a table of events, the same that `dataset` reads; and metrics as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trainer.dataset import require_pyarrow
from trainer.errors import DatasetError
from trainer.geodesy import AIR_KM_PER_NS, on_ground
from trainer.scenes import Scenes


def events_table(scenes: Scenes) -> pd.DataFrame:
    """One row per event and receiver; arrival times in ns after the event's first one."""
    events, receivers = scenes.present.shape
    lat, lon, height_km = scenes.plane.to_geodetic(scenes.receiver_km)
    tx_lat, tx_lon, _ = scenes.plane.to_geodetic(on_ground(scenes.emitter_km))
    heard = scenes.present.ravel()

    def where_heard(values: np.ndarray) -> np.ndarray:
        return np.where(heard, values.ravel(), np.nan)

    delay_km = np.where(scenes.present, scenes.range_km, np.inf)
    delay_ns = (delay_km - delay_km.min(axis=1, keepdims=True)) / AIR_KM_PER_NS
    table = {
        "event_id": np.repeat(np.arange(events), receivers),
        "receiver_id": np.tile(np.array(scenes.receiver_names), events),
        "tx_lat": np.repeat(tx_lat, receivers),
        "tx_lon": np.repeat(tx_lon, receivers),
        "rx_lat": np.tile(lat, events),
        "rx_lon": np.tile(lon, events),
        "rx_alt_m": np.tile(1e3 * height_km, events),
        "signal_present": heard,
        "snr_db": where_heard(scenes.snr_db),
    }
    if not np.isnan(scenes.sigma_ns).all():
        table["toa_ns"] = where_heard(delay_ns)
        table["toa_sigma_ns"] = where_heard(scenes.sigma_ns)
    return pd.DataFrame(table)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Writes .parquet or .csv, by the name's end.

    raises: DatasetError for another end, MissingExtraError without pyarrow
    """
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        require_pyarrow()
        table.to_parquet(path, index=False)
    else:
        raise DatasetError(f"{path}: expected a name that ends in .parquet or .csv")


def as_text(metrics: Mapping[str, Any]) -> str:
    """Names and values in two columns, four significant digits; lists in one line."""
    width = max(len(name) for name in metrics)
    return "\n".join(f"{name:<{width}}  {_shown(value)}" for name, value in metrics.items())


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(_shown(v) for v in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
