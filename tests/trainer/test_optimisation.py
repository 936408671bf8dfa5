"""Single steps: what is decayed, clipped, counted and skipped."""

import pytest
import torch

from trainer.config import TrainingConfig
from trainer.features import Batch
from trainer.material import Simulated
from trainer.network import network
from trainer.optimisation import DivergedError, Steps, optimizer_for, weight_norm
from trainer.parallel import Alone


def steps(**values: object) -> tuple[Steps, Batch]:
    small = {"train_samples": 64, "val_samples": 64, "batch_size": 16, "width": 8, "heads": 2}
    config = TrainingConfig.model_validate(small | values)
    source = Simulated(config)
    model = network(config, source)
    return Steps(model, optimizer_for(model, config), config, Alone()), Batch.of(source.of_epoch(0))


def test_step_lowers_the_objective_of_its_batch() -> None:
    made, batch = steps()
    for _ in range(5):
        made.step(batch, torch.arange(64), 1e-2)
    after = made.sums["objective"]
    made.start_epoch()
    made.step(batch, torch.arange(64), 0.0)
    assert made.sums["objective"] < after / 5


def test_clipping_is_counted_and_norms_are_those_before_it() -> None:
    made, batch = steps(clip=1e-3)
    made.step(batch, torch.arange(16), 1e-4)
    row = made.metrics()
    assert row["clipped_fraction"] == 1
    assert (row["gradient_norm"] or 0) > 1
    free, batch = steps(clip=0)
    free.step(batch, torch.arange(16), 1e-4)
    assert free.metrics()["clipped_fraction"] == 0


def test_decay_is_for_matrices_only() -> None:
    made, _ = steps(weight_decay=0.1)
    for group in made.optimizer.param_groups:
        assert all((p.ndim > 1) == (group["weight_decay"] > 0) for p in group["params"])


def test_lost_batch_changes_no_weight() -> None:
    made, batch = steps()
    before = weight_norm(made.model)
    lost = torch.full_like(batch.target_km, float("nan"))
    broken = Batch(batch.range_km, batch.snr, batch.present, batch.guess_km, batch.misfit, lost)
    for _ in range(5):
        made.step(broken, torch.arange(16), 1.0)
    assert weight_norm(made.model) == before
    assert made.metrics()["gradient_norm"] is None
    with pytest.raises(DivergedError, match="learning_rate"):
        made.step(broken, torch.arange(16), 1.0)


def test_weight_norm_is_that_of_all_weights() -> None:
    layer = torch.nn.Linear(1, 1)
    with torch.no_grad():
        layer.weight.fill_(3.0)
        layer.bias.fill_(4.0)
    assert weight_norm(layer) == pytest.approx(5.0)
