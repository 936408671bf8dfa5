"""Event files as the real tools wrote them (tests/foreign), against what TensorBoard itself finds
in them; and files that were cut, grew, or hold what no job has a place for."""

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest

from heimdall_dash.importers.protobuf import parse, varint
from heimdall_dash.importers.tensor import scalar_of
from heimdall_dash.importers.tensorboard import TensorboardRun, runs

FOREIGN = Path(__file__).parent / "foreign"
THEIRS = json.loads((FOREIGN / "tensorboard.json").read_text())


def cells(run: TensorboardRun) -> dict[str, dict[int, float]]:
    """tag → step → value, of all that is new."""
    run.read()
    found: dict[str, dict[int, float]] = {}
    for step, _, row in run.table.take():
        for tag, value in row.items():
            found.setdefault(tag, {})[step] = value
    return found


def by_name(folder: Path) -> dict[str, TensorboardRun]:
    return {run.name: run for run in runs([folder])}


def varied(number: int) -> bytes:
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def field(number: int, value: bytes) -> bytes:
    return varied(number << 3 | 2) + varied(len(value)) + value


def record(data: bytes) -> bytes:
    return struct.pack("<QI", len(data), 0) + data + b"\0\0\0\0"


def scalar(tag: str, step: int, value: float, unix_s: float = 1.7e9) -> bytes:
    inner = field(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
    return record(b"\x09" + struct.pack("<d", unix_s) + b"\x10" + varied(step)
                  + field(5, field(1, inner)))  # fmt: skip


def event_file(folder: Path, *records: bytes, name: str = "events.out.tfevents.1.host") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(b"".join(records))
    return path


def test_scalars_are_those_that_tensorboard_finds() -> None:
    ours = {name: cells(run) for name, run in by_name(FOREIGN / "tensorboard").items()}
    for name, tags in THEIRS.items():
        parent, _, last = name.rpartition("/")
        found = ours[parent if last[0].isdigit() else name]  # torch's add_hparams joins
        for tag, events in tags.items():
            expected = {step: value for step, _, value in events}
            assert {step: repr(value) for step, value in found.get(tag, {}).items()} == expected


def test_wall_times_are_kept() -> None:
    run = by_name(FOREIGN / "tensorboard")["tensorboardX"]
    run.read()
    times = [unix_s for _, unix_s, _ in run.table.take()]
    assert times == [1_700_000_000.0 + step for step in range(20)]


def test_hparams_of_torch_join_the_run_around_them() -> None:
    ours = by_name(FOREIGN / "tensorboard")
    run = ours["torch"]
    assert cells(run)["best"] == {0: 0.5}
    assert run.config == {"lr": 0.1, "layers": 3, "optimizer": "adam", "nesterov": 1}
    assert set(ours) == {"torch", "torch/both_a", "torch/both_b", "tensorboardX", "tf2"}


def test_hparams_of_lightning_are_the_config() -> None:
    run = by_name(FOREIGN / "lightning")["tb/version_0"]
    assert {"train_loss", "val_loss", "epoch"} <= cells(run).keys()
    assert run.config == {"lr": 0.1}


def test_what_has_no_place_is_counted_and_named() -> None:
    run = by_name(FOREIGN / "tensorboard")["torch"]
    run.read()
    assert run.left_out.as_facts() == {
        "histogram": "1 (weights)", "image": "1 (samples/0)", "text": "1 (notes/text_summary)",
    }  # fmt: skip


@pytest.mark.parametrize("cut", [1, 7, 12, 20])
def test_a_torn_last_record_is_left_until_it_is_whole(tmp_path: Path, cut: int) -> None:
    first, last = scalar("loss", 1, 0.5), scalar("loss", 2, 0.25)
    path = event_file(tmp_path / "run", first, last[:-cut])
    (run,) = runs([tmp_path])
    assert cells(run) == {"loss": {1: 0.5}}
    path.write_bytes(first + last)
    assert cells(run) == {"loss": {2: 0.25}}
    assert cells(run) == {}
    assert run.trouble is None


def test_a_record_of_an_impossible_length_ends_the_file_with_a_word(tmp_path: Path) -> None:
    event_file(tmp_path / "run", scalar("loss", 1, 0.5), b"\xff" * 40)
    (run,) = runs([tmp_path])
    assert cells(run) == {"loss": {1: 0.5}}
    assert run.trouble is not None
    assert "damaged" in run.trouble


def test_an_unreadable_event_costs_itself_alone(tmp_path: Path) -> None:
    odd = [record(b""), record(b"\xff" * 30), record(b"\x09short")]
    event_file(tmp_path / "run", scalar("loss", 1, 0.5), *odd, scalar("loss", 2, 0.25))
    (run,) = runs([tmp_path])
    assert cells(run) == {"loss": {1: 0.5, 2: 0.25}}
    assert run.left_out.counts["unreadable event"] == 3


def test_several_files_of_a_run_are_read_in_their_order(tmp_path: Path) -> None:
    event_file(tmp_path / "run", scalar("loss", 1, 0.5), scalar("loss", 2, 9.0))
    later = "events.out.tfevents.2.host"
    event_file(tmp_path / "run", scalar("loss", 2, 0.25), scalar("loss", 3, 0.125), name=later)
    (run,) = runs([tmp_path])
    assert cells(run) == {"loss": {1: 0.5, 2: 0.25, 3: 0.125}}


def test_a_file_that_comes_later_is_found(tmp_path: Path) -> None:
    event_file(tmp_path / "run", scalar("loss", 1, 0.5))
    (run,) = runs([tmp_path])
    assert cells(run) == {"loss": {1: 0.5}}
    event_file(tmp_path / "run", scalar("loss", 2, 0.25), name="events.out.tfevents.2.host")
    assert cells(run) == {"loss": {2: 0.25}}


def test_steps_and_tags_of_any_size_take_the_same_way(tmp_path: Path) -> None:
    tags = ["a", "σ" * 100, "x" * 200, "layer/" * 40]
    steps = [0, 1, 127, 128, 300, 2**21, 2**32, 2**53 - 1]
    event_file(tmp_path / "run", *(scalar(tag, step, 0.5) for step in steps for tag in tags))
    (run,) = runs([tmp_path])
    assert cells(run) == {tag: dict.fromkeys(steps, 0.5) for tag in tags}


def test_negative_steps_are_counted(tmp_path: Path) -> None:
    event_file(tmp_path / "run", *(scalar("loss", step % 2**64, 0.5) for step in (-1, 1, -1)))
    (run,) = runs([tmp_path])
    assert cells(run) == {"loss": {1: 0.5}}
    assert run.left_out.counts["value at a step that is none"] == 2


def test_one_value_among_several_in_an_event_is_not_taken_for_the_whole(tmp_path: Path) -> None:
    """Two scalars in one summary: the short way must not see the second alone."""

    def pair(step: int) -> bytes:
        values = b"".join(
            field(1, field(1, tag) + b"\x15" + struct.pack("<f", step)) for tag in (b"a", b"b")
        )
        head = b"\x09" + struct.pack("<d", 1.7e9) + b"\x10" + varied(step)
        return record(head + field(5, values))

    event_file(tmp_path / "run", *(pair(step) for step in range(1, 5)))
    (run,) = runs([tmp_path])
    assert cells(run) == {"a": {s: float(s) for s in range(1, 5)},
                          "b": {s: float(s) for s in range(1, 5)}}  # fmt: skip


def test_a_folder_may_be_moved_under_another_name(tmp_path: Path) -> None:
    shutil.copytree(FOREIGN / "tensorboard" / "tensorboardX", tmp_path / "deep" / "er")
    assert [run.name for run in runs([tmp_path])] == ["deep/er"]
    assert [run.name for run in runs([tmp_path / "deep" / "er"])] == ["er"]


@pytest.mark.parametrize(
    ("kind", "content", "value"),
    [
        (1, struct.pack("<f", 0.5), 0.5),
        (2, struct.pack("<d", 0.1), 0.1),
        (9, struct.pack("<q", -3), -3.0),
        (14, b"\x80\x3f", 1.0),  # bfloat16
        (19, struct.pack("<e", 0.5), 0.5),
        (7, b"text", None),
    ],
)
def test_tensors_of_one_number(kind: int, content: bytes, value: Any) -> None:
    assert scalar_of(b"\x08" + varied(kind) + field(4, content)) == value


def test_tensors_of_more_numbers_are_none() -> None:
    shape = field(2, field(2, b"\x08\x02"))
    assert scalar_of(b"\x08\x01" + shape + field(4, bytes(8))) is None


def test_messages_that_are_none_are_refused() -> None:
    for data in (b"\x0a\xff", b"\x80", b"\x0b", b"\x80" * 11 + b"\x00"):
        with pytest.raises(ValueError, match=r"field|number"):
            parse(data)
    assert varint(b"\xac\x02", 0) == (300, 2)
