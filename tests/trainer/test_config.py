"""The job's configuration: impossible values are refused and the message names the field."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from heimdall_dash.config_errors import place
from trainer.config import LOCAL_FIELDS, TrainingConfig


def test_config_defaults_are_the_demo_job() -> None:
    config = TrainingConfig()
    assert (config.epochs, config.scenario) == (500, "gnss")
    assert (config.train_samples, config.val_samples) == (4096, 2048)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"epochs": 0}, "epochs"),
        ({"epochs": True}, "epochs"),
        ({"epochs": 2.5}, "epochs"),
        ({"epochs": 10**9}, "epochs"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"learning_rate": float("inf")}, "learning_rate"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"seed": -1}, "seed"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 8192}, "batch_size"),
        ({"scenario": "moon"}, "scenario"),
        ({"early_stop": 1}, "early_stop"),
        ({"sync_ns": -5}, "sync_ns"),
        ({"sync_ns": float("nan")}, "sync_ns"),
        ({"nlos_prob": 1.5}, "nlos_prob"),
        ({"min_receivers": 8}, "min_receivers"),
        ({"width": 30, "heads": 4}, "heads"),
        ({"scenario": "power", "sync_ns": 20}, "sync_ns"),
        ({"scenario": "power", "init": "ls"}, "init"),
        ({"dataset": "x.csv", "resample": "all"}, "resample"),
        ({"momentum": 0.9}, "momentum"),
        ({"epochs": "many"}, "epochs"),
        ({"epochs": None}, "epochs"),
    ],
)
def test_config_refuses_the_impossible_and_names_the_field(
    values: dict[str, object], named: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        TrainingConfig.model_validate(values)
    first = caught.value.errors()[0]
    assert named in place(first)


def test_config_survives_json() -> None:
    config = TrainingConfig(epochs=7, scenario="nlos", nlos_ns=250.0)
    assert TrainingConfig.model_validate_json(config.model_dump_json()) == config


def test_config_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        TrainingConfig().epochs = 3  # type: ignore[misc]


def test_config_fields_have_description_and_unit() -> None:
    for name, field in TrainingConfig.model_fields.items():
        assert field.description, name
        assert isinstance(field.json_schema_extra, dict), name
        assert field.json_schema_extra["unit"], name
    assert set(TrainingConfig.model_fields) >= LOCAL_FIELDS


@pytest.mark.parametrize(
    ("module", "needs_no"),
    [
        ("trainer.manifest", {"torch", "pandas"}),  # the web process reads it
        ("trainer.worker", {"torch", "pandas", "numpy"}),  # it waits for jobs in little memory
        ("trainer.attempt", {"pandas"}),  # what a job waits for before its first epoch
    ],
)
def test_module_imports_no_library_that_it_can_do_without(module: str, needs_no: set[str]) -> None:
    code = f"import sys, {module}; sys.exit(str({needs_no} & sys.modules.keys() or '') or None)"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
