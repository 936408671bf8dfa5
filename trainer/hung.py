"""Whether a worker's child still gets anywhere: one that hangs would block the worker for ever."""

import time

from heimdall_dash.records import Status, parse_time
from heimdall_dash.store.store import Store
from heimdall_dash.store.stored_job import StoredJob

PATIENCE_EPOCHS = 50  # of the job's own pace
REPLACED_S = 60.0  # for a child whose job another attempt has: to notice it by itself


class Hung:
    """Of one job in the hands of one child; asked every few seconds."""

    def __init__(self, store: Store, patience_s: float) -> None:
        """patience_s: without an epoch, at least; 0 waits for ever."""
        self._store, self._patience_s = store, patience_s
        self._began = time.monotonic()
        self._replaced_at: float | None = None

    def why(self, job_id: str, attempt: int) -> str | None:
        """Why the child is to be ended; None while all is well. Raises HeimdallError."""
        job = StoredJob(self._store.job(job_id))
        now = time.monotonic()
        if job.attempt != attempt:
            self._replaced_at = self._replaced_at or now
            if now - self._replaced_at > REPLACED_S:
                return "another attempt has its job"
            return None
        if self._patience_s <= 0 or job.status != Status.RUNNING:
            return None
        patience_s = max(self._patience_s, PATIENCE_EPOCHS * job.pace_s)
        quiet_s = min(now - self._began, self._quiet_s(job))
        return f"it finished no epoch for {quiet_s:.0f} s" if quiet_s > patience_s else None

    def _quiet_s(self, job: StoredJob) -> float:
        last = job.moment("last_metric")
        return (self._store.now() - parse_time(last)).total_seconds() if last else float("inf")
