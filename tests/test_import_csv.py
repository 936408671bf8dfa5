"""CSV files as people have them."""

from pathlib import Path
from typing import Any

import pytest

from heimdall_dash.importers.csv_files import CsvRun, runs

FOREIGN = Path(__file__).parent / "foreign"


def read(path: Path, text: str | bytes) -> CsvRun:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (run,) = runs([path])
    run.read()
    return run


def rows(run: CsvRun) -> dict[int, dict[str, float]]:
    return {step: cells for step, _, cells in run.table.take()}


def test_lightnings_metrics_join_by_step_with_their_settings() -> None:
    (run,) = runs([FOREIGN / "lightning"])
    run.read()
    assert run.name == "csv/version_0"
    assert run.config == {"lr": 0.1}
    table = rows(run)
    assert len(table) == 12
    assert {"epoch", "train_loss", "val_loss"} == table[23].keys()
    assert table[1].keys() == {"epoch", "train_loss"}


@pytest.mark.parametrize(
    ("text", "expected", "step_name"),
    [
        ("epoch,loss\n0,0.5\n1,0.25\n", {0: {"loss": 0.5}, 1: {"loss": 0.25}}, None),
        ("Epoch;loss\r\n1;0,5\r\n2;1e-3\r\n", {1: {"loss": 0.5}, 2: {"loss": 0.001}}, None),
        ("   epoch,  train/box_loss\n    1,   2.5\n", {1: {"train/box_loss": 2.5}}, None),
        ("loss\n3\n2\n", {1: {"loss": 3.0}, 2: {"loss": 2.0}}, "row"),
        ("global_step\tloss\n10\t1\n10\t2\n", {10: {"loss": 2.0}}, "step"),
        ("step,a,b\n1,0.5,\n1,,0.25\n", {1: {"a": 0.5, "b": 0.25}}, "step"),
        ("step,ok\n1,True\n2,false\n", {1: {"ok": 1.0}, 2: {"ok": 0.0}}, "step"),
        ("\ufeffstep,σ\n1,2\n", {1: {"σ": 2.0}}, "step"),
        ("step,loss\n4096.0,1\n", {4096: {"loss": 1.0}}, "step"),
        ('step,"a, b"\n1,2\n\n', {1: {"a, b": 2.0}}, "step"),
        ("step,loss\n1,0.5", {1: {"loss": 0.5}}, "step"),
        ("step,loss\n", {}, "step"),
        ("", {}, "step"),
    ],
)
def test_tables_of_many_kinds(tmp_path: Path, text: str, expected: Any, step_name: Any) -> None:
    run = read(tmp_path / "mine.csv", text)
    assert rows(run) == expected
    assert run.step_name == step_name
    assert run.name == "mine"


def test_text_and_rows_without_a_step_are_counted(tmp_path: Path) -> None:
    run = read(tmp_path / "a.csv", "step,loss,mode\n1,0.5,train\nx,1,val\n-3,1,val\n1.5,2,val\n")
    assert rows(run) == {1: {"loss": 0.5}}
    assert run.left_out.as_facts() == {
        "row without a whole step": "3 (row 2, row 3, row 4)", "text": "1 (mode)",
    }  # fmt: skip


def test_values_that_are_not_finite_are_kept_as_such(tmp_path: Path) -> None:
    cells = rows(read(tmp_path / "a.csv", "step,a,b,c\n1,NaN,inf,-Infinity\n"))[1]
    assert str(cells) == "{'a': nan, 'b': inf, 'c': -inf}"


@pytest.mark.parametrize(
    "stamp", ["2023-11-14T22:13:20Z", "2023-11-14 22:13:20", "1700000000", "1700000000000"]
)
def test_times_of_many_kinds(tmp_path: Path, stamp: str) -> None:
    run = read(tmp_path / "a.csv", f"epoch,timestamp,loss\n1,{stamp},0.5\n")
    assert list(run.table.take()) == [(1, 1_700_000_000.0, {"loss": 0.5})]


def test_tensorboards_download_has_its_columns(tmp_path: Path) -> None:
    run = read(tmp_path / "a.csv", "Wall time,Step,Value\n1700000000.5,3,0.25\n")
    assert list(run.table.take()) == [(3, 1_700_000_000.5, {"Value": 0.25})]


def test_letters_of_another_encoding_are_read(tmp_path: Path) -> None:
    assert rows(read(tmp_path / "a.csv", "step,Präzision\n1,2\n".encode("latin-1"))) == {
        1: {"Präzision": 2.0}
    }


def test_a_file_that_grows_is_read_on_and_a_half_line_waits(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n1,0.5\n2,0.2")
    (run,) = runs([path])
    run.is_followed = True
    run.read()
    assert rows(run) == {1: {"loss": 0.5}}
    path.write_text("step,loss\n1,0.5\n2,0.25\n")
    run.read()
    assert rows(run) == {2: {"loss": 0.25}}
    path.write_text("step,acc\n7,1\n")  # begun anew
    run.read()
    assert rows(run) == {7: {"acc": 1.0}}
