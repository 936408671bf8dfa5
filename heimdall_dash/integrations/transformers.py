"""Hugging Face: `Trainer(callbacks=[HeimdallCallback("name")])`.

A row per step that the Trainer logs; an evaluation joins the row of its step. The summary at the
end of a training is no point of a curve: it becomes facts of the run.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heimdall_dash.integrations.agreement import Agreement
from heimdall_dash.integrations.ends import Ends
from heimdall_dash.integrations.missing import missing
from heimdall_dash.integrations.run import Run

try:
    from transformers import (
        TrainerCallback,
        TrainerControl,
        TrainerState,
        TrainingArguments,
    )
    from transformers.trainer_callback import ExportableState
except ImportError as error:
    raise missing(error, "transformers") from None

MAX_NAME = 100  # characters taken over from `run_name`
KEPT = ("tags", "group", "project", "step_name", "key_metrics", "data_dir")  # in a checkpoint


class HeimdallCallback(Ends, TrainerCallback, ExportableState):  # type: ignore[misc]
    """Publishes what the Trainer logs, on the first rank alone; every rank stops when the run is
    cancelled. A checkpoint (its `trainer_state.json`) knows the run, which goes on from there."""

    def __init__(self, name: str | None = None, **options: Any) -> None:
        """name: default is the arguments' `run_name`, else the output folder's. options: arguments
        of `Job.start`. Raises TypeError for what it does not know."""
        self._name, self._options = name, options
        self.run = Run(name or "transformers", {"step_name": "step", "first_epoch": 1, **options})
        self._agreement: Agreement | None = None  # of the present training
        self._trial: str | None = None
        self._has_rows = False

    # -- what the Trainer calls ------------------------------------------------------------

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        self._agreement = Agreement(self.run, args.world_size, _broadcast)
        if not state.is_world_process_zero:
            return
        if state.is_hyper_param_search:
            self._next_trial(state)
        elif state.global_step > 0:
            self._continue(state)
        elif self._has_rows and self.run.renew():  # `train()` again, from the beginning
            self._has_rows = False
        self._open(args, state, more.get("model"))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        if not state.is_world_process_zero or not logs:
            return
        job = self.run.job or self._open(args, state, more.get("model"))
        if "train_runtime" in logs:
            job.describe({name: value for name, value in logs.items() if name != "epoch"})
        else:
            job.log(state.global_step, logs)
            self._has_rows = True

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if self._agreement is not None and self._agreement.must_stop():
            self.run.obey()
            control.should_training_stop = True

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        self.run.rest()

    def state(self) -> dict[str, Any]:
        """What the Trainer keeps in a checkpoint: `args` makes this callback anew, where
        `restore_callback_states_from_checkpoint` is set."""
        kept = {name: self._options[name] for name in KEPT if name in self._options}
        is_json = json.dumps({"name": self._name, **kept}, default=str)
        return {"args": json.loads(is_json), "attributes": {"saved_run": self.run.id}}

    # -- inside ----------------------------------------------------------------------------

    def _open(self, args: TrainingArguments, state: TrainerState, model: Any) -> Any:
        if self._name is None:
            self.run.name = _name_of(args)
        config = args.to_dict() | (state.trial_params or {})
        if hasattr(model, "config") and hasattr(model.config, "to_dict"):
            config["model"] = model.config.to_dict()
        return self.run.open(
            config, total_epochs=state.max_steps or None, key_metrics=_key_metrics(args)
        )

    def _continue(self, state: TrainerState) -> None:
        kept = (state.stateful_callbacks or {}).get(type(self).__name__)
        kept = kept[0] if isinstance(kept, list) and kept else kept
        if isinstance(kept, Mapping):
            job_id = kept.get("attributes", {}).get("saved_run")
            self.run.continues(job_id, state.global_step)

    def _next_trial(self, state: TrainerState) -> None:
        """A job per trial of `hyperparameter_search`, all in one group."""
        if self._trial is not None:
            self.run.renew()
        self._trial = state.trial_name or "trial"
        group = self._name or "search"
        self._name = group
        self.run.name = f"{group} {self._trial}"
        self.run.group_by_default(group)


def _broadcast(said: Any) -> Any:
    """The first rank's object."""
    import torch.distributed

    box = [said]
    torch.distributed.broadcast_object_list(box, src=0)
    return box[0]


def _name_of(args: TrainingArguments) -> str:
    name = args.run_name or Path(args.output_dir or "").name or "transformers"
    return "".join(c for c in str(name) if c.isprintable()).strip()[:MAX_NAME] or "transformers"


def _key_metrics(args: TrainingArguments) -> dict[str, str] | None:
    """What the Trainer itself judges by, where it was told."""
    name = args.metric_for_best_model
    if not name:
        return None
    name = name if name.startswith("eval_") else f"eval_{name}"
    is_better = args.greater_is_better
    return {name: "max" if is_better else "min"}
