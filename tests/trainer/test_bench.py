"""The benchmarks of the trainer: that they run, and what they write."""

import json
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import report, scenarios
from trainer.publishing import finite


def test_every_benchmark_is_found_with_its_first_line() -> None:
    names = command.benchmarks()
    assert {"scenarios", "publishing"} <= names.keys()
    assert all(line.endswith(".") for line in names.values())


def test_table_shows_numbers_and_gaps() -> None:
    assert report.table(["a", "b"], [[1.23456, None], [12345.6, "x"]]).splitlines() == [
        "| a | b |", "| --- | --- |", "| 1.235 | – |", "| 12,346 | x |",
    ]  # fmt: skip


def test_results_say_where_they_were_measured(tmp_path: Path) -> None:
    report.keep(tmp_path, "one", {"x": 1})
    content = json.loads((tmp_path / "one.json").read_text())
    assert content["figures"] == {"x": 1}
    assert content["machine"]["cores"] >= 1


@pytest.mark.slow
def test_scenarios_in_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """About 3 s: power, three epochs; a quick run keeps no figures."""
    monkeypatch.setenv("HEIMDALL_BENCH_SCENARIOS", "power")
    options = ["--quick", "--only", "scenarios", "--results", str(tmp_path)]
    assert command.main(options) == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert last.startswith("| power | 3 | ")
    assert not list(tmp_path.iterdir())


def test_kept_figures_of_scenarios_are_complete_and_meet_their_goals() -> None:
    figures = json.loads((command.RESULTS / "scenarios.json").read_text())["figures"]
    assert figures.keys() == {"gnss", "ideal", "pps", "nlos", "power"}
    for scenario in figures.values():
        assert all(finite(scenario["final"][name]) is not None for name in scenarios.KEPT)
    final, floor = figures["gnss"]["final"], figures["gnss"]["floor"]
    assert final["val_distance_p68_m"] < min(30, 1.5 * floor["crlb_p68_m"])
    assert final["val_rmse_m"] < 3 * floor["crlb_rmse_m"]
    assert abs(final["coverage_68"] - 0.68) < 0.03
