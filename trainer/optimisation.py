"""One step of training, and the sums over an epoch's steps."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from trainer.config import TrainingConfig
from trainer.errors import TrainerError
from trainer.features import Batch
from trainer.losses import objective
from trainer.model import Locator
from trainer.parallel import Alone

MOST_SKIPPED = 5
"""Steps in a row with a loss that is not a number before the training gives up."""


class DivergedError(TrainerError):
    """The loss was not finite for too many steps in a row."""


def optimizer_for(model: nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW; weight decay on matrices only, not on biases."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return torch.optim.AdamW(
        [
            {"params": matrices, "weight_decay": config.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
        betas=(0.9, 0.98),
        fused=True,
    )


class Steps:
    """Does steps and adds up what happened in them; `sums` can be saved and restored."""

    def __init__(
        self,
        model: Locator,
        optimizer: torch.optim.Optimizer,
        config: TrainingConfig,
        ranks: Alone,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.config = config
        self.ranks = ranks
        self.sums: dict[str, float] = {}
        self.start_epoch()

    def start_epoch(self) -> None:
        """Zero sums; a run of skipped steps goes on across epochs."""
        in_a_row = self.sums.get("skipped_in_a_row", 0.0)
        names = ("steps", "skipped", "objective", "norm", "norm_max", "clipped", "wall_s", "cpu_s")
        self.sums = dict.fromkeys(names, 0.0) | {"skipped_in_a_row": in_a_row}

    def step(self, batch: Batch, rows: Tensor, rate: float) -> None:
        """One update from the global batch's rows.

        A step whose loss or gradient is not finite changes nothing.
        raises: DivergedError after more than five of them in a row
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        own = self.ranks.share_of(rows)
        self.optimizer.zero_grad()
        loss = 0.0
        if len(own):
            part = batch.rows(own)
            value = objective(self.model(part), part.target_km, self.config)
            value.backward()
            loss = float(value.detach())
        loss = self.ranks.combine(self.model, loss, len(own), len(rows))
        limit = self.config.clip or math.inf
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), limit))
        if not (math.isfinite(loss) and math.isfinite(norm)):
            self._skip(loss, norm)
            return
        self.optimizer.step()
        self.sums["skipped_in_a_row"] = 0.0
        self.sums["steps"] += 1
        self.sums["objective"] += loss
        self.sums["norm"] += norm
        self.sums["norm_max"] = max(self.sums["norm_max"], norm)
        self.sums["clipped"] += norm > limit

    def _skip(self, loss: float, norm: float) -> None:
        self.sums["skipped"] += 1
        self.sums["skipped_in_a_row"] += 1
        if self.sums["skipped_in_a_row"] > MOST_SKIPPED:
            raise DivergedError(
                f"The loss ({loss}) or its gradient ({norm}) was not finite in more than "
                f"{MOST_SKIPPED} steps in a row: lower learning_rate (now "
                f"{self.config.learning_rate:g}), or set clip."
            )

    def metrics(self) -> dict[str, float | None]:
        """The epoch's means; None where no step was made."""
        steps = self.sums["steps"]

        def mean(name: str) -> float | None:
            return self.sums[name] / steps if steps else None

        return {
            "train_objective": mean("objective"),
            "gradient_norm": mean("norm"),
            "gradient_norm_max": self.sums["norm_max"] if steps else None,
            "clipped_fraction": mean("clipped"),
            "skipped_steps": self.sums["skipped"],
        }


@torch.no_grad()
def weight_norm(model: nn.Module) -> float:
    """L2 norm of all parameters together."""
    return float(torch.sqrt(sum((p.double() ** 2).sum() for p in model.parameters())))  # type: ignore[arg-type]
