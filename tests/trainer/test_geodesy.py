"""Coordinates against closed forms and published figures."""

import numpy as np

from trainer.geodesy import Plane, ecef_km, geodetic, haversine_m, on_ground


def test_ecef_of_equator_and_pole() -> None:
    np.testing.assert_allclose(ecef_km(*np.zeros(3)), [6378.137, 0, 0], atol=1e-9)
    pole = ecef_km(*np.array([90.0, 0.0, 0.0]))
    np.testing.assert_allclose(pole, [0, 0, 6356.752314245], atol=1e-6)


def test_geodetic_undoes_ecef() -> None:
    lat, lon, height = (
        np.array([-60.0, 45.0, 12.3]),
        np.array([10.0, -120.0, 8.1]),
        np.array([0.0, 1.5, 9.0]),
    )
    back = geodetic(ecef_km(lat, lon, height))
    np.testing.assert_allclose(back, [lat, lon, height], atol=1e-9)


def test_plane_has_its_origin_at_zero_and_keeps_distances() -> None:
    plane = Plane(45.0, 8.0)
    np.testing.assert_allclose(plane.to_enu(*np.array([45.0, 8.0, 0.0])), 0, atol=1e-9)
    lat, lon, height = np.array([45.3, 44.6]), np.array([7.2, 9.0]), np.array([0.2, 0.6])
    enu, ecef = plane.to_enu(lat, lon, height), ecef_km(lat, lon, height)
    np.testing.assert_allclose(
        np.linalg.norm(enu[0] - enu[1]), np.linalg.norm(ecef[0] - ecef[1]), rtol=1e-12
    )
    np.testing.assert_allclose(plane.to_geodetic(enu), [lat, lon, height], atol=1e-9)


def test_ground_points_stay_at_their_height_within_metres() -> None:
    plane = Plane(45.0, 8.0)
    east_north = np.array([[0.0, 0.0], [80.0, 60.0], [-100.0, 20.0]])
    height_km = plane.to_geodetic(on_ground(east_north, 0.3))[2]
    np.testing.assert_allclose(height_km, 0.3, atol=5e-3)


def test_haversine_of_one_degree_of_latitude() -> None:
    assert abs(float(haversine_m(*np.array([45.0, 8.0, 46.0, 8.0]))) - 111_195.1) < 0.1


def test_ground_distance_agrees_with_the_plane_nearby() -> None:
    plane = Plane(45.0, 8.0)
    here, there = np.array([[30.0, -20.0]]), np.array([[30.03, -19.96]])
    assert abs(plane.ground_distance_m(here, there)[0] - 50.0) < 0.2
