"""What metrics came to, against a plain model: every cell in a dictionary."""

from hypothesis import given
from hypothesis import strategies as st

from heimdall_dash.cells import Position, Write
from heimdall_dash.summary import Summary

CELL = st.one_of(st.integers(-3, 3).map(float), st.none(), st.just("nan"))
ROW = st.tuples(st.integers(0, 6), st.dictionaries(st.sampled_from("ab"), CELL))
STEP = st.one_of(ROW, st.integers(0, 6))  # a row, or a taking back


def writes_of(steps: list[tuple[int, dict[str, object]] | int]) -> list[Write]:
    writes = []
    for part, step in enumerate(steps, 1):
        if isinstance(step, int):
            writes.append(Write(Position(6, part), step, None))
            continue
        epoch, cells = step
        row = {name: None if value == "nan" else value for name, value in cells.items()}
        marks = {name: "nan" for name, value in cells.items() if value == "nan"}
        writes.append(Write(Position(6, part), epoch, {"epoch": epoch, **row}, marks))
    return writes


def plain(writes: list[Write]) -> dict[str, dict[str, object]]:
    cells: dict[str, dict[int, float]] = {}
    for write in writes:
        for name in [*cells]:
            if write.row is None:
                cells[name] = {e: v for e, v in cells[name].items() if e <= write.epoch}
        for name, value in (write.row or {}).items():
            if name == "epoch":
                continue
            if value is not None:
                cells.setdefault(name, {})[write.epoch] = value
            elif name in write.not_finite:
                cells.get(name, {}).pop(write.epoch, None)
    found = {}
    for name, values in cells.items():
        if not values:
            continue
        last = max(values)
        low = min(values, key=lambda e: (values[e], e))
        high = min(values, key=lambda e: (-values[e], e))
        found[name] = {
            "last": values[last], "last_epoch": last, "min": values[low], "min_epoch": low,
            "max": values[high], "max_epoch": high, "count": len(values),
        }  # fmt: skip
    return found


@given(st.lists(STEP, max_size=12), st.integers(0, 12))
def test_summary_is_that_of_a_plain_model_or_says_that_it_cannot_know(
    steps: list[tuple[int, dict[str, object]] | int], cut: int
) -> None:
    writes = writes_of(steps)
    summary = Summary("s")
    if summary.take(writes[:cut]) and summary.take(writes[cut:]):
        assert summary.views() == plain(writes)
        again = Summary.parse(summary.text())
        assert again == summary


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(-5, 5)), max_size=20))
def test_summary_of_a_run_that_only_goes_on_never_needs_its_whole_history(
    rows: list[dict[str, object]],
) -> None:
    writes = writes_of(list(enumerate(rows)))
    summary = Summary("s")
    assert all(summary.take([write]) for write in writes)
    assert summary.views() == plain(writes)


def test_text_of_another_version_or_of_somebody_else_is_no_summary() -> None:
    for text in ("", "[]", '[0,"s","1-1",{}]', '[1,"s","x",{}]', '{"a":1}', '[1,"s","1-1",[]]'):
        assert Summary.parse(text) is None
