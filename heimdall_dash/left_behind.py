"""Runs that ended while the store was away: their epochs and their end are brought afterwards.

`Job.close` leaves a note beside the local log of a run that was not delivered. `make run` looks for
such notes once the store is up.
"""

import logging
from pathlib import Path

from heimdall_dash.errors import HeimdallError
from heimdall_dash.publish.journal import JOB_ID, left_behind
from heimdall_dash.publisher import Job

log = logging.getLogger(__name__)


def bring(data: Path, url: str) -> list[str]:
    """Deliver what was left in `data`; returns the ids of the jobs that are whole now."""
    brought = []
    for job_id, end in left_behind(data):
        try:
            if JOB_ID.match(job_id) and _brought(job_id, end, data, url):
                brought.append(job_id)
        except (HeimdallError, OSError, TypeError, ValueError, KeyError) as error:
            log.warning("Job %s, left behind in %s, cannot be brought: %s", job_id, data, error)
    return brought


def _brought(job_id: str, end: dict[str, object], data: Path, url: str) -> bool:
    job = Job.start("left behind", job_id=job_id, url=url, data_dir=data)  # its log knows its name
    if end:
        job.end_as(end)
    if job.close():
        log.info(
            "Job %s ended while the store was away: brought to epoch %d", job_id, job.last_epoch
        )
        return True
    return False
