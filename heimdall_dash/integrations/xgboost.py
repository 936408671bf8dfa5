"""XGBoost: `xgb.train(…, callbacks=[HeimdallCallback("name", total_epochs=rounds)])`, also of
`XGBClassifier` and `xgb.cv`. A row per boosting round, from 1; `train/rmse`, `eval/rmse`, …
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from heimdall_dash.integrations.ends import Ends
from heimdall_dash.integrations.missing import missing
from heimdall_dash.integrations.run import Run

try:
    from xgboost import collective
    from xgboost.callback import TrainingCallback
except ImportError as error:
    raise missing(error, "xgboost") from None

ATTRIBUTE = "heimdall_job_id"  # of a booster, also in its file


class HeimdallCallback(Ends, TrainingCallback):
    """Publishes each round, on the first rank alone; every rank stops when the run is cancelled.
    A booster keeps the id of its run, and training that goes on with it goes on with the run."""

    def __init__(self, name: str = "xgboost", **options: Any) -> None:
        """options: arguments of `Job.start`; XGBoost does not say how many rounds there will be:
        `total_epochs` does. Raises TypeError for what it does not know."""
        super().__init__()
        self.run = Run(name, {"step_name": "round", "first_epoch": 1, **options})
        self._has_rows = False
        self._rounds_before = 0  # of the booster that training goes on with

    def before_training(self, model: Any) -> Any:
        if collective.get_rank() != 0:
            return model
        self._rounds_before = model.num_boosted_rounds()
        if self._rounds_before > 0:
            self.run.continues(model.attr(ATTRIBUTE), self._rounds_before)
        elif self._has_rows and self.run.renew():
            self._has_rows = False
        self.run.open(_config(model))
        model.set_attr(**{ATTRIBUTE: self.run.id})
        return model

    def after_iteration(
        self, model: Any, epoch: int, evals_log: Mapping[str, Mapping[str, Any]]
    ) -> bool:
        if self.run.job is not None:
            self.run.job.log(self._rounds_before + epoch + 1, dict(_newest(evals_log)))
            self._has_rows = True
        must_stop = self.run.must_stop()
        if collective.is_distributed():
            must_stop = bool(collective.broadcast(must_stop, 0))
        if must_stop:
            self.run.obey()
        return must_stop

    def after_training(self, model: Any) -> Any:
        self.run.rest()
        return model


def _newest(evals_log: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    for data, metrics in evals_log.items():
        for metric, values in metrics.items():
            newest = values[-1]
            if isinstance(newest, tuple):  # of `cv`: mean and standard deviation over the folds
                yield f"{data}/{metric}", newest[0]
                yield f"{data}/{metric}_std", newest[1]
            else:
                yield f"{data}/{metric}", newest


def _config(model: Any) -> dict[str, Any]:
    """The parameters in force, as the booster itself says them; of `cv` the first fold's."""
    booster = model.cvfolds[0].bst if hasattr(model, "cvfolds") else model
    learner = json.loads(booster.save_config())["learner"]
    found: dict[str, Any] = {"objective": learner["objective"]["name"]}
    trees = learner["gradient_booster"]
    for part in (trees, *(value for value in trees.values() if isinstance(value, dict))):
        for name, value in part.items():
            if isinstance(value, str) and name.islower():
                found[name] = _number(value)
            elif name == "tree_train_param" and isinstance(value, dict):
                found |= {inner: _number(text) for inner, text in value.items()}
    return found


def _number(text: str) -> float | int | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
