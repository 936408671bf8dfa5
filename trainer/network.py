"""A job's network, untrained or from a checkpoint, and what a checkpoint's network is worth."""

from __future__ import annotations

from typing import Any

import torch

from trainer.bounds import bound
from trainer.checkpoint import TrainingState, config_of
from trainer.config import TrainingConfig
from trainer.errors import CheckpointError, DeviceError
from trainer.material import Material, material
from trainer.metrics import Evaluator
from trainer.model import Locator


def check_device(device: str) -> None:
    """raises: DeviceError where torch cannot compute on it here"""
    if device == "cuda" and not torch.cuda.is_available():
        raise DeviceError(
            f"device cuda: torch {torch.__version__} finds no GPU here that it can use. Choose "
            f"device cpu, or install a build of torch with CUDA."
        )


def network(config: TrainingConfig, source: Material) -> Locator:
    """The untrained network: its weights follow from the seed, the process's own state stays."""
    receivers = torch.tensor(source.validation.receiver_km)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = Locator(receivers, config, source.scenario.has_timing)
    return model.to(config.device)


def load_weights(model: Locator, state: TrainingState) -> None:
    """raises: CheckpointError where they are those of another network"""
    try:
        model.load_state_dict(state.model)
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise CheckpointError(
            f"The checkpoint's weights do not fit this trainer's network ({first[:200]}): it was "
            f"made by another version. Start a new job."
        ) from None


def evaluate(state: TrainingState) -> dict[str, Any]:
    """Every validation metric of a checkpoint, and the bounds of the same scenes.

    raises: CheckpointError where its scenes can no longer be made
    """
    config = config_of(state).model_copy(update={"device": "cpu"})
    source = material(config)
    if source.of_epoch(0).fingerprint() != state.fingerprint:
        raise CheckpointError("The checkpoint's scenes have changed since: it cannot be judged.")
    model = network(config, source)
    load_weights(model, state)
    metrics = {"epoch": state.epoch} | Evaluator(source.validation, config.seed).full(model)
    best = bound(source.validation, source.scenario)
    if best is not None:
        metrics |= {
            "crlb_p50_m": best.p50_m,
            "crlb_p68_m": best.p68_m,
            "crlb_p95_m": best.p95_m,
            "oracle_nll": best.oracle_nll,
        }
    return metrics
