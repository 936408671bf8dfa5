"""Kept predictions in the store: a bounded number of epochs per job, each a bounded sample.

They stand beside the job's record, not in it: an epoch has one sample, the newest that was said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from heimdall_dash.predictions import Kept, checked
from heimdall_dash.store.keys import JOBS_CHANNEL, JobKeys
from heimdall_dash.store.log_write import LogWrite

MOST_EPOCHS = 50  # of one job; beyond, they are thinned to an even spread, first and newest kept


@dataclass(frozen=True, slots=True)
class PredictionsWrite(LogWrite):
    """A line with a sample: the job's record is told only where its log is."""

    epoch: int = 0
    text: str = ""


def predictions_write(stop: int, said: Mapping[str, Any]) -> PredictionsWrite:
    """Raises InvalidPrediction for what is no sample."""
    kept = checked(said)
    text = orjson.dumps(kept).decode()
    return PredictionsWrite(
        stop, ("predictions", stop, "", "", "", "", ""), None, kept["epoch"], text
    )


def script_call(
    job_id: str,
    writes: Sequence[LogWrite],
    *,
    publish: str,
    mode: str,
    token: str,
    attempt: int,
) -> tuple[list[str], list[Any]] | None:
    """Keys and arguments of `predictions.lua`; None where the writes do not concern it."""
    steps: list[Any] = []
    for write in writes:
        if isinstance(write, PredictionsWrite):
            steps += ["keep", write.stop, write.epoch, write.text]
        elif write.arguments[0] == "back":
            steps += ["back", write.stop, write.arguments[2], ""]
    if not steps:
        return None
    keys = JobKeys(job_id)
    head = [keys.channel, JOBS_CHANNEL, publish, attempt, mode, token, MOST_EPOCHS]
    return [keys.job, keys.predictions, keys.writers], head + steps


def read_kept(text: str | None) -> Kept | None:
    """None for what is not there, or cannot be read."""
    try:
        found = orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
