"""Lightning: `Trainer(logger=HeimdallLogger("name"))`, of `lightning` or `pytorch_lightning`.

A row per step, as Lightning counts them for its loggers: what it logs for one step in several calls
(training, learning rate, validation at the epoch's end) joins. Its `epoch` is a metric and stored
as `logged_epoch`.
"""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from heimdall_dash.integrations.agreement import Agreement
from heimdall_dash.integrations.missing import missing
from heimdall_dash.integrations.run import Run
from heimdall_dash.publish.ending import Terminated
from heimdall_dash.publisher import Job
from heimdall_dash.records import Status

# Two packages with the same content whose classes are strangers to each other: the one that the
# program already uses.
if TYPE_CHECKING or "lightning.pytorch" in sys.modules:
    from lightning.pytorch import Callback, LightningModule, Trainer
    from lightning.pytorch.loggers import Logger
    from lightning.pytorch.utilities import rank_zero_only
else:
    try:
        if "pytorch_lightning" in sys.modules:
            raise ImportError(name="lightning")
        from lightning.pytorch import Callback, LightningModule, Trainer
        from lightning.pytorch.loggers import Logger
        from lightning.pytorch.utilities import rank_zero_only
    except ImportError as error:
        if error.name != "lightning":
            raise
        try:
            from pytorch_lightning import Callback, LightningModule, Trainer
            from pytorch_lightning.loggers import Logger
            from pytorch_lightning.utilities import rank_zero_only
        except ImportError as second:
            raise missing(second, "lightning", "pytorch_lightning") from None

KEY = "heimdall_dash"  # in a checkpoint: {"job_id", "step"}


class HeimdallLogger(Logger):
    """Publishes what Lightning logs, on the first rank alone. The run goes on from `fit` to `test`,
    and from a checkpoint of its own; it ends with the program, or by `finish()`."""

    def __init__(self, name: str = "lightning", **options: Any) -> None:
        """options: arguments of `Job.start`. Raises TypeError for what it does not know."""
        super().__init__()
        self._run = Run(name, {"step_name": "step", "first_epoch": 0, **options})
        self._hyperparameters: dict[str, Any] = {}
        self._last_step = -1
        self._is_fitting = False

    # -- what Lightning asks ---------------------------------------------------------------

    @property
    def name(self) -> str:
        return self._run.name

    @property
    def version(self) -> str:
        """The job's id."""
        return self._run.id

    @property
    def experiment(self) -> Job:
        """The run, once it has begun: `self.logger.experiment.warn("odd batch")`."""
        if rank_zero_only.rank > 0:
            return _Silent()  # type: ignore[return-value]
        if self._run.job is None:  # Lightning asks before the checkpoint is read, and goes on
            raise AttributeError("the run begins with the training; `.job` begins it now")
        return self._run.job

    @rank_zero_only
    def log_hyperparams(self, params: Any, *_: Any, **__: Any) -> None:
        found = dict(params) if isinstance(params, Mapping) else vars(params)
        self._hyperparameters |= found
        if self._run.job is not None:
            self._run.job.configure(found)

    def log_graph(self, model: LightningModule, *_: Any, **__: Any) -> None:
        """Lightning hands the model over before it trains, on every rank: the way to its Trainer,
        which has to be asked to stop."""
        _Link.between(self, model.trainer)

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        step = max(self._last_step, 0) if step is None else step
        if not self._is_fitting and self._last_step >= 0:
            step = min(step, self._last_step)  # a test belongs to what was trained last
        self.job.log(step, metrics)
        self._last_step = max(self._last_step, step)

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """After each of `fit`, `test`, …; with "failed" while an exception passes."""
        self._is_fitting = False
        if status == "failed":
            self._fail(sys.exc_info()[1])
        elif status == "success":
            self._run.rest()

    # -- for users -------------------------------------------------------------------------

    @property
    def job(self) -> Job:
        """The run; begins it where it has not. On the first rank alone."""
        return self._run.open(self._hyperparameters)

    @rank_zero_only
    def finish(self, status: str = "completed", reason: object = None) -> None:
        self._run.end(status, reason)

    # -- for the link ----------------------------------------------------------------------

    @rank_zero_only
    def begin(self, is_new: bool, steps: float) -> None:
        """`fit` begins. is_new: at step 0, and so a run of its own where there was one before.
        steps: how many it will have at most; infinite, or -1: unknown."""
        if is_new and self._last_step >= 0 and self._run.renew():
            self._last_step = -1
        self._is_fitting = True
        total = int(steps) if 0 < steps < float("inf") else None
        self._run.open(self._hyperparameters, total_epochs=total)

    @rank_zero_only
    def go_on(self, saved: Mapping[str, Any]) -> None:
        """saved: what a checkpoint holds under KEY."""
        self._run.continues(saved.get("job_id"), saved.get("step"))
        if self._last_step < 0 and isinstance(saved.get("step"), int):
            self._last_step = saved["step"]

    def place(self) -> dict[str, Any]:
        """What a checkpoint should hold."""
        return {"job_id": self._run.id, "step": self._last_step}

    def _fail(self, error: BaseException | None) -> None:
        if type(error).__name__ == "SIGTERMException":  # a SystemExit that means a signal
            error = Terminated("SIGTERM")
        self._run.open(self._hyperparameters)  # also when it failed before its first step
        if error is None:
            self._run.end(Status.FAILED, "Lightning says that it failed")
        else:
            self._run.end_with(error)


class _Link(Callback):
    """Tells the logger of the Trainer's course, and the Trainer of what is wanted on the page.

    On every rank, so that all of them stop at the same batch.
    """

    def __init__(self, logger: HeimdallLogger) -> None:
        self.logger = logger
        self._agreement: Agreement | None = None  # of the present `fit`

    @classmethod
    def between(cls, logger: HeimdallLogger, trainer: Trainer) -> None:
        known = [one for one in trainer.callbacks if isinstance(one, cls)]
        if not any(one.logger is logger for one in known):
            trainer.callbacks.insert(0, cls(logger))  # before those that save checkpoints
        if trainer.state.fn == "fit":
            # A callback that joins now was not told of the checkpoint, and no hook is left for it:
            # it lies here until training begins. Elsewhere (another version) the run begins anew.
            connector = getattr(trainer, "_checkpoint_connector", None)
            saved = getattr(connector, "_loaded_checkpoint", {}).get(KEY)
            if isinstance(saved, Mapping):
                logger.go_on(saved)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.logger.begin(trainer.global_step == 0, trainer.estimated_stepping_batches)
        self._agreement = Agreement(
            self.logger._run, trainer.world_size, trainer.strategy.broadcast
        )

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self._agreement and self._agreement.must_stop() and not trainer.should_stop:
            self.logger._run.obey()
            trainer.should_stop = True
            trainer.fit_loop.min_epochs = 0  # whoever cancels knows better
            trainer.fit_loop.epoch_loop.min_steps = None

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint[KEY] = self.logger.place()


class _Silent:
    """The run on the other ranks: takes any call and does nothing."""

    def __getattr__(self, _: str) -> Any:
        return lambda *_, **__: None
