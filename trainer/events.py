"""A checked table of measured events as scenes; and their split into training and validation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from trainer.errors import DatasetError
from trainer.geodesy import AIR_KM_PER_NS, Array, Plane
from trainer.scene import centred
from trainer.scenes import Scenes

MIN_EVENTS = 500
SLACK_NS = 20_000.0
"""Beyond baseline / c, an arrival time difference may be larger by this much."""
BLOCK_KM = 5.0
EMITTER_HEIGHT_KM = 0.3


@dataclass(frozen=True)
class Events:
    """The usable events of a file, and whether it has arrival times."""

    scenes: Scenes
    has_timing: bool


def events_of(path: Path, table: pd.DataFrame, min_receivers: int) -> Events:
    """A checked table as scenes, in a plane through the receivers' middle.

    raises: DatasetError where receivers, delays or the number of events make no sense
    """
    receivers = table.drop_duplicates("receiver_id").sort_values("receiver_id")
    names = [str(name) for name in receivers["receiver_id"]]
    places = receivers[["rx_lat", "rx_lon"]].to_numpy()
    same = pd.DataFrame(places).duplicated().to_numpy()
    if same.any():
        raise DatasetError(
            f"{path}: column rx_lat: receiver {names[int(np.flatnonzero(same)[0])]} stands where "
            f"another one does: give each receiver its own position, or one receiver_id"
        )
    plane = Plane(float(places[:, 0].mean()), float(places[:, 1].mean()))
    receiver_km = plane.to_enu(places[:, 0], places[:, 1], receivers["rx_alt_m"].to_numpy() / 1e3)

    event, ids = pd.factorize(table["event_id"])
    station = pd.Series(range(len(names)), index=receivers["receiver_id"])[table["receiver_id"]]
    column = station.to_numpy()
    shape = (len(ids), len(names))

    def grid(name: str, empty: float) -> np.ndarray:
        cells = np.full(shape, empty)
        cells[event, column] = np.where(table["signal_present"], table[name], empty)
        return cells

    present = grid("signal_present", 0.0).astype(bool)
    has_timing = "toa_ns" in table.columns
    toa_ns = grid("toa_ns", np.nan) if has_timing else np.zeros(shape)
    first = table.drop_duplicates("event_id")
    truth = plane.to_enu(
        first["tx_lat"].to_numpy(), first["tx_lon"].to_numpy(), np.full(len(ids), EMITTER_HEIGHT_KM)
    )
    delay_ns = np.where(present, toa_ns, 0.0)
    if has_timing:
        _check_delays(path, delay_ns, present, receiver_km, ids)
    sigma = (
        grid("toa_sigma_ns", np.nan) if "toa_sigma_ns" in table.columns else np.full(shape, np.nan)
    )
    scenes = Scenes(
        plane=plane,
        receiver_km=receiver_km,
        receiver_names=tuple(names),
        emitter_km=truth[:, :2],
        range_km=centred(AIR_KM_PER_NS * delay_ns, present),
        snr_db=grid("snr_db", 0.0),
        present=present,
        sigma_ns=sigma,
    )
    usable = present.sum(axis=1) >= min_receivers
    if has_timing:
        usable &= np.isfinite(scenes.gdop())
    scenes = scenes.take(np.flatnonzero(usable))
    if len(scenes) < MIN_EVENTS:
        raise DatasetError(
            f"{path}: column signal_present: {len(scenes)} of {len(ids)} events are heard by at "
            f"least {min_receivers} receivers; {MIN_EVENTS} are needed"
        )
    return Events(scenes, has_timing)


def _check_delays(
    path: Path, delay_ns: Array, present: np.ndarray, receiver_km: Array, events: pd.Index
) -> None:
    """No two arrivals of an event can be further apart than light takes between receivers."""
    for a in range(len(receiver_km)):
        for b in range(a):
            baseline_ns = np.linalg.norm(receiver_km[a] - receiver_km[b]) / AIR_KM_PER_NS
            both = present[:, a] & present[:, b]
            apart = np.where(both, np.abs(delay_ns[:, a] - delay_ns[:, b]), 0.0)
            worst = int(np.argmax(apart))
            if apart[worst] > baseline_ns + SLACK_NS:
                raise DatasetError(
                    f"{path}: column toa_ns, event_id {events[worst]}: two receivers differ by "
                    f"{apart[worst]:.0f} ns, light needs only {baseline_ns:.0f} ns between them: "
                    f"are the clocks on one time, in ns?"
                )


def split_by_place(events: Events, val_fraction: float, seed: int) -> tuple[Scenes, Scenes]:
    """Training and validation scenes with no 5-km block of the map in both.

    Splitting by row would put repeated transmissions of one site on both sides.
    raises: DatasetError where all events come from too few places
    """
    blocks = np.floor(events.scenes.emitter_km / BLOCK_KM).astype(int)
    place = np.unique(blocks, axis=0, return_inverse=True)[1].reshape(-1)
    count = int(place.max()) + 1
    if count < 10:
        raise DatasetError(
            f"columns tx_lat, tx_lon: the events come from {count} blocks of {BLOCK_KM:g} km; "
            f"at least 10 are needed to validate on places that were not trained on"
        )
    order = np.random.default_rng([seed, 3]).permutation(count)
    size = np.bincount(place, minlength=count)[order]
    held_out = order[np.cumsum(size) <= val_fraction * len(place)]
    is_validation = np.isin(place, held_out if len(held_out) else order[:1])
    return (
        events.scenes.take(np.flatnonzero(~is_validation)),
        events.scenes.take(np.flatnonzero(is_validation)),
    )
