"""When a training is done: the last epoch, or a validation loss that no longer falls."""

from __future__ import annotations

from trainer.checkpoint import TrainingState
from trainer.config import TrainingConfig

MIN_GAIN = 0.005
"""Nats that count as progress."""
EARLIEST_SHARE = 0.2
"""Share of the epochs, after warm-up, in which early stopping does not look."""


def note_validation(state: TrainingState, val_loss: float | None, config: TrainingConfig) -> bool:
    """Takes one epoch's val_loss into the state; True where it is the best so far.

    Sets `state.finished` to a reason (early stopping), or to "" after the last epoch.
    The likelihood is watched, not p68, which is blind to sigma, nor RMSE, which outliers steer.
    """
    is_best = val_loss is not None and (
        state.best_val_loss is None or val_loss < state.best_val_loss
    )
    if is_best:
        state.best_val_loss, state.best_epoch = val_loss, state.epoch
    watched = state.reference_val_loss
    if val_loss is not None and (watched is None or val_loss < watched - MIN_GAIN):
        state.reference_val_loss, state.epochs_without_gain = val_loss, 0
    else:
        state.epochs_without_gain += 1
    earliest = (config.warmup + EARLIEST_SHARE) * config.epochs
    if state.epoch >= config.epochs:
        state.finished = ""
    elif (
        config.early_stop
        and state.epoch > earliest
        and state.epochs_without_gain >= config.patience
    ):
        state.finished = (
            f"Early stopping: val_loss has not fallen by {MIN_GAIN} for {config.patience} epochs; "
            f"best {state.best_val_loss:.3f} at epoch {state.best_epoch}."
        )
    return is_best
