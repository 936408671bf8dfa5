"""The store's clock in a web process: it goes on by itself, and holds still where time jumped."""

from datetime import UTC, datetime, timedelta

from heimdall_dash.clock import GRACE_S, StoreClock

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Hands:
    """A monotonic clock and a store's clock, moved by the test."""

    def __init__(self) -> None:
        self.monotonic_s, self.store = 100.0, NOON
        self.clock = StoreClock(lambda: self.monotonic_s)
        self.clock.feed(self.store)

    def live(self, seconds: float) -> None:
        """The watch feeds the clock each second."""
        for _ in range(int(seconds)):
            self.monotonic_s += 1
            self.store += timedelta(seconds=1)
            self.clock.feed(self.store)

    def shown_s(self) -> float:
        return (self.clock.now() - NOON).total_seconds()


def test_clock_shows_the_stores_time_and_goes_on_between_readings() -> None:
    hands = Hands()
    hands.live(60)
    assert hands.shown_s() == 60
    hands.monotonic_s += 0.5
    assert hands.shown_s() == 60.5


def test_clock_is_the_machines_own_before_the_first_reading() -> None:
    assert abs((StoreClock().now() - datetime.now(UTC)).total_seconds()) < 5


def test_clock_stands_still_for_the_grace_after_the_machine_was_suspended() -> None:
    hands = Hands()
    hands.live(10)
    hands.store += timedelta(seconds=60)  # a monotonic clock stands still meanwhile
    hands.live(1)
    assert hands.shown_s() == 11  # read a second after the last, at what it should have been
    hands.live(int(GRACE_S) - 1)
    assert hands.shown_s() == 11
    hands.live(2)
    assert hands.shown_s() == 10 + 60 + GRACE_S + 2


def test_clock_does_not_run_ahead_while_its_process_or_the_store_stands_still() -> None:
    hands = Hands()
    hands.monotonic_s += 300
    assert hands.shown_s() <= 6
    hands.store += timedelta(seconds=300)
    hands.clock.feed(hands.store)
    assert hands.shown_s() <= 6
    hands.live(int(GRACE_S) + 1)
    assert hands.shown_s() == 300 + GRACE_S + 1


def test_clock_that_is_set_back_or_forward_is_followed_after_the_grace() -> None:
    for jump_s in (-3600, 3600):
        hands = Hands()
        hands.live(5)
        hands.store += timedelta(seconds=jump_s)
        hands.live(1)
        assert 5 <= hands.shown_s() <= 7
        hands.live(int(GRACE_S) + 1)
        assert abs(hands.shown_s() - jump_s - 7 - GRACE_S) <= 1
