"""Background work that ends is started again, counted, and named until it runs steadily."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from heimdall_dash import background
from heimdall_dash.background import Background
from tests.conftest import wait_for


async def until(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_for, condition, 5.0)


async def test_work_that_ends_is_started_again_and_told(caplog: pytest.LogCaptureFixture) -> None:
    starts: list[int] = []

    async def work() -> None:
        starts.append(len(starts))
        if len(starts) == 1:
            raise RuntimeError("unreadable")
        if len(starts) == 3:
            await asyncio.Event().wait()

    one = Background("the hub", work)
    assert one.health() == "healthy"
    async with one.running():
        await until(lambda: len(starts) == 3)
        assert one.ends == 2
        assert "ended 2 times" in one.health()
    ends = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert len(ends) == 2
    assert ends[0].exc_info is not None


@pytest.mark.slow
async def test_work_that_runs_steadily_again_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "STEADY_S", 1.5)  # longer than the pause before the restart
    starts: list[int] = []

    async def work() -> None:
        starts.append(1)
        if len(starts) == 1:
            raise ValueError("once")
        await asyncio.Event().wait()

    one = Background("the watch", work)
    async with one.running():
        await until(lambda: len(starts) == 2)
        assert one.health() == "unhealthy: ended once and was started again: ValueError: once"
        await until(lambda: one.health() == "healthy")


async def test_work_that_is_stuck_is_told() -> None:
    async def work() -> None:
        one.turn(within_s=0.05)
        await asyncio.Event().wait()

    one = Background("the watch", work)
    async with one.running():
        await until(lambda: one.health().startswith("unhealthy: stuck"))
    assert one.ends == 0


async def test_work_ends_with_the_server() -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("cancelled")

    async with Background("the hub", work).running():
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert seen == ["cancelled"]
