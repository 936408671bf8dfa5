"""The named errors. Each message says what was expected, what came, and what to do."""


class HeimdallError(Exception):
    """Anything this package raises on purpose."""


class InvalidMetric(HeimdallError, ValueError):
    """A metric's name, value or epoch is not one that can be stored."""


class InvalidPrediction(HeimdallError, ValueError):
    """Predictions and truths whose shapes or kinds do not fit each other."""


class UnknownJob(HeimdallError, LookupError):
    """No job has this id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"no job has the id {job_id!r}; GET /api/v1/training/jobs lists them")


class IllegalTransition(HeimdallError):
    """The job's present status does not allow what was asked."""

    def __init__(self, job_id: str, action: str, status: str, why: str = "") -> None:
        super().__init__(f"cannot {action} job {job_id}: its status is {status}{why}")
        self.status = status


class StaleAttempt(HeimdallError):
    """A newer attempt has taken this job over: the writer must stop writing."""


class StoreUnavailable(HeimdallError, ConnectionError):
    """The store does not answer. Nothing was lost: it can be tried again."""


class HistoryCompacted(HeimdallError):
    """The writes that were asked for stand in blocks by now, joined by epoch.

    position: up to which.
    """

    def __init__(self, position: str) -> None:
        super().__init__(f"writes up to {position} are compacted")
        self.position = position


class TooManyJobs(StoreUnavailable):
    """The store has as many jobs as there may be: once some are deleted, it takes more."""

    def __init__(self, most: int) -> None:
        super().__init__(f"there are {most} jobs, the most there can be: delete some first")


class NoQueue(StoreUnavailable):
    """The store is of a kind that cannot queue jobs for workers; it never will."""


class DashboardUnavailable(HeimdallError, ConnectionError):
    """No dashboard answers: none is known, or what is at the address is none."""


class DashboardRefused(HeimdallError):
    """The dashboard answers, and does not do what was asked.

    code: the HTTP status.
    """

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class StartupRefused(HeimdallError):
    """The settings or the machine do not allow a start; one line says why."""


class NotAllowed(HeimdallError):
    """Who asks may look alone, and this would change something."""
