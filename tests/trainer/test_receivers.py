"""A file of receivers in place of the seven."""

from pathlib import Path

import numpy as np
import pytest

from trainer.config import TrainingConfig
from trainer.errors import DatasetError
from trainer.receivers import RECEIVERS
from trainer.receivers_file import read_receivers
from trainer.scene import simulator

HEAD = "name,lat,lon,alt_m\n"
ROWS = ["A,48.1,11.5,500", "B,48.4,11.8,450", "C,47.9,11.9,600", "D,48.2,11.1,520"]


def saved(path: Path, *rows: str, head: str = HEAD) -> Path:
    path.write_text(head + "\n".join(rows) + "\n")
    return path


def test_scenes_are_heard_by_the_receivers_of_the_file(tmp_path: Path) -> None:
    path = saved(tmp_path / "r.csv", *ROWS)
    assert read_receivers(path)[1] == ("B", 48.4, 11.8, 450.0)
    scenes = simulator(TrainingConfig(receivers=str(path), max_gdop=1000)).train(50)
    assert scenes.receiver_names == ("A", "B", "C", "D")
    lat, _, height_km = scenes.plane.to_geodetic(scenes.receiver_km)
    np.testing.assert_allclose(lat, [48.1, 48.4, 47.9, 48.2], atol=1e-9)
    np.testing.assert_allclose(height_km, [0.5, 0.45, 0.6, 0.52], atol=1e-6)


def test_heimdalls_own_receivers_come_back_from_a_file(tmp_path: Path) -> None:
    path = saved(tmp_path / "r.csv", *(",".join(map(str, r)) for r in RECEIVERS))
    one = simulator(TrainingConfig(receivers=str(path))).train(64)
    assert one.fingerprint() == simulator(TrainingConfig()).train(64).fingerprint()


@pytest.mark.parametrize(
    ("rows", "head", "problem"),
    [
        (ROWS[:3], HEAD, "3 receivers"),
        (ROWS, "name,lat,long,alt_m\n", "column lon is missing"),
        ([*ROWS, "E,98,11,0"], HEAD, "column lat, row 5"),
        ([*ROWS, "E,48,east,0"], HEAD, "column lon, row 5"),
        ([*ROWS, "A,48,11,0"], HEAD, "column name, row 5"),
        ([*ROWS, "E,48.1,11.5,0"], HEAD, "column lat, row 5"),
        ([*ROWS, "E,40,11,0"], HEAD, "km from the receivers' middle"),
    ],
)
def test_impossible_receivers_are_refused_by_column_and_row(
    tmp_path: Path, rows: list[str], head: str, problem: str
) -> None:
    with pytest.raises(DatasetError, match=problem):
        read_receivers(saved(tmp_path / "r.csv", *rows, head=head))
