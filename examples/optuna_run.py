"""Optuna: a job per trial, all in the study's group; each is seen while it runs."""

import optuna

from heimdall_dash.integrations.optuna import HeimdallCallback


def objective(trial: optuna.Trial) -> float:
    rate = trial.suggest_float("learning_rate", 1e-3, 1.0, log=True)
    place = 1.0
    for step in range(20):
        place -= rate * 2 * place
        trial.report(place**2, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return place**2


heimdall = HeimdallCallback()
study = optuna.create_study(study_name="Optuna", sampler=optuna.samplers.RandomSampler(seed=0))
study.optimize(heimdall.watch(objective), n_trials=8, callbacks=[heimdall])
