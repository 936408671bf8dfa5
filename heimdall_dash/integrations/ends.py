"""What every callback offers beside its framework's hooks: an end that somebody says."""

from types import TracebackType
from typing import Self

from heimdall_dash.integrations.run import Run
from heimdall_dash.publisher import Job


class Ends:
    """Frameworks do not tell callbacks of an exception. One that leaves the program is seen at its
    end; `with HeimdallCallback("name") as heimdall:` sees any."""

    run: Run

    @property
    def job(self) -> Job | None:
        """The run, while there is one; on the first rank alone."""
        return self.run.job

    def finish(self, status: str = "completed", reason: object = None) -> None:
        self.run.end(status, reason)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run.end_with(error)
