"""Bodies that REST accepts. What is not declared here is refused by name."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, field_validator

from heimdall_dash.records import MAX_EPOCH

# Printable text: no control characters, no line breaks, not blank.
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120),
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

    @field_validator("job_name")
    @classmethod
    def _printable(cls, name: str) -> str:
        if not name.isprintable():
            raise ValueError("must be printable text on one line")
        return name


class StatusReport(BaseModel):
    """What an external trainer says of itself."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["running", "completed", "failed"]
    error_message: str | None = Field(None, max_length=10_000)


class ExternalConfig(BaseModel):
    """Of an external job: anything, but `epochs` means the expected number of epochs."""

    model_config = ConfigDict(extra="allow")

    epochs: int | None = Field(None, ge=1, le=MAX_EPOCH, strict=True)
