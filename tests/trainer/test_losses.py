"""Likelihoods against torch.distributions, and the robust tail."""

import torch

from trainer.config import TrainingConfig
from trainer.losses import HUBER_M2, mahalanobis_sq, nll, objective, sigma_weight
from trainer.model import Prediction


def drawn(count: int = 200) -> tuple[Prediction, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    factor = torch.randn(count, 2, 2, generator=generator) + 2 * torch.eye(2)
    mean = torch.randn(count, 2, generator=generator)
    noise = torch.randn(count, 2, generator=generator)
    return Prediction(mean, factor), mean + (factor @ noise[..., None])[..., 0]


def test_nll_is_that_of_a_multivariate_normal_within_5_sigma() -> None:
    prediction, target = drawn()
    covariance = prediction.factor @ prediction.factor.transpose(1, 2)
    reference = torch.distributions.MultivariateNormal(prediction.mean, covariance)
    inside = mahalanobis_sq(prediction, target) < HUBER_M2
    assert inside.all()
    torch.testing.assert_close(
        nll(prediction, target), -reference.log_prob(target), rtol=1e-3, atol=1e-3
    )


def test_mahalanobis_is_chi_squared_when_calibrated() -> None:
    prediction, target = drawn(5000)
    m2 = mahalanobis_sq(prediction, target)
    assert abs(float(m2.mean()) - 2) < 0.1  # standard error 0.03


def test_nll_grows_linearly_beyond_5_sigma() -> None:
    unit = Prediction(torch.zeros(3, 2), torch.eye(2).expand(3, 2, 2))
    at = torch.tensor([[5.0, 0.0], [10.0, 0.0], [15.0, 0.0]])
    loss = nll(unit, at)
    torch.testing.assert_close(loss[1] - loss[0], torch.tensor(25.0))
    torch.testing.assert_close(loss[2] - loss[1], torch.tensor(25.0))


def test_nll_without_a_bend_is_that_of_the_normal_distribution_everywhere() -> None:
    prediction = Prediction(torch.zeros(1, 2), torch.eye(2).expand(1, 2, 2))
    target = torch.tensor([[30.0, 40.0]])
    reference = torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2))
    torch.testing.assert_close(
        nll(prediction, target, float("inf")), -reference.log_prob(target), rtol=1e-6, atol=0
    )


def test_objective_of_a_lost_scene_grows_by_a_constant_per_sigma() -> None:
    unit = Prediction(torch.zeros(1, 2), torch.eye(2)[None])
    near, far = torch.tensor([[10.0, 0.0]]), torch.tensor([[11.0, 0.0]])
    config = TrainingConfig()
    rise = objective([unit], far, config) - objective([unit], near, config)
    torch.testing.assert_close(rise, torch.tensor(2.5))


def test_nll_has_finite_gradients_at_a_perfect_and_at_a_lost_prediction() -> None:
    mean = torch.tensor([[0.0, 0.0], [1e5, 0.0]], requires_grad=True)
    factor = 1e-3 * torch.eye(2).expand(2, 2, 2).clone().requires_grad_()
    nll(Prediction(mean, factor), torch.zeros(2, 2)).sum().backward()
    assert mean.grad is not None
    assert torch.isfinite(mean.grad).all()


def test_objective_weights_earlier_stages_with_0_3() -> None:
    prediction, target = drawn()
    one = objective([prediction], target, TrainingConfig())
    three = objective([prediction] * 3, target, TrainingConfig())
    torch.testing.assert_close(three, 1.6 * one)


def test_beta_zero_weighs_all_scenes_alike() -> None:
    prediction, target = drawn()
    torch.testing.assert_close(sigma_weight(prediction, 0.0), torch.ones(200))
    plain = objective([prediction], target, TrainingConfig())
    beta = objective([prediction], target, TrainingConfig(loss="beta-nll", beta=0.0))
    torch.testing.assert_close(beta, plain)
