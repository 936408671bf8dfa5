"""Some validation scenes to look at, every few epochs: where the network puts them, how sure it is,
where they are, and where the receivers stand. The same places throughout a job."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from trainer.metrics import Evaluator, predict
from trainer.model import Locator

PLACES = 200
FIRST_EPOCHS = 5  # in which most changes, each shown
SHOWN_EPOCHS = 50  # of a job, about


def is_shown(epoch: int, epochs: int) -> bool:
    """Whether an epoch of a job of `epochs` shows its places; the untrained model's 0 does."""
    every = max(1, epochs // SHOWN_EPOCHS)
    return epoch <= FIRST_EPOCHS or epoch % every == 0 or epoch == epochs


class Places:
    """Costs 9 ms each time (6 for the network, 3 to keep them), where an evaluation takes 54, and
    20 kB of the log: of a job of 500 epochs half a second and 1 MB."""

    def __init__(self, evaluator: Evaluator, seed: int) -> None:
        scenes = evaluator.scenes
        order = np.random.default_rng([seed, 7]).permutation(len(scenes))
        self.rows = np.sort(order[:PLACES])
        self._batch = evaluator.batch.rows(torch.from_numpy(self.rows))
        self._receivers = {
            name: place[:2].tolist()
            for name, place in zip(scenes.receiver_names, scenes.receiver_km, strict=True)
        }

    def predictions(self, model: Locator) -> dict[str, Any]:
        """Arguments of `Job.predictions`, in km on the scene's plane."""
        prediction = predict(model, self._batch)
        factor = prediction.factor.double().cpu().numpy()
        return {
            "truth": self._batch.target_km.double().cpu().numpy(),
            "mean": prediction.mean.double().cpu().numpy(),
            "covariance": factor @ factor.transpose(0, 2, 1),
            "labels": [f"scene {row}" for row in self.rows],
            "unit": "km",
            "axes": ["East", "North"],
            "places": self._receivers,
        }
