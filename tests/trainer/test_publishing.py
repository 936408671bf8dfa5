"""Epochs as JSON lines: null for what is not finite, and nothing twice."""

import json
from pathlib import Path

from trainer.publishing import LinesPublisher, NullPublisher, finite


def test_finite_makes_null_of_the_rest() -> None:
    assert finite(1.5) == 1.5
    assert finite(float("nan")) is None
    assert finite([1.0, float("inf")]) == [1.0, None]


def test_lines_are_json_with_null(tmp_path: Path) -> None:
    LinesPublisher(tmp_path / "m.jsonl", NullPublisher()).log(0, a=float("nan"), b=[1.0])
    assert json.loads((tmp_path / "m.jsonl").read_text()) == {"epoch": 0, "a": None, "b": [1.0]}


def test_lines_are_not_repeated_after_a_restart_nor_joined_to_a_cut_one(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"epoch": 0}\n{"epoch": 1}\n{"epo')
    lines = LinesPublisher(path, NullPublisher())
    lines.log(1)
    lines.log(2)
    assert path.read_text().splitlines()[-1] == '{"epoch": 2}'
    assert path.read_text().count('{"epoch": 1}') == 1
