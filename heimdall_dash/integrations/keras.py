"""Keras 3: `model.fit(…, callbacks=[HeimdallCallback("name")])`. A row per epoch, from 1, with
training, validation and learning rate; `evaluate` adds `test_…` to the newest epoch.
"""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heimdall_dash.integrations.ends import Ends
from heimdall_dash.integrations.missing import missing
from heimdall_dash.integrations.run import Run

try:
    import keras
except ImportError as error:
    raise missing(error, "keras") from None

log = logging.getLogger(__name__)

FILE = "heimdall.json"  # in the folder of the checkpoints: {"job_id"}


class HeimdallCallback(Ends, keras.callbacks.Callback):  # type: ignore[misc]
    """Publishes what Keras logs, on the first rank alone. A training that begins at a later epoch
    (`initial_epoch`, `BackupAndRestore`) goes on with the run that `checkpoints` remembers."""

    def __init__(
        self, name: str = "keras", *, checkpoints: str | Path | None = None, **options: Any
    ) -> None:
        """checkpoints: the folder where the script keeps its own; Keras has no place in them for
        the run's id, so it lies beside them. options: arguments of `Job.start`. Raises TypeError
        for what it does not know."""
        super().__init__()
        self.run = Run(name, {"first_epoch": 1, **options})
        self._memory = None if checkpoints is None else Path(checkpoints).absolute() / FILE
        self._is_first = os.environ.get("RANK", "0") == "0"
        self._is_fitting = self._has_begun = False
        self._epoch = 0  # the newest that was logged

    # -- what Keras calls ------------------------------------------------------------------

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._is_fitting, self._has_begun = True, False

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Only here Keras says at which epoch it begins."""
        if self._has_begun or not self._is_first:
            return
        self._has_begun = True
        if epoch == 0 and self._epoch and self.run.renew():  # `fit` again, from the beginning
            self._epoch = 0
        elif epoch > 0:
            self.run.continues(self._remembered(), epoch)
        self.run.open(_config(self.model, self.params), total_epochs=self.params.get("epochs"))
        self._remember()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self.run.must_stop():
            self.run.obey()
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self.run.job is None:
            return
        self._epoch = epoch + 1
        cells = dict(logs or {})
        rate = _learning_rate(self.model)
        if rate is not None:
            cells.setdefault("learning_rate", rate)
        self.run.job.log(self._epoch, cells)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._is_fitting = False
        self.run.rest()

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        if self._is_fitting or not self._is_first or not logs:
            return  # a validation's results come with their epoch
        job = self.run.open(_config(self.model, self.params))
        job.log(self._epoch, {f"test_{name}": value for name, value in logs.items()})
        self.run.rest()

    # -- inside ----------------------------------------------------------------------------

    def _remembered(self) -> str | None:
        try:
            return str(json.loads(self._memory.read_text())["job_id"]) if self._memory else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _remember(self) -> None:
        if self._memory is None:
            return
        try:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            self._memory.write_text(json.dumps({"job_id": self.run.id}))
        except OSError as error:
            log.warning("the run's id cannot be kept beside the checkpoints: %s", error)


def _config(model: Any, params: Mapping[str, Any] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"model": getattr(model, "name", None), "parameters": None}
    if getattr(model, "built", False):
        found["parameters"] = model.count_params()
    if getattr(model, "optimizer", None) is not None:
        found["optimizer"] = model.optimizer.get_config()
    if getattr(model, "loss", None) is not None:
        loss = model.loss
        found["loss"] = loss if isinstance(loss, str) else getattr(loss, "name", str(loss))
    known = params or {}
    return found | {name: known[name] for name in ("epochs", "steps") if known.get(name)}


def _learning_rate(model: Any) -> float | None:
    try:
        return float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
    except (AttributeError, TypeError, ValueError):  # no optimizer, or one of a foreign kind
        return None
