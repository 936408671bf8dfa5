"""Which scenes an epoch trains on."""

import numpy as np
import pytest

from trainer.config import TrainingConfig
from trainer.material import Simulated


@pytest.mark.parametrize(
    ("resample", "places", "noise"), [("none", 0, 0), ("noise", 0, 1), ("all", 1, 1)]
)
def test_resample_redraws_what_it_says(resample: str, places: int, noise: int) -> None:
    config = TrainingConfig.model_validate(
        {"resample": resample, "train_samples": 64, "val_samples": 64, "batch_size": 16}
    )
    source = Simulated(config)
    one, two, again = source.of_epoch(1), source.of_epoch(2), source.of_epoch(1)
    assert np.any(one.emitter_km != two.emitter_km) == bool(places)
    assert np.any(one.range_km != two.range_km) == bool(noise)
    assert one.fingerprint() == again.fingerprint()


def test_epoch_0_is_the_first_draw_whatever_is_redrawn() -> None:
    small = {"train_samples": 64, "val_samples": 64, "batch_size": 16}
    sources = [
        Simulated(TrainingConfig.model_validate(small | {"resample": r})) for r in ("none", "all")
    ]
    assert sources[0].of_epoch(0).fingerprint() == sources[1].of_epoch(0).fingerprint()
    assert sources[0].validation.fingerprint() == sources[1].validation.fingerprint()
