"""Optuna: a job per trial, in one group per study.

    heimdall = HeimdallCallback()
    study.optimize(heimdall.watch(objective), n_trials=20, callbacks=[heimdall])

`watch` shows a trial while it runs: what it reports, its parameters, its end. Without it a trial is
published when it is over, from its record. Pruned trials are cancelled, with their reason.
"""

from collections.abc import Callable
from typing import Any

from heimdall_dash.integrations.missing import missing
from heimdall_dash.integrations.run import Run
from heimdall_dash.publisher import Job
from heimdall_dash.records import Status

try:
    import optuna
    from optuna.trial import FrozenTrial, Trial, TrialState
except ImportError as error:
    raise missing(error, "optuna") from None

Objective = Callable[[Trial], Any]


class HeimdallCallback:
    """Trials may run side by side, in threads or processes of their own."""

    def __init__(self, name: str | None = None, **options: Any) -> None:
        """name: of the group; default is the study's. options: arguments of `Job.start`, for each
        trial. Raises TypeError for what it does not know."""
        Run(name or "optuna", options)
        self._name, self._options = name, options
        self._seen: set[int] = set()  # numbers of trials that `watch` has published

    def watch(self, objective: Objective) -> Objective:
        """The same objective, published while it runs. A trial whose job is cancelled on the page
        is pruned at its next report or its end, and the study stops after it."""

        def watched(trial: Trial) -> Any:
            self._seen.add(trial.number)
            run = self._run(trial.study, trial.number)
            job = run.open({"trial": trial.number})
            _Reports(trial, run, job)
            try:
                value = objective(trial)
                _obey(run, trial)
            except BaseException as error:
                job.configure(trial.params)
                if isinstance(error, optuna.TrialPruned) and not str(error):
                    job.finish(Status.CANCELLED, _pruned(trial.study, job.last_epoch))
                run.end_with(error)
                raise
            job.configure(trial.params)
            _say_value(job, trial.study, value)
            run.end()
            return value

        return watched

    def __call__(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Optuna is through with a trial."""
        if trial.number in self._seen:
            return
        run = self._run(study, trial.number)
        job = run.open({"trial": trial.number, **trial.params})
        for step, value in sorted(trial.intermediate_values.items()):
            job.log(step, intermediate=value)
        if trial.duration is not None:
            job.describe({"duration_s": trial.duration.total_seconds()})
        if trial.state == TrialState.COMPLETE:
            _say_value(job, study, trial.values)
            run.end()
        elif trial.state == TrialState.PRUNED:
            run.end(Status.CANCELLED, _pruned(study, job.last_epoch))
        else:
            run.end(Status.FAILED, "the trial failed")  # why, only `watch` can see

    def _run(self, study: optuna.Study, number: int) -> Run:
        group = self._name or study.study_name
        options: dict[str, Any] = {"group": group, "step_name": "step"}
        if len(study.directions) == 1:
            is_better = study.direction == optuna.study.StudyDirection.MAXIMIZE
            options["key_metrics"] = {"value": "max" if is_better else "min"}
        return Run(f"{group[:100]} {number}", options | self._options)


class _Reports:
    """Takes the place of a trial's `report`, for as long as it runs."""

    def __init__(self, trial: Trial, run: Run, job: Job) -> None:
        self._trial, self._run, self._job = trial, run, job
        self._report, self._known = trial.report, 0
        trial.report = self  # type: ignore[method-assign, assignment]

    def __call__(self, value: float, step: int) -> None:
        self._report(value, step)
        if len(self._trial.params) > self._known:
            self._known = len(self._trial.params)
            self._job.configure(self._trial.params)
        self._job.log(step, intermediate=value)
        _obey(self._run, self._trial)


def _obey(run: Run, trial: Trial) -> None:
    if run.must_stop():
        run.obey()
        trial.study.stop()
        raise optuna.TrialPruned("cancelled on the page")


def _say_value(job: Job, study: optuna.Study, value: Any) -> None:
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if len(values) == 1:
        names = ["value"]
    else:
        names = study.metric_names or [f"value_{i}" for i in range(len(values))]
    job.log(max(job.last_epoch, 0), dict(zip(names, values, strict=False)))


def _pruned(study: optuna.Study, step: int) -> str:
    after = f" after step {step}" if step >= 0 else ""
    return f"pruned by {type(study.pruner).__name__}{after}"
