"""From an exception to how a run ended."""

import asyncio
from typing import Any

import pytest

from heimdall_dash.publish.ending import Terminated
from heimdall_dash.publish.ends import MAX_REASON, end_of, reason_text


class TrialPruned(Exception):
    """By its name: Optuna's."""


class PrunedEarly(TrialPruned):
    pass


class Raises(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no str")

    __repr__ = __str__


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (None, "completed", None),
        (SystemExit(), "completed", None),
        (SystemExit(0), "completed", None),
        (SystemExit(False), "completed", None),
        (SystemExit(3), "failed", "SystemExit: 3"),
        (SystemExit(True), "failed", "SystemExit: True"),
        (SystemExit("no data"), "failed", "SystemExit: no data"),
        (SystemExit("0"), "failed", "SystemExit: 0"),
        (KeyboardInterrupt(), "cancelled", "stopped by KeyboardInterrupt"),
        (Terminated("SIGTERM"), "cancelled", "stopped by SIGTERM"),
        (GeneratorExit(), "cancelled", "stopped by GeneratorExit"),
        (asyncio.CancelledError(), "cancelled", "stopped by CancelledError"),
        (TrialPruned("step 7 was poor"), "cancelled", "step 7 was poor"),
        (TrialPruned(), "cancelled", "pruned"),
        (PrunedEarly("poor"), "cancelled", "poor"),
        (ValueError("a\nb"), "failed", "ValueError: a\nb"),
        (ValueError(), "failed", "ValueError"),
        (KeyError("x"), "failed", "KeyError: 'x'"),
        (
            ExceptionGroup("two", [ValueError("a")]),
            "failed",
            "ExceptionGroup: two (1 sub-exception)",
        ),
        (MemoryError(), "failed", "MemoryError"),
        (ValueError("\ud800"), "failed", "ValueError: ?"),
    ],
)
def test_an_end_says_what_happened(error: Any, status: str, reason: str | None) -> None:
    assert end_of(error) == (status, reason)


def test_an_exception_that_cannot_be_written_is_named_by_its_type() -> None:
    status, reason = end_of(Raises())
    assert status == "failed"
    assert reason is not None
    assert reason.startswith("Raises: Raises")


def test_a_reason_is_text_of_bounded_length() -> None:
    assert len(reason_text("x" * 10**6)) == MAX_REASON
    assert reason_text(7) == "7"
    assert reason_text(Raises()).startswith("Raises")
    reason_text("\udcff").encode()
