"""Static facts: complete, ready for JSON, and consistent with the scenes."""

import json

import pytest

from trainer.config import TrainingConfig
from trainer.facts import expected_calibration_floor, facts
from trainer.material import Simulated
from trainer.metrics import Evaluator
from trainer.network import network


def described(**values: object) -> dict[str, object]:
    small = {"train_samples": 64, "val_samples": 400, "batch_size": 16, "width": 8, "heads": 2}
    config = TrainingConfig.model_validate(small | values)
    source = Simulated(config)
    model = network(config, source)
    return facts(config, source.scenario, model, Evaluator(source.validation, 1), 64, 1)


def test_facts_are_json_and_hold_what_the_page_draws() -> None:
    found = described()
    json.dumps(found, allow_nan=False)
    for name in ("crlb_p50_m", "crlb_p68_m", "crlb_p95_m", "crlb_rmse_m", "oracle_nll"):
        assert isinstance(found[name], float), name
    assert len(found["reliability_expected"]) == 19  # type: ignore[arg-type]
    assert sum(b["scenes"] for b in found["gdop_bands"]) == 400  # type: ignore[attr-defined]
    assert 0 < found["calibration_error_floor_m"] < 20  # type: ignore[operator]
    assert "20 ns" in str(found["timing"])


def test_facts_of_power_only_say_tens_of_kilometres() -> None:
    found = described(scenario="power")
    assert "tens of kilometres" in str(found["timing"])
    assert 30_000 < found["crlb_p68_m"] < 50_000  # type: ignore[operator]


def test_calibration_floor_of_2048_scenes_is_the_known_one() -> None:
    floor = expected_calibration_floor(2048)
    assert floor["mean"] == pytest.approx(0.0071, abs=0.001)
    assert floor["p95"] == pytest.approx(0.0138, abs=0.003)
