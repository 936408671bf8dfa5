"""What a run says of itself while it is published: notes on the page, and troubles, each named once
in the log and on the page."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from heimdall_dash.errors import InvalidMetric
from heimdall_dash.metrics import clean_epoch, shown, shown_name
from heimdall_dash.publish.line import encode_other
from heimdall_dash.records import storable, utc_now

log = logging.getLogger(__name__)

MAX_MESSAGE = 2_000  # characters of a note
MAX_KIND = 40
MOST_TROUBLES = 200  # kinds of them
MOST_NOT_FINITE = 50  # of a run; the page keeps 200 notes of all kinds


class Notes:
    def __init__(self, job_id: str, keep: Callable[[bytes], None], *, strict: bool) -> None:
        """keep: puts a line into the local log; strict: troubles raise InvalidMetric instead."""
        self._job_id, self._keep, self._strict = job_id, keep, strict
        self._said: set[str] = set()
        self._not_finite = 0

    def put(self, message: object, epoch: Any, kind: str) -> None:
        """A note on the page, at `epoch` where there is one."""
        at = None
        if epoch is not None:
            try:
                at = clean_epoch(epoch)
            except InvalidMetric:
                message = f"{text_of(message)} (epoch {shown(epoch)})"
        note = {
            "kind": storable(text_of(kind))[:MAX_KIND], "epoch": at,
            "message": storable(text_of(message))[:MAX_MESSAGE], "timestamp": utc_now(),
        }  # fmt: skip
        self._keep(encode_other("note", note))

    def not_finite(self, epoch: int, marks: Mapping[str, str]) -> None:
        """marks: metric → "nan", "inf", "-inf"."""
        self._not_finite += 1
        if self._not_finite > MOST_NOT_FINITE:
            return
        names = ", ".join(shown_name(name) for name in list(marks)[:20])
        text = f"epoch {epoch}: not finite, stored as null: {names}"
        if self._not_finite == MOST_NOT_FINITE:
            text += "; further ones are marked on their charts alone"
        self.put(text, epoch, "warning")

    def trouble(self, what: str, why: str, epoch: int | None = None) -> None:
        """Something is left out: named once in the log and on the page; strict: raised."""
        text = f"{what}: {why}"
        if self._strict:
            raise InvalidMetric(text)
        if self.say(what, f"Job {self._job_id}: {text}; left out"):
            self.put(f"{text}; left out", epoch, "warning")

    def say(self, kind: str, text: str, level: int = logging.WARNING) -> bool:
        """In the log, once of a kind: whether it was said."""
        if kind in self._said or len(self._said) >= MOST_TROUBLES:
            return False
        self._said.add(kind)
        log.log(level, "%s", text)
        return True


def text_of(message: object) -> str:
    """Whatever it is: what it calls itself may raise anything."""
    try:
        return str(message)
    except Exception:
        return shown(message)
