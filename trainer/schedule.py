"""The learning rate as a pure function of the step, so that resuming needs no state."""

from __future__ import annotations

import math

from trainer.config import TrainingConfig

FLOOR = 0.01
"""Share of the highest rate at the end; most of the calibration comes from this decay."""
WSD_DECAY = 0.3


def learning_rate(config: TrainingConfig, step: int, total_steps: int) -> float:
    """Rate of step 0, 1, … total_steps - 1.

    source: cosine: Loshchilov and Hutter 2017; wsd (warm-up, stable, decay): Hu et al. 2024
    """
    warmup = round(config.warmup * total_steps)
    if step < warmup:
        return config.learning_rate * (step + 1) / (warmup + 1)
    if config.lr_schedule == "constant":
        return config.learning_rate
    gone = (step - warmup) / max(1, total_steps - 1 - warmup)
    if config.lr_schedule == "cosine":
        share = 0.5 * (1 + math.cos(math.pi * min(1.0, gone)))
    else:
        share = min(1.0, max(0.0, (1 - gone) / WSD_DECAY))
    return config.learning_rate * (FLOOR + (1 - FLOOR) * share)
