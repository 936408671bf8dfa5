"""A trainer that is none: its manifest, small, for tests of what the product makes of one."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from heimdall_dash.charts import Chart, Line
from heimdall_dash.config_errors import impossible
from heimdall_dash.manifest import CardMetric, KeyFigure, KnownMetric, Manifest


class Config(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    epochs: int = Field(5, ge=1, le=100_000, description="passes")
    batch_size: int = Field(8, ge=1, le=65_536, description="samples per step")
    learning_rate: float = Field(1e-3, gt=0, le=1, description="of each step")
    seed: int = Field(1, ge=0, le=2**31 - 1, description="of everything")
    samples: int = Field(4096, ge=1, description="in an epoch")
    loss: Literal["nll", "mse"] = Field("nll", description="what is minimised")
    dataset: str | None = Field(None, description="a file beside the trainer")

    @field_validator("*", mode="before")
    @classmethod
    def _no_boolean_numbers(cls, value: Any) -> Any:
        if isinstance(value, bool):
            raise ValueError("expected a number or a name, not true or false")
        return value

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.batch_size > self.samples:
            raise impossible("batch_size", "batch_size is larger than samples", "samples")
        return self


MANIFEST = Manifest(
    charts=(Chart("loss-chart", "Loss", "Loss", "", (Line("train_loss", "Training loss"),)),),
    key_figures=(KeyFigure("top1", "Top-1", "%"),),
    known_metrics={"top5": KnownMetric("Top-5", "%", "Among five.")},
    key_metrics={"top1": "max"},
    directions={"top1": "higher"},
    card=CardMetric("top1", "Last top-1", "%", "Smallest top-1"),
    config=Config,
    local_fields=frozenset({"dataset"}),
    first_fields=("epochs",),
    labels={name: name.capitalize() for name in Config.model_fields if name != "dataset"},
)
