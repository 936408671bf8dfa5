"""WGS-84 positions: geodetic, Earth-centred (ECEF) and local east-north-up (ENU).

All in float64 and kilometres: a flat map or a spherical range is wrong by 100 m and more over
this area. Haversine is only for the error metric, where its 0.3 % does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SEMI_MAJOR_KM = 6378.137
FLATTENING = 1 / 298.257223563
ECCENTRICITY_SQ = FLATTENING * (2 - FLATTENING)
MEAN_RADIUS_KM = 6371.0088
LIGHT_KM_PER_NS = 299_792.458e-9
AIR_KM_PER_NS = LIGHT_KM_PER_NS / 1.000315
"""Speed in air: 315 ppm refractivity is 31 m per 100 km."""


def ecef_km(lat_deg: Array, lon_deg: Array, height_km: Array) -> Array:
    """Geodetic [...] to Earth-centred [..., 3]."""
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    normal = SEMI_MAJOR_KM / np.sqrt(1 - ECCENTRICITY_SQ * np.sin(lat) ** 2)
    return np.stack(
        [
            (normal + height_km) * np.cos(lat) * np.cos(lon),
            (normal + height_km) * np.cos(lat) * np.sin(lon),
            (normal * (1 - ECCENTRICITY_SQ) + height_km) * np.sin(lat),
        ],
        axis=-1,
    )


def geodetic(ecef: Array) -> tuple[Array, Array, Array]:
    """Earth-centred [..., 3] to latitude and longitude in degrees and height in km.

    source: Bowring 1976; one step is exact to micrometres near the ground.
    """
    x, y, z = ecef[..., 0], ecef[..., 1], ecef[..., 2]
    semi_minor = SEMI_MAJOR_KM * (1 - FLATTENING)
    second_ecc_sq = ECCENTRICITY_SQ / (1 - ECCENTRICITY_SQ)
    p = np.hypot(x, y)
    theta = np.arctan2(z * SEMI_MAJOR_KM, p * semi_minor)
    lat = np.arctan2(
        z + second_ecc_sq * semi_minor * np.sin(theta) ** 3,
        p - ECCENTRICITY_SQ * SEMI_MAJOR_KM * np.cos(theta) ** 3,
    )
    normal = SEMI_MAJOR_KM / np.sqrt(1 - ECCENTRICITY_SQ * np.sin(lat) ** 2)
    return np.degrees(lat), np.degrees(np.arctan2(y, x)), p / np.cos(lat) - normal


@dataclass(frozen=True)
class Plane:
    """The plane that touches the ellipsoid at one point (height 0): east, north, up."""

    lat_deg: float
    lon_deg: float

    def _rotation(self) -> Array:
        lat, lon = np.radians(self.lat_deg), np.radians(self.lon_deg)
        return np.array(
            [
                [-np.sin(lon), np.cos(lon), 0.0],
                [-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)],
                [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)],
            ]
        )

    def _origin(self) -> Array:
        return ecef_km(*np.array([self.lat_deg, self.lon_deg, 0.0]))

    def to_enu(self, lat_deg: Array, lon_deg: Array, height_km: Array) -> Array:
        """Geodetic [...] to ENU km [..., 3]."""
        return (ecef_km(lat_deg, lon_deg, height_km) - self._origin()) @ self._rotation().T

    def to_geodetic(self, enu_km: Array) -> tuple[Array, Array, Array]:
        """ENU km [..., 3] to degrees, degrees, km."""
        return geodetic(enu_km @ self._rotation() + self._origin())

    def ground_distance_m(self, first_km: Array, second_km: Array) -> Array:
        """Great-circle distance in m between points [..., 2] (east, north) on the ground."""
        a_lat, a_lon, _ = self.to_geodetic(on_ground(first_km))
        b_lat, b_lon, _ = self.to_geodetic(on_ground(second_km))
        return haversine_m(a_lat, a_lon, b_lat, b_lon)


def on_ground(east_north_km: Array, height_km: float = 0.3) -> Array:
    """Adds the `up` of a point at this height: the ground curves away from the plane."""
    up = height_km - np.sum(east_north_km**2, axis=-1) / (2 * MEAN_RADIUS_KM)
    return np.concatenate([east_north_km, up[..., None]], axis=-1)


def haversine_m(lat_a: Array, lon_a: Array, lat_b: Array, lon_b: Array) -> Array:
    """Great-circle distance in m of points in degrees, on a sphere of the mean radius."""
    a, b = np.radians(lat_a), np.radians(lat_b)
    half_lon = np.radians(lon_b - lon_a) / 2
    chord = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(half_lon) ** 2
    distance_m: Array = 2e3 * MEAN_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    return distance_m
