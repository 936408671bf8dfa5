"""Scripts that were written for W&B, with one line changed."""

from argparse import Namespace
from collections.abc import Iterator

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
