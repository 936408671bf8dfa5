"""The scenes a network learns from, simulated or measured, and their geometry."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trainer.geodesy import Array, Plane, on_ground


@dataclass(frozen=True)
class Scenes:
    """N emissions heard by some of R receivers. Float64; absent receivers are 0 (NaN: sigma).

    receiver_km:  [R, 3] east, north, up
    emitter_km:   [N, 2] east, north: the truth
    range_km:     [N, R] arrival time times speed in air, less the mean over present receivers
    snr_db:       [N, R]
    present:      [N, R] bool
    sigma_ns:     [N, R] true timing noise; NaN where it is unknown
    """

    plane: Plane
    receiver_km: Array
    receiver_names: tuple[str, ...]
    emitter_km: Array
    range_km: Array
    snr_db: Array
    present: NDArray[np.bool_]
    sigma_ns: Array

    def __len__(self) -> int:
        return len(self.emitter_km)

    def take(self, rows: NDArray[np.intp] | slice) -> Self:
        """These rows only, same receivers."""
        return type(self)(
            self.plane,
            self.receiver_km,
            self.receiver_names,
            self.emitter_km[rows],
            self.range_km[rows],
            self.snr_db[rows],
            self.present[rows],
            self.sigma_ns[rows],
        )

    def gdop(self) -> Array:
        """[N]; infinite where the geometry gives no position."""
        return gdop(on_ground(self.emitter_km), self.receiver_km, self.present)

    def fingerprint(self) -> str:
        """SHA-256 of everything in it: a checkpoint is only resumed on the same scenes.

        Numbers count as float32: another kind of CPU may draw the same scenes with other last
        bits of their float64, and is to be able to go on.
        """
        digest = hashlib.sha256()
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                is_float = np.issubdtype(value.dtype, np.floating)
                kept = value.astype(np.float32) if is_float else value
                digest.update(np.ascontiguousarray(kept).tobytes())
        return digest.hexdigest()


def directions(
    emitter_km: Array, receiver_km: Array, present: NDArray[np.bool_], weight: Array
) -> tuple[Array, Array]:
    """Unit vectors to the emitter less their weighted mean, and distances.

    emitter_km: [N, 3]; weight: [N, R], 0 where absent
    returns:    q [N, R, 2] (any value where absent) and d [N, R] km. Subtracting the mean
                removes the unknown time of emission exactly.
    """
    offset = emitter_km[:, None] - receiver_km
    distance = np.linalg.norm(offset, axis=-1)
    unit = offset[..., :2] / distance[..., None]
    weight = np.where(present, weight, 0.0)
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)
    mean = np.einsum("nr,nrk->nk", weight / total, unit)
    return unit - mean[:, None], distance


def gdop(emitter_km: Array, receiver_km: Array, present: NDArray[np.bool_]) -> Array:
    """Geometric dilution of precision [N]: position DRMS per range error, time unknown.

    At least 2/sqrt(receivers).  source: Levanon 2000; Torrieri 1984
    """
    ones = np.ones(present.shape)
    q, _ = directions(emitter_km, receiver_km, present, ones)
    information = np.einsum("nr,nri,nrj->nij", present.astype(float), q, q)
    trace = np.trace(information, axis1=1, axis2=2)
    determinant = np.linalg.det(information)
    singular = determinant <= 1e-12 * np.maximum(trace, 1e-300) ** 2
    safe = np.where(singular, 1.0, determinant)
    return np.where(singular, np.inf, np.sqrt(trace / safe))
