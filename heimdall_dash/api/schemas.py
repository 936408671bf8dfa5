"""Bodies that REST accepts. What is not declared here is refused by name.

What enters is checked here, once: readers of the store meet nothing that they cannot show.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
)

from heimdall_dash.metrics import MAX_NAME, clean_epoch
from heimdall_dash.own_charts import CHARTS_SCHEMA, checked_charts
from heimdall_dash.publish.birth import MAX_NAME as MAX_JOB_NAME
from heimdall_dash.publish.birth import MAX_TAGS, MAX_WORD
from heimdall_dash.records import MAX_EPOCH, parse_time
from heimdall_dash.store.store import MAX_NOTE

MAX_KEYS = 50  # key metrics of one job
MAX_TEXT = 100_000  # characters of a job's own notes
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)  # a clock may be wrong


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable text on one line")
    return text


def _past(text: object) -> str:
    """ISO 8601 in UTC with `Z`, from any ISO 8601 that says its zone."""
    if not isinstance(text, str) or len(text) > 60:
        raise ValueError("must be ISO 8601, such as 2026-01-31T12:00:00Z")
    when = parse_time(text)
    if when.tzinfo is None:
        raise ValueError("must say its zone, such as Z")
    if not EARLIEST <= when <= datetime.now(UTC) + AHEAD:
        raise ValueError("must lie between 1970 and now")
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# Text on one line, not blank, without spaces around it.
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_JOB_NAME),
    AfterValidator(_printable),
]
Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_WORD),
    AfterValidator(_printable),
]
# As it is: a metric's name may begin or end with a space.
MetricName = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_NAME), AfterValidator(_printable)
]
Moment = Annotated[
    str, BeforeValidator(_past), WithJsonSchema({"type": "string", "format": "date-time"})
]
Epoch = Annotated[
    int,
    BeforeValidator(clean_epoch),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MAX_EPOCH}),
]
Tags = Annotated[
    list[Label],
    Field(max_length=MAX_TAGS),
    AfterValidator(lambda tags: list(dict.fromkeys(tags))),
]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Charts = Annotated[
    list[dict[str, Any]], BeforeValidator(checked_charts), WithJsonSchema(CHARTS_SCHEMA)
]


class NewJob(BaseModel):
    model_config = ConfigDict(extra="forbid")

    job_name: Name = Field(description="what people call the job; need not be unique")
    config: dict[str, Any] = Field(
        default_factory=dict,
        description="of the training; see /api/v1/training/config-schema. An external job keeps "
        "any JSON object; its `epochs` is the expected number of epochs",
    )
    external: StrictBool = Field(
        False, description="fed by a trainer outside, through POST …/metrics and …/status"
    )
    tags: Tags = Field([], description="for sorting and grouping")
    group: Label | None = None
    project: Label | None = None
    created_at: Moment | None = Field(None, description="of an external job that is imported")
    started_at: Moment | None = Field(None, description="likewise")
    completed_at: Moment | None = Field(None, description="likewise; its final status keeps it")
    facts: dict[str, Any] = Field(
        default_factory=dict, description="of an external job: what does not change during the run"
    )
    step_name: Label | None = Field(
        None, description="of an external job: what it counts; names the axis. Default: epoch"
    )
    key_metrics: dict[MetricName, Literal["min", "max"]] = Field(
        default_factory=dict,
        max_length=MAX_KEYS,
        description="of an external job: the metrics that matter, and which way is better",
    )
    charts: Charts = Field([], description="of an external job, beside those that any job gets")


EXTERNAL_ONLY = ("created_at", "started_at", "completed_at", "facts", "step_name", "key_metrics",
                 "charts")  # fmt: skip


class JobChange(BaseModel):
    """What may be changed of a job; what is left out stays, null takes away."""

    model_config = ConfigDict(extra="forbid")

    job_name: Name = Field("", description="a job always has a name")
    tags: Tags | None = None
    group: Label | None = None
    notes: Text | None = Field(None, description="Markdown")
    is_hidden: StrictBool = Field(False, description="left out of the page's list, but not gone")


class StatusReport(BaseModel):
    """What an external trainer says of itself."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["running", "paused", "completed", "failed", "cancelled"]
    error_message: str | None = Field(
        None, max_length=10_000, description="why it failed, or has ended or paused"
    )


class NewNote(BaseModel):
    """A note on a job's page, at an epoch where there is one."""

    model_config = ConfigDict(extra="forbid")

    message: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NOTE)
    ]
    epoch: Epoch | None = None
    kind: Label = Field("warning", description="what sort of note it is")


class Facts(RootModel[dict[str, Any]]):
    """What does not change during a run: sizes, versions, floors."""


class ExternalConfig(BaseModel):
    """Of an external job: anything, but `epochs` means the expected number of epochs."""

    model_config = ConfigDict(extra="allow")

    epochs: int | None = Field(None, ge=1, le=MAX_EPOCH, strict=True)
