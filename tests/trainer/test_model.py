"""The network's promises: who is absent does not matter, order does not, numbers stay finite."""

from dataclasses import replace

import pytest
import torch

from trainer.closed_form import REACH_KM
from trainer.config import TrainingConfig
from trainer.features import Batch
from trainer.material import Simulated
from trainer.model import Locator
from trainer.network import network
from trainer.plane_algebra import determinant

SMALL = {"train_samples": 64, "val_samples": 64, "batch_size": 16, "width": 16, "heads": 2}


def made(**values: object) -> tuple[Locator, Batch]:
    config = TrainingConfig.model_validate(SMALL | values)
    source = Simulated(config)
    return network(config, source), Batch.of(source.of_epoch(0))


@pytest.mark.parametrize("init", ["network", "ls"])
def test_absent_receivers_do_not_matter_whatever_their_numbers(init: str) -> None:
    model, batch = made(init=init)
    absent = 1 - batch.present
    wild = replace(batch, range_km=batch.range_km + 1e4 * absent, snr=batch.snr - 1e3 * absent)
    for before, after in zip(model(batch), model(wild), strict=True):
        torch.testing.assert_close(after.mean, before.mean, rtol=0, atol=0)
        torch.testing.assert_close(after.factor, before.factor, rtol=0, atol=0)


def test_present_receivers_do_matter() -> None:
    model, batch = made()
    other = replace(batch, snr=batch.snr + batch.present)
    assert not torch.equal(model(batch)[-1].mean, model(other)[-1].mean)


def test_scenes_do_not_see_each_other() -> None:
    model, batch = made()
    one = model(batch.rows(slice(5, 6)))[-1]
    torch.testing.assert_close(one.mean[0], model(batch)[-1].mean[5], rtol=1e-4, atol=1e-3)


def test_receiver_order_does_not_matter_while_weights_are_equal() -> None:
    """Untrained, all receivers start with the same weights; only their biases differ."""
    model, batch = made()
    heads = [model.first, model.refine]
    with torch.no_grad():
        for head in heads:
            assert head is not None
            head.embed.bias.copy_(
                head.embed.bias.mean(dim=0, keepdim=True).expand_as(head.embed.bias)
            )
    before = model(batch)[-1]
    order = torch.tensor([3, 0, 6, 1, 5, 2, 4])
    model.receiver_km = model.receiver_km[order]
    swapped = replace(
        batch,
        range_km=batch.range_km[:, order],
        snr=batch.snr[:, order],
        present=batch.present[:, order],
    )
    torch.testing.assert_close(model(swapped)[-1].mean, before.mean, rtol=1e-3, atol=1e-2)


def test_stages_are_a_guess_and_the_refinements() -> None:
    assert len(made(refine_steps=2)[0](made()[1])) == 3
    model, batch = made(init="ls", refine_steps=2)
    assert len(model(batch)) == 2
    model, batch = made(scenario="power")
    assert len(model(batch)) == 1


def test_isotropic_covariance_is_a_circle() -> None:
    model, batch = made(covariance="isotropic")
    factor = model(batch)[-1].factor
    covariance = factor @ factor.transpose(1, 2)
    torch.testing.assert_close(covariance[:, 0, 0], covariance[:, 1, 1])
    assert torch.all(covariance[:, 0, 1] == 0)


def test_predictions_stay_finite_and_in_reach_for_wild_inputs() -> None:
    model, batch = made()
    wild = replace(batch, range_km=1e5 * batch.range_km, snr=100 * batch.snr)
    for stage in model(wild):
        assert torch.isfinite(stage.mean).all()
        assert torch.linalg.vector_norm(stage.mean, dim=1).max() <= REACH_KM * 1.0001
        assert torch.all(determinant(stage.factor) > 0)


def test_network_follows_from_the_seed_and_leaves_the_process_alone() -> None:
    state = torch.get_rng_state()
    first, again, other = made(seed=3)[0], made(seed=3)[0], made(seed=4)[0]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.first.out.weight, again.first.out.weight)  # type: ignore[union-attr]
    assert not torch.equal(first.first.out.weight, other.first.out.weight)  # type: ignore[union-attr]


def test_recommended_network_has_about_30_thousand_parameters() -> None:
    model, _ = made(width=32, heads=4)
    assert 20_000 < sum(p.numel() for p in model.parameters()) < 40_000
