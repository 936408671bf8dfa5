"""The one validated description of a training job: command line, REST and page all use it.

It knows names, units, defaults and bounds, nothing of PyTorch, so that it imports in a moment.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from heimdall_dash.config_errors import impossible

Scenario = Literal["gnss", "ideal", "pps", "nlos", "power"]
LearningRateSchedule = Literal["cosine", "wsd", "constant"]
Resample = Literal["none", "noise", "all"]
Covariance = Literal["full", "isotropic"]
Start = Literal["network", "ls"]
Loss = Literal["nll", "beta-nll"]
Device = Literal["cpu", "cuda"]

LOCAL_FIELDS = frozenset({"dataset", "receivers"})
"""Fields that name something on the trainer's own machine: not for callers from the network."""


def _field(default: Any, description: str, unit: str, **bounds: Any) -> Any:
    """A pydantic field with a unit, which the command line and the form show."""
    return Field(default, description=description, json_schema_extra={"unit": unit}, **bounds)


class TrainingConfig(BaseModel):
    """Every choice of one training job. Impossible values are refused, naming the field.

    `sync_ns`, `bias_ns`, `nlos_prob` and `nlos_ns` are None where the scenario decides.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )

    # the run
    epochs: int = _field(500, "passes over the training scenes", "epochs", ge=1, le=100_000)
    seed: int = _field(1, "seed of scenes, weights and order", "number", ge=0, le=2**31 - 1)
    threads: int = _field(1, "CPU threads; changes the last bits", "threads", ge=1, le=256)
    device: Device = _field("cpu", "where the network runs", "name")
    epoch_delay_s: float = _field(
        0.0, "pause after each epoch, to slow a demonstration; 0: none", "s", ge=0, le=60
    )
    checkpoint_every: int = _field(
        50, "keep a numbered checkpoint every so many epochs; 0: none", "epochs", ge=0, le=100_000
    )

    # optimisation
    batch_size: int = _field(256, "scenes per step, over all ranks", "scenes", ge=8, le=65_536)
    learning_rate: float = _field(1e-3, "highest learning rate", "1/step", gt=0, le=1)
    lr_schedule: LearningRateSchedule = _field(
        "cosine", "cosine to 1 %; wsd: constant, then linear over the last 30 %; constant", "name"
    )
    warmup: float = _field(0.05, "linear rise, share of all steps", "fraction", ge=0, le=0.5)
    weight_decay: float = _field(0.01, "AdamW, matrices only", "1", ge=0, le=1)
    clip: float = _field(10.0, "largest gradient norm; 0: no clipping", "norm", ge=0, le=1e6)
    loss: Loss = _field("nll", "negative log-likelihood, plain or sigma-weighted", "name")
    beta: float = _field(0.25, "exponent of beta-nll; nll does not use it", "1", ge=0, le=1)
    early_stop: bool = _field(False, "stop when val_loss no longer falls", "yes/no")
    patience: int = _field(50, "epochs without gain before stopping", "epochs", ge=1, le=100_000)

    # the network
    width: int = _field(32, "features per receiver", "features", ge=8, le=512)
    refine_steps: int = _field(
        3, "refinement steps, all with the same weights", "steps", ge=0, le=8
    )
    heads: int = _field(4, "pooling heads; must divide width", "heads", ge=1, le=32)
    covariance: Covariance = _field("full", "full 2x2 covariance or a circle", "name")
    init: Start = _field(
        "network", "first guess: learned, or the closed-form least-squares solution", "name"
    )

    # the scenes
    scenario: Scenario = _field(
        "gnss",
        "gnss: 20 ns timing, 100 ns site biases; ideal: 30 ns, none; pps: 50 ns, 150 ns; "
        "nlos: pps with delayed echoes; power: no timing",
        "name",
    )
    sync_ns: float | None = _field(None, "receiver timing noise, rms", "ns", ge=1, le=1e6)
    bias_ns: float | None = _field(None, "unknown site biases, rms", "ns", ge=0, le=1e5)
    nlos_prob: float | None = _field(None, "chance of a delayed echo", "fraction", ge=0, le=1)
    nlos_ns: float | None = _field(None, "mean delay of an echo", "ns", ge=0, le=1e5)
    shadow_db: float = _field(7.0, "log-normal shadowing, rms", "dB", ge=0.1, le=30)
    path_loss_exponent: float = _field(3.2, "log-distance path loss", "1", ge=1.5, le=6)
    min_receivers: int = _field(4, "fewest receivers that hear an emitter", "receivers", ge=3, le=7)
    max_gdop: float = _field(20.0, "worst geometry kept", "1", ge=1, le=1000)
    train_samples: int = _field(4096, "training scenes", "scenes", ge=64, le=1_000_000)
    val_samples: int = _field(2048, "validation scenes", "scenes", ge=64, le=1_000_000)
    resample: Resample = _field(
        "noise",
        "what each epoch draws anew: none; noise: the same places, measured again; all. "
        "With none, 500 epochs learn the noise by heart and sigma becomes about 15 % too small",
        "name",
    )
    outage: float = _field(
        0.1,
        "chance that a receiver is left out of a training scene in an epoch; keeps sigma honest",
        "fraction",
        ge=0,
        le=0.9,
    )
    receivers: str | None = _field(
        None, "CSV of receivers (name, lat, lon, alt_m), in place of Heimdall's seven", "path"
    )
    dataset: str | None = _field(
        None, "measured events, .parquet or .csv, in place of simulated scenes", "path"
    )
    val_fraction: float = _field(
        0.2, "share of a dataset's places kept for validation", "fraction", ge=0.05, le=0.5
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_boolean_numbers(cls, value: Any, info: Any) -> Any:
        """JSON's true is not the number 1, and "yes" or 1 is not a switch."""
        is_switch = cls.model_fields[info.field_name].annotation is bool
        if is_switch and not isinstance(value, bool):
            raise ValueError("expected true or false")
        if not is_switch and isinstance(value, bool):
            raise ValueError("expected a number or a name, not true or false")
        return value

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.dataset is None and self.batch_size > self.train_samples:
            raise impossible(
                "batch_size",
                f"batch_size {self.batch_size} is larger than train_samples {self.train_samples}",
                "train_samples",
            )
        if self.width % self.heads:
            raise impossible(
                "heads", f"heads {self.heads} does not divide width {self.width}", "width"
            )
        if self.init == "ls" and self.scenario == "power":
            raise impossible(
                "init",
                "init ls needs arrival times, which scenario power does not have",
                "scenario",
            )
        if self.init == "ls" and self.refine_steps == 0:
            raise impossible(
                "refine_steps",
                "init ls needs refine_steps of at least 1, or nothing is learned",
                "init",
            )
        if self.scenario == "power":
            for name in ("sync_ns", "bias_ns", "nlos_prob", "nlos_ns"):
                if getattr(self, name) is not None:
                    raise impossible(name, f"{name} has no meaning in scenario power", "scenario")
        if self.dataset is not None and self.receivers is not None:
            raise impossible(
                "receivers", "receivers are for simulated scenes; a dataset has its own"
            )
        if self.dataset is not None and self.resample == "all":
            raise impossible("resample", "resample all needs simulated scenes, not a dataset")
        return self
