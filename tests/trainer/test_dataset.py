"""Files of measured events: a round trip, and every broken schema is named."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trainer.config import TrainingConfig
from trainer.dataset import read_events
from trainer.errors import DatasetError, MissingExtraError
from trainer.scene import simulator
from trainer.tables import events_table, write_table


def table(events: int = 520) -> pd.DataFrame:
    return events_table(simulator(TrainingConfig()).train(events))


def test_events_come_back_from_a_file_as_they_were(tmp_path: Path) -> None:
    scenes = simulator(TrainingConfig()).train(600)
    for name in ("events.csv", "events.parquet"):
        write_table(events_table(scenes), tmp_path / name)
        events = read_events(tmp_path / name)
        assert events.has_timing
        order = [events.scenes.receiver_names.index(n) for n in scenes.receiver_names]
        back = events.scenes
        np.testing.assert_array_equal(back.present[:, order], scenes.present)
        np.testing.assert_allclose(back.range_km[:, order], scenes.range_km, atol=1e-6)
        np.testing.assert_allclose(back.emitter_km, scenes.emitter_km, atol=1e-4)
        np.testing.assert_allclose(back.receiver_km[order], scenes.receiver_km, atol=1e-6)


def late(t: pd.DataFrame) -> None:
    t.loc[t.index[t.signal_present][5], "toa_ns"] += 5e7


def twice(t: pd.DataFrame) -> None:
    t.loc[8, "receiver_id"] = t.loc[7, "receiver_id"]


def moved(t: pd.DataFrame) -> None:
    t.loc[9, "rx_lat"] += 0.1


def twin(t: pd.DataFrame) -> None:
    for name in ("rx_lat", "rx_lon"):
        t.loc[t.receiver_id == "Coazze", name] = t[name][t.receiver_id == "Genova"].iloc[0]


def text(t: pd.DataFrame) -> None:
    t["tx_lat"] = t["tx_lat"].astype(object)
    t.loc[11, "tx_lat"] = "north"


def set_value(column: str, row: int | slice, value: object) -> Callable[[pd.DataFrame], None]:
    def change(t: pd.DataFrame) -> None:
        t[column] = t[column].astype(object)
        t.loc[row, column] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.pop("rx_alt_m"), "column rx_alt_m is missing"),
        (text, "column tx_lat, row 12: north is not a number"),
        (set_value("rx_lon", 3, 200.0), "column rx_lon, row 4"),
        (set_value("signal_present", 2, "maybe"), "column signal_present, row 3"),
        (set_value("event_id", 4, None), "column event_id, row 5"),
        (twice, "column receiver_id, row 9"),
        (moved, "column rx_lat, row 10"),
        (twin, "column rx_lat: receiver"),
        (late, "column toa_ns, event_id"),
        (set_value("signal_present", slice(100, None), False), "events are heard by at least 4"),
    ],
)  # fmt: skip
def test_broken_file_is_refused_by_column_and_row(
    tmp_path: Path, change: Callable[[pd.DataFrame], None], said: str
) -> None:
    broken = table()
    change(broken)
    broken.to_csv(tmp_path / "broken.csv", index=False)
    with pytest.raises(DatasetError) as caught:
        read_events(tmp_path / "broken.csv")
    assert said in str(caught.value)
    assert "broken.csv" in str(caught.value)


def test_missing_time_of_a_present_receiver_is_refused(tmp_path: Path) -> None:
    broken = table()
    broken.loc[broken.index[broken.signal_present][3], "toa_ns"] = np.nan
    broken.to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DatasetError, match="column toa_ns, row"):
        read_events(tmp_path / "b.csv")


def test_file_that_is_not_there_or_not_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such file"):
        read_events(tmp_path / "none.csv")
    (tmp_path / "a.parquet").write_bytes(b"noise")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_events(tmp_path / "a.parquet")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DatasetError, match=r"\.parquet or \.csv"):
        read_events(tmp_path / "a.txt")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_events(tmp_path / "empty.csv")


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.parquet").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match="pip install pyarrow"):
        read_events(tmp_path / "a.parquet")


def test_large_time_origins_keep_their_nanoseconds(tmp_path: Path) -> None:
    """float64 has steps of 256 ns at 1.7e18 ns since 1970: integers must not be rounded first."""
    shifted = table()
    plain = read_events(_saved(shifted, tmp_path / "a.csv"))
    shifted["toa_ns"] = shifted["toa_ns"].round().astype("Int64") + 1_700_000_000_000_000_000
    late_origin = read_events(_saved(shifted, tmp_path / "b.csv"))
    # rounding to whole ns moves a range by at most 0.15 m, its centred value by twice that
    np.testing.assert_allclose(
        late_origin.scenes.range_km, plain.scenes.range_km, atol=0.31e-3, rtol=0
    )


def _saved(events: pd.DataFrame, path: Path) -> Path:
    events.to_csv(path, index=False)
    return path
