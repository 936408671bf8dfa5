"""Best epochs and early stopping."""

from collections.abc import Sequence

from trainer.checkpoint import TrainingState
from trainer.config import TrainingConfig
from trainer.stopping import note_validation


def watched(losses: Sequence[float | None], **values: object) -> TrainingState:
    config = TrainingConfig.model_validate({"epochs": 100} | values)
    state = TrainingState(config={}, fingerprint="", model={}, optimizer={})
    for epoch, loss in enumerate(losses):
        state.epoch = epoch
        note_validation(state, loss, config)
        if state.finished is not None:
            break
    return state


def test_best_epoch_has_the_lowest_loss_and_the_first_of_equals() -> None:
    state = watched([3.0, 1.0, 2.0, 1.0, None])
    assert (state.best_epoch, state.best_val_loss) == (1, 1.0)


def test_training_ends_after_its_last_epoch_without_a_reason() -> None:
    assert watched([1.0] * 6, epochs=5).finished == ""
    assert watched([1.0] * 5, epochs=5).finished is None


def test_early_stopping_waits_for_patience_and_for_a_fifth_of_the_epochs() -> None:
    state = watched([1.0] * 100, early_stop=True, patience=10)
    assert state.epoch == 26  # after 5 % warm-up and 20 %
    assert "val_loss" in (state.finished or "")
    assert watched([1.0] * 100, early_stop=False, patience=10).finished is None


def test_early_stopping_counts_only_real_gains() -> None:
    creeping = [1.0 - 1e-5 * k for k in range(100)]
    assert watched(creeping, early_stop=True, patience=30).epoch == 30
    falling = [1.0 - 0.01 * k for k in range(100)]
    assert watched(falling, early_stop=True, patience=30).finished is None
