"""Scripts that were written for W&B, with one line changed."""

from argparse import Namespace
from collections.abc import Iterator
from typing import Any

import pytest

import heimdall_dash.wandb as wandb
from tests.integrations.conftest import Dashboard, Script


@pytest.fixture(autouse=True)
def _no_run_stays() -> Iterator[None]:
    yield
    wandb.finish()


def test_wandb_publishes_what_a_script_logs(dashboard: Dashboard) -> None:
    run = wandb.init(
        project="vision", name="baseline", config={"lr": 0.1, "layers": 3}, group="ablation",
        tags=["small"], notes="first try", entity="us", save_code=True,
    )  # fmt: skip
    assert wandb.run is run
    assert (wandb.config.lr, wandb.config["layers"]) == (0.1, 3)
    wandb.config.update({"lr": 0.2})
    wandb.config.batch = 8
    for epoch in range(3):
        wandb.log({"loss": 1 / (epoch + 1), "val": {"acc": epoch / 10}})
    assert (wandb.summary["loss"], wandb.run.step) == (pytest.approx(1 / 3), 3)
    wandb.summary["best"] = 0.2
    wandb.alert(title="odd", text="a spike", level=wandb.AlertLevel.WARN)
    run.finish()
    assert wandb.run is None
    job = dashboard.only("baseline")
    assert (job["status"], job["project"], job["group"]) == ("completed", "vision", "ablation")
    assert (job["tags"], job["step_name"]) == (["small"], "step")
    assert job["config"] == {"lr": 0.2, "layers": 3, "batch": 8}
    assert dashboard.rows(job["id"])[2] == {"loss": pytest.approx(1 / 3), "val/acc": 0.2}
    seen = dashboard.job(job["id"])
    assert (seen["facts"]["best"], seen["facts"]["notes"]) == (0.2, "first try")
    assert "odd: a spike" in str(seen)


def test_wandb_counts_steps_as_scripts_expect(dashboard: Dashboard) -> None:
    with wandb.init(name="steps") as run:
        wandb.log({"a": 1}, commit=False)
        wandb.log({"b": 2})  # joins step 0, and ends it
        wandb.log({"a": 3}, step=5)
        wandb.log({"b": 4}, step=5)
        wandb.log({"c": 5})  # still step 5
        wandb.log({"a": 6})
        run.log({"late": 7}, step=0)
    assert dashboard.rows(dashboard.only("steps")["id"]) == {
        0: {"a": 1, "b": 2, "late": 7},
        5: {"a": 3, "b": 4, "c": 5},
        6: {"a": 6},
    }


def test_wandb_accepts_what_has_no_place_and_names_it_once(
    dashboard: Dashboard, caplog: pytest.LogCaptureFixture
) -> None:
    wandb.init(name="media", config=Namespace(lr=1), sync_tensorboard=True)
    for _ in range(2):
        wandb.log({"x": 1, "picture": wandb.Image([[0]]), "many": [wandb.Image(0), wandb.Image(1)]})
        wandb.log({"table": wandb.Table(columns=["a"], data=[[1]]), "h": wandb.Histogram([1, 2])})
    wandb.watch(object(), log="all")
    wandb.save("model.pt")
    wandb.define_metric("val/*", step_metric="epoch")
    artifact = wandb.Artifact("weights", type="model")
    artifact.add_file("model.pt")
    wandb.log_artifact(artifact).wait()
    wandb.run.log_code(".")
    wandb.finish()
    job = dashboard.only("media")
    rows = dashboard.rows(job["id"])
    assert {name for row in rows.values() for name in row} == {"x"}
    named = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert len(named) == len(set(named)) == 9, named


def test_wandb_goes_on_with_the_run_of_an_id(dashboard: Dashboard) -> None:
    for _ in range(2):
        run = wandb.init(project="p", name="again", id="run-7", resume="allow")
        for value in range(3):
            wandb.log({"x": value})
        wandb.finish()
    assert (run.id, run.starting_step, run.resumed) == ("run-7", 3, True)
    job = dashboard.only("again")
    assert sorted(dashboard.rows(job["id"])) == list(range(6))


def test_wandb_run_ends_as_its_script_does(dashboard: Dashboard) -> None:
    with pytest.raises(ValueError, match="exploded"), wandb.init(name="raises"):
        raise ValueError("exploded")
    assert dashboard.only("raises")["error_message"] == "ValueError: exploded"
    wandb.init(name="code")
    wandb.finish(exit_code=3)
    assert dashboard.only("code")["error_message"] == "exit code 3"


def test_wandb_before_init_and_switched_off(dashboard: Dashboard) -> None:
    with pytest.raises(wandb.Error, match=r"wandb\.init"):
        wandb.log({"x": 1})
    with wandb.init(name="off", mode="disabled", config={"lr": 1}) as run:
        wandb.log({"x": 1})
        assert (run.url, wandb.config.lr, run.step) == (None, 1, 1)
    assert dashboard.jobs("off") == []


def test_wandb_script_without_finish_is_completed(dashboard: Dashboard, script: Script) -> None:
    script("import heimdall_dash.wandb as wandb\nwandb.init(name='plain')\nwandb.log({'x': 1})\n")
    assert dashboard.only("plain")["status"] == "completed"


def test_wandb_grid_runs_each_set_of_values_once(
    dashboard: Dashboard, caplog: pytest.LogCaptureFixture
) -> None:
    parameters = {
        "lr": {"values": [0.1, 0.01]}, "layers": {"min": 1, "max": 3}, "kind": {"value": "mlp"},
        "optimizer": {"parameters": {"name": {"values": ["adam"]}}},
    }  # fmt: skip
    sweep_id = wandb.sweep(
        {"method": "grid", "name": "grid", "parameters": parameters}, project="vision"
    )
    seen = []

    def train() -> None:
        with wandb.init(config={"lr": 9, "batch": 4}) as run:
            seen.append((wandb.config.lr, wandb.config.layers))
            assert (run.sweep_id, wandb.config.optimizer["name"]) == (sweep_id, "adam")
            wandb.log({"loss": wandb.config.lr * wandb.config.layers})

    wandb.agent(f"us/vision/{sweep_id}", function=train, count=2)
    wandb.agent(sweep_id, train)  # the rest
    wandb.agent(sweep_id, train)  # there is none
    assert sorted(seen) == [(lr, layers) for lr in (0.01, 0.1) for layers in (1, 2, 3)]
    for number, (lr, layers) in enumerate(seen, 1):
        job = dashboard.only(f"grid {number}")
        assert (job["status"], job["project"], job["group"]) == ("completed", "vision", "grid")
        assert job["config"] == {
            "lr": lr, "layers": layers, "kind": "mlp", "batch": 4, "optimizer": {"name": "adam"},
        }  # fmt: skip
        assert dashboard.rows(job["id"]) == {0: {"loss": pytest.approx(lr * layers)}}
        assert dashboard.job(job["id"])["facts"]["sweep"] == sweep_id
    after = wandb.init(name="after the sweep", config={"lr": 9}, facts={"by": "hand"})
    assert (after.config.lr, after.sweep_id) == (9, None)
    assert not [record for record in caplog.records if "left out" in record.getMessage()]


def test_wandb_random_draws_within_the_bounds() -> None:
    sweep_id = wandb.sweep({"method": "random", "parameters": {
        "whole": {"min": 2, "max": 4}, "part": {"min": 0.5, "max": 1.5},
        "lr": {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1},
        "power": {"distribution": "log_uniform", "min": -2, "max": 0},
        "inverse": {"distribution": "inv_log_uniform_values", "min": 1, "max": 10},
        "step": {"distribution": "q_uniform", "min": 0, "max": 64, "q": 16},
        "bell": {"distribution": "normal", "mu": 3, "sigma": 0},
        "one": {"values": ["a", "b"], "probabilities": [0, 1]},
    }})  # fmt: skip
    drawn: list[dict[str, Any]] = []

    def train() -> None:
        wandb.init(mode="disabled")
        drawn.append(wandb.config.as_dict())

    wandb.agent(sweep_id, train, count=300)
    assert {one["whole"] for one in drawn} == {2, 3, 4}
    assert all(0.5 <= one["part"] <= 1.5 for one in drawn)
    assert all(1e-5 <= one["lr"] <= 1e-1 for one in drawn)
    assert sum(one["lr"] < 1e-3 for one in drawn) > 100  # half of the decades
    assert all(0.135 <= one["power"] <= 1 for one in drawn)
    assert all(0.1 <= one["inverse"] <= 1.0001 for one in drawn)
    assert {one["step"] for one in drawn} == {0, 16, 32, 48, 64}
    assert {(one["bell"], one["one"]) for one in drawn} == {(3, "b")}
    assert wandb.run is None


def test_wandb_sweep_goes_on_after_a_failed_run_and_ends_with_a_failing_script(
    dashboard: Dashboard, caplog: pytest.LogCaptureFixture
) -> None:
    config = {
        "method": "bayes", "name": "fails", "run_cap": 5, "early_terminate": {"type": "hyperband"},
        "parameters": {"x": {"value": 1}},
    }  # fmt: skip
    calls: list[Any] = []

    def train() -> None:
        calls.append(wandb.init())
        if len(calls) in (1, 3, 4):
            raise ValueError(f"exploded {len(calls)}")

    wandb.agent(wandb.sweep(config), train)
    assert [dashboard.only(f"fails {number}")["status"] for number in range(1, 6)] == [
        "failed", "completed", "failed", "failed", "completed",
    ]  # fmt: skip
    assert dashboard.only("fails 1")["error_message"] == "ValueError: exploded 1"
    said = [record.getMessage() for record in caplog.records]
    assert sum("left out" in message for message in said) == 2

    def broken() -> None:
        calls.append(None)
        raise KeyError("a mistake")

    calls.clear()
    with pytest.raises(KeyError, match="a mistake"):
        wandb.agent(wandb.sweep(config), broken)
    assert len(calls) == 3


X = {"x": {"values": [1, 2]}}


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ("sweep.yaml", "mapping"),
        ({}, "parameters"),
        ({"method": "magic", "parameters": X}, "magic"),
        ({"run_cap": 0, "parameters": X}, "run_cap"),
        ({"parameters": {"x": 3}}, "'x'"),
        ({"parameters": {"x": {"values": []}}}, "'x'"),
        ({"parameters": {"x": {"values": "abc"}}}, "'x'"),
        ({"parameters": {"x": {"values": [1, 2], "probabilities": [1]}}}, "probability"),
        ({"parameters": {"x": {"min": 2, "max": 1}}}, "min and max"),
        ({"parameters": {"x": {"min": float("nan"), "max": 1}}}, "min and max"),
        ({"parameters": {"a": {"parameters": {"x": {}}}}}, r"'a\.x'"),
        ({"parameters": {"x": {"distribution": "odd", "min": 0, "max": 1}}}, "odd"),
        ({"parameters": {"x": {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0}}}, "q"),
        ({"parameters": {"x": {"distribution": "log_uniform", "min": 1, "max": 1e4}}}, "exponents"),
        (
            {"parameters": {"x": {"distribution": "log_uniform_values", "min": 0, "max": 1}}},
            "logarithm",
        ),
        ({"method": "grid", "parameters": {"x": {"min": 0.0, "max": 1.0}}}, "no end"),
        ({"method": "grid", "parameters": {"x": {"min": 0, "max": 10**9}}}, "100,000"),
    ],
)
def test_wandb_sweep_that_cannot_be_meant_says_why(config: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        wandb.sweep(config)


def test_wandb_agent_without_a_sweep_or_a_function_says_so() -> None:
    with pytest.raises(wandb.Error, match="no sweep 'us/p/abc'"):
        wandb.agent("us/p/abc", function=print)
    with pytest.raises(wandb.Error, match="function="):
        wandb.agent(wandb.sweep({"parameters": X}))
    with pytest.raises(ValueError, match="count"):
        wandb.agent(wandb.sweep({"parameters": X}), print, count=0)
