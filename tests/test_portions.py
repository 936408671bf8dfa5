"""How many writes go into one frame."""

from heimdall_dash.cells import Position, Write
from heimdall_dash.portions import (
    PORTION_BYTES,
    PORTION_PLACES,
    PORTION_WRITES,
    first_portion,
    size_of,
)


def writes(count: int, names: int, *, shared: bool = True) -> list[Write]:
    def row(epoch: int) -> dict[str, float | int]:
        prefix = "m" if shared else f"m{epoch}/"
        return {"epoch": epoch, **{f"{prefix}{k}": 0.5 for k in range(names)}}

    return [Write(Position(epoch, 1), epoch, row(epoch)) for epoch in range(count)]


def test_portion_is_bounded_by_writes() -> None:
    assert len(first_portion(writes(6_000, 2))) == PORTION_WRITES
    assert first_portion([]) == []
    few = writes(7, 2)
    assert first_portion(few) == few


def test_portion_is_bounded_by_bytes_but_is_never_empty() -> None:
    many = writes(3_000, 200)
    part = first_portion(many)
    assert PORTION_BYTES * 0.9 < sum(map(size_of, part)) <= PORTION_BYTES
    (one,) = first_portion(writes(2, 300_000))
    assert one.epoch == 0


def test_portion_is_bounded_by_rows_times_names() -> None:
    part = first_portion(writes(300, 512, shared=False))
    assert len(part) * len(part) * 512 <= PORTION_PLACES
    assert len(part) > 8
