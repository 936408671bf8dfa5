"""Tables of events and metrics as text; reading them back is tested with the data set."""

from pathlib import Path

import numpy as np
import pytest

from trainer.config import TrainingConfig
from trainer.errors import DatasetError
from trainer.scene import simulator
from trainer.tables import as_text, events_table, write_table


def test_table_has_a_row_per_event_and_receiver_and_no_values_of_silent_ones() -> None:
    scenes = simulator(TrainingConfig()).train(20)
    table = events_table(scenes)
    assert len(table) == 20 * 7
    silent = table[~table["signal_present"]]
    assert silent[["snr_db", "toa_ns", "toa_sigma_ns"]].isna().all(axis=None)
    first = table.groupby("event_id")["toa_ns"].min()
    np.testing.assert_allclose(first, 0, atol=1e-9)


def test_table_of_power_only_has_no_times() -> None:
    table = events_table(simulator(TrainingConfig(scenario="power")).train(20))
    assert "toa_ns" not in table.columns


def test_table_is_written_by_known_endings_only(tmp_path: Path) -> None:
    table = events_table(simulator(TrainingConfig()).train(5))
    with pytest.raises(DatasetError, match=r"\.parquet or \.csv"):
        write_table(table, tmp_path / "x.xlsx")


def test_metrics_as_text_have_four_digits_and_say_none() -> None:
    text = as_text({"a_m": 1234.567, "bb": None, "c": [0.05, 1.0]})
    assert text.splitlines() == ["a_m  1235", "bb   None", "c    0.05 1"]
