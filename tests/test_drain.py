"""The drain against a small other side that is away, falls back and refuses, in any sequence."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall_dash.errors import InvalidMetric, StoreUnavailable
from heimdall_dash.publish.drain import BATCH_BYTES, BATCH_LINES, Drain
from heimdall_dash.publish.log_file import LogFile, OwnFile
from heimdall_dash.publish.transport import Claim, Standing
from heimdall_dash.store.connection import StoreRefused
from heimdall_dash.store.replies import StoreBehind

CLAIM = Claim("job", "own", 0, True, {})


class OtherSide:
    """A store in memory. It takes lines only where it stands, as the real one does; `faults` are
    what befalls its next calls: "away", "lost reply", or how many lines it forgets."""

    def __init__(self, faults: Sequence[str | int] = (), refused: Sequence[bytes] = ()) -> None:
        self.logs: dict[str, list[bytes]] = {}
        self.faults, self.refused = list(faults), refused
        self.largest_bytes = self.most_lines = self.calls = 0

    def place(self, token: str) -> int:
        return sum(map(len, self.logs.get(token, [])))

    def begin(self, claim: Claim, *, brings: bool) -> Standing:
        return Standing(3, {token: self.place(token) for token in self.logs}, "running")

    def deliver(
        self, claim: Claim, token: str, place: int, lines: Sequence[bytes], *, brings: bool
    ) -> int:
        assert claim.attempt == 3
        self.calls += 1
        self.largest_bytes = max(self.largest_bytes, sum(map(len, lines)))
        self.most_lines = max(self.most_lines, len(lines))
        fault = self.faults.pop(0) if self.faults else None
        kept = self.logs.setdefault(token, [])
        if fault == "away":
            raise StoreUnavailable("away")
        if isinstance(fault, int):
            del kept[max(0, len(kept) - fault) :]
        if place > self.place(token):
            raise StoreBehind(self.place(token))
        wrong = next((line for line in lines if line in self.refused), None)
        if wrong is not None:
            raise (InvalidMetric if b"i" in wrong else StoreRefused)("refused")
        there = self.place(token)
        for line in lines:
            if place == there:
                kept.append(line)
                there += len(line)
            place += len(line)
        if fault == "lost reply":
            raise StoreUnavailable("the reply was lost")
        return self.place(token)

    def look(self, claim: Claim, *, beats: bool) -> Standing:
        return self.begin(claim, brings=False)

    def close(self) -> None:
        pass


def emptied(side: OtherSide, files: list[LogFile]) -> Drain:
    """As a sender does it: a new drain after each outage."""
    while True:
        drain = Drain(side, CLAIM)
        try:
            drain.begin()
            drain.empty(files)
        except StoreUnavailable:
            continue
        return drain


def until_quiet(side: OtherSide, files: list[LogFile]) -> None:
    """Round after round, since a fault may forget lines of a file that was through."""
    calls = -1
    while calls != side.calls:
        calls = side.calls
        emptied(side, files)


def file_of(path: Path, lines: Sequence[bytes], token: str = "own") -> LogFile:
    path.write_bytes(b"".join(lines))
    return LogFile(path, token)


LINES = st.lists(st.binary(min_size=0, max_size=8).map(lambda b: b.replace(b"\n", b"") + b"\n"))
FAULTS = st.lists(st.sampled_from(["away", "lost reply", None, 0, 1, 2, 5, 99]), max_size=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@given(first=LINES, second=LINES, faults=FAULTS, lines_a_batch=st.integers(1, 4))
def test_every_line_arrives_once_and_in_order_whatever_befalls_the_other_side(
    folder: Path, first: list[bytes], second: list[bytes], faults: Any, lines_a_batch: int
) -> None:
    files = [file_of(folder / "1", first, "one"), file_of(folder / "2", second, "two")]
    side = OtherSide(faults)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heimdall_dash.publish.drain.BATCH_LINES", lines_a_batch)
        until_quiet(side, files)
    assert side.logs.get("one", []) == first
    assert side.logs.get("two", []) == second


@given(
    lines=st.lists(st.integers(0, 30), max_size=20, unique=True),
    refused=st.sets(st.integers(0, 30)), faults=FAULTS, lines_a_batch=st.integers(1, 5),
)  # fmt: skip
def test_a_line_that_is_refused_is_replaced_and_costs_no_other_its_place(
    folder: Path, lines: list[int], refused: set[int], faults: Any, lines_a_batch: int
) -> None:
    """A store that fell back while lines were sent one by one got the next line in place of the
    lost ones: all after it was shifted."""
    texts = {n: b"%d %s\n" % (n, b"i" if n % 2 else b"s") for n in lines}
    file = file_of(folder / "3", list(texts.values()))
    side = OtherSide(faults, [texts[n] for n in lines if n in refused])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heimdall_dash.publish.drain.BATCH_LINES", lines_a_batch)
        until_quiet(side, [file])
    expected = [
        b"[]".ljust(len(text) - 1) + b"\n" if n in refused else text for n, text in texts.items()
    ]
    assert side.logs.get("own", []) == expected


def test_what_is_there_already_is_neither_sent_nor_read_again(tmp_path: Path) -> None:
    lines = [b"%d\n" % n for n in range(5000)]
    file = file_of(tmp_path / "log", lines)
    side = OtherSide()
    side.logs["own"] = lines[:4000]
    drain = emptied(side, [file])
    assert side.logs["own"] == lines
    assert (drain.sent_lines, side.calls) == (1000, 1)
    drain.empty([file])
    assert side.calls == 1


@pytest.mark.parametrize("size", [10, 2_000, 200_000])
def test_a_batch_has_bounds_in_lines_and_bytes(tmp_path: Path, size: int) -> None:
    count = min(20_000, 4_000_000 // size)
    lines = [b"%d " % n + b"x" * size + b"\n" for n in range(count)]
    side = OtherSide()
    emptied(side, [file_of(tmp_path / "log", lines)])
    assert side.logs["own"] == lines
    assert side.most_lines <= BATCH_LINES
    assert side.largest_bytes <= BATCH_BYTES + size + 20


def test_a_line_larger_than_a_batch_goes_alone(tmp_path: Path) -> None:
    lines = [b"a\n", b"x" * (3 * BATCH_BYTES) + b"\n", b"b\n"]
    side = OtherSide()
    emptied(side, [file_of(tmp_path / "log", lines)])
    assert side.logs["own"] == lines


def test_lines_that_a_full_disk_kept_in_memory_are_sent_too(tmp_path: Path) -> None:
    own = OwnFile(tmp_path / "log", "own")
    own.append(b"1\n")
    with pytest.MonkeyPatch.context() as patch:

        def full(file: int, line: bytes) -> int:
            raise OSError(28, "no space left")

        patch.setattr("os.write", full)
        for n in (2, 3):
            assert own.append(b"%d\n" % n) is not None
    side = OtherSide()
    emptied(side, [own])
    assert side.logs["own"] == [b"1\n", b"2\n", b"3\n"]
    own.close()


def test_an_older_file_that_somebody_removed_stops_nothing(tmp_path: Path) -> None:
    gone, there = LogFile(tmp_path / "gone", "gone"), file_of(tmp_path / "log", [b"1\n"])
    side = OtherSide()
    emptied(side, [gone, there])
    assert side.logs == {"own": [b"1\n"]}


def test_sending_stops_when_it_is_not_wanted_any_more(tmp_path: Path) -> None:
    file = file_of(tmp_path / "log", [b"%d\n" % n for n in range(5 * BATCH_LINES)])
    side = OtherSide()
    drain = Drain(side, CLAIM)
    drain.begin()
    drain.empty([file], lambda: side.calls < 2)
    assert side.calls == 2
