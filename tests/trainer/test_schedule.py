"""Learning rates by step."""

import pytest

from trainer.config import TrainingConfig
from trainer.schedule import learning_rate

TOTAL = 1000


def rates(**values: object) -> list[float]:
    config = TrainingConfig.model_validate({"learning_rate": 1.0, "warmup": 0.1} | values)
    return [learning_rate(config, step, TOTAL) for step in range(TOTAL)]


@pytest.mark.parametrize("schedule", ["cosine", "wsd", "constant"])
def test_rate_rises_in_warm_up_and_never_again(schedule: str) -> None:
    values = rates(lr_schedule=schedule)
    assert values[0] < 0.02
    assert values[:100] == sorted(values[:100])
    assert values[100] == pytest.approx(1.0)
    assert values[100:] == sorted(values[100:], reverse=True)
    assert values[-1] == pytest.approx(1.0 if schedule == "constant" else 0.01, abs=1e-9)


def test_cosine_is_half_way_in_the_middle() -> None:
    assert rates()[549] == pytest.approx(0.505, abs=0.005)


def test_wsd_holds_until_its_last_30_percent() -> None:
    values = rates(lr_schedule="wsd")
    assert values[700] == 1.0
    assert values[800] < 1.0


def test_rate_without_warm_up_starts_at_the_top() -> None:
    assert rates(warmup=0.0)[0] == 1.0
