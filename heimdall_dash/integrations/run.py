"""One run of a framework's training, as all integrations have it.

A framework says when training begins and ends, and never whether the program is through: a test may
follow, or the next training. So a run is opened when there is something to say, rests when the
framework is done, and ends when its program does, when the next run of the program begins, or when
somebody says so. What comes after its end opens it again, under the same id.
"""

import inspect
import logging
import multiprocessing
import sys
import time
import uuid
from multiprocessing.util import Finalize
from typing import Any

from heimdall_dash.publish.config import plain_config
from heimdall_dash.publisher import Job
from heimdall_dash.records import FINAL, Status

log = logging.getLogger(__name__)

LOOK_S = 0.2  # how often a paused training looks whether it may go on
_START = inspect.signature(Job.start)

_resting: set["Run"] = set()  # open runs whose framework is done


class Run:
    """Guarantees: one job, whatever the framework calls how often. Does not: know ranks; whoever
    calls it has made sure to be the first."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        """options: further arguments of `Job.start`. Raises TypeError for one that it has not."""
        _START.bind(name, **options)
        self.name = name
        self._options = dict(options)
        self.id: str = self._options.pop("job_id", None) or str(uuid.uuid4())
        self.has_own_id = "job_id" in options  # the user's choice, not ours
        self._resume_from: int | None = self._options.pop("resume_from", None)
        self.job: Job | None = None  # None: not begun, or over

    def __getstate__(self) -> dict[str, Any]:
        """For a copy in another process: the same run, which that one opens for itself."""
        return self.__dict__ | {"job": None}

    def continues(self, job_id: object, step: object) -> None:
        """A checkpoint says which run it belongs to, and up to which step; unless the user chose
        another run."""
        if self.job is not None or not isinstance(job_id, str):
            return
        if self.has_own_id and job_id != self.id:
            return
        self.id = job_id
        if self._resume_from is None and isinstance(step, int) and step >= 0:
            self._resume_from = step

    def open(self, config: Any = None, **defaults: Any) -> Job:
        """The job; begins it first where it has not. config, defaults: what the framework knows;
        what the user said counts more. Raises as `Job.start` does."""
        if self.job is not None:
            _resting.discard(self)
            return self.job
        for other in list(_resting):
            other.end()
        theirs, troubles = plain_config(config)
        ours, more = plain_config(self._options.get("config"))
        options = {**defaults, **self._options, "config": {**theirs, **ours}}
        self.job = Job.start(self.name, job_id=self.id, resume_from=self._resume_from, **options)
        self._resume_from = None
        for trouble in troubles + more:
            self.job.warn(f"{trouble}; left out")
        if multiprocessing.parent_process() is not None:  # ends without atexit: spawned by DDP
            Finalize(None, self.end_with, (None,), exitpriority=100)
        return self.job

    def group_by_default(self, group: str) -> None:
        self._options.setdefault("group", group)

    def renew(self) -> bool:
        """The framework begins from scratch: end what there was, and be another run from here on;
        not so for a run that the user named by its id."""
        if self.has_own_id:
            return False
        self.end()
        self.id = str(uuid.uuid4())
        return True

    def rest(self) -> None:
        """The framework is done, for now. Where people type, that is the end: the program may
        stay for days."""
        if self.job is None:
            return
        _resting.add(self)
        if is_interactive():
            self.end()

    def end(self, status: str | None = None, reason: object = None) -> None:
        """status: None says completed, unless an end was said before."""
        job, self.job = self.job, None
        _resting.discard(self)
        if job is not None:
            job.finish(status or Status.COMPLETED, reason)
            job.close()

    def end_with(self, error: BaseException | None) -> None:
        job, self.job = self.job, None
        _resting.discard(self)
        if job is not None:
            job.end_with(error)

    # -- pause and cancel ------------------------------------------------------------------

    def wait_a_look(self) -> None:
        time.sleep(LOOK_S)

    def is_paused(self) -> bool:
        job = self.job
        return job is not None and job.refused is None and job.desired == Status.PAUSED

    def is_cancelled(self) -> bool:
        """Whether somebody ended the run on the page. Not so when it was deleted, or is another
        process's now: then training goes on, unheard."""
        job = self.job
        return job is not None and job.refused is None and job.desired in FINAL

    def must_stop(self) -> bool:
        """For a loop of one process: waits while the run is paused; whether to stop."""
        if self.is_paused():
            log.info("Job %s is paused; it goes on when somebody resumes it", self.id)
        while self.is_paused():
            self.wait_a_look()
        return self.is_cancelled()

    def obey(self) -> None:
        """Says that training stopped because it was told to."""
        if self.job is not None:
            log.info("Job %s was cancelled; training stops", self.id)
            self.job.finish(Status.CANCELLED, "on the page")


def is_interactive() -> bool:
    """Whether a person types into this interpreter: a prompt, or a notebook."""
    return hasattr(sys, "ps1")
