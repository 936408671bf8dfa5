"""What the store answers to a writer: what it made of a batch, and why it takes nothing."""

from dataclasses import dataclass
from typing import Any

from heimdall_dash.cells import Position
from heimdall_dash.errors import (
    HeimdallError,
    IllegalTransition,
    InvalidMetric,
    StaleAttempt,
    StoreUnavailable,
    UnknownJob,
)
from heimdall_dash.store.jobs import Fields

MAX_NAMES = 10_000  # distinct metrics of one job


class StoreBehind(HeimdallError):
    """The store has less than it once confirmed: it came back empty, or with an older state."""

    def __init__(self, place: int) -> None:
        super().__init__(f"the store came back with the first {place} bytes of the log only")
        self.place = place


class TooManyNames(InvalidMetric):
    """The job has, or would have, more distinct metrics than one job may."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"a job may have {MAX_NAMES} distinct metrics at most, this would make {count}"
        )


class JobOver(IllegalTransition):
    """The job has a final status: it takes no more epochs."""


@dataclass(frozen=True)
class Appended:
    """What the store made of a batch of writes."""

    accepted: int
    duplicates: int
    position: Position
    stream: str
    place: int  # of the writer's log: how far the store has it, in bytes
    needs_recount: bool


@dataclass(frozen=True)
class Begun:
    """What the store answers to a trainer that announces itself."""

    attempt: int
    is_created: bool
    fields: Fields


def refusal(job_id: str, action: str, reply: list[Any]) -> Exception:
    """Why a script did not do what it was asked; reply begins with anything but "OK"."""
    match reply[0]:
        case "UNKNOWN" | "GONE":
            return UnknownJob(job_id)
        case "STALE":
            return StaleAttempt(f"job {job_id} is now in attempt {reply[1]}; this writer is older")
        case "STATUS":
            return IllegalTransition(job_id, action, reply[1])
        case "BEHIND":
            return StoreBehind(int(reply[1]))
        case "FINAL":
            return JobOver(job_id, action, reply[1])
        case "NAMES":
            return TooManyNames(int(reply[1]))
    return StoreUnavailable(f"unexpected reply of the store: {reply!r:.200}")
