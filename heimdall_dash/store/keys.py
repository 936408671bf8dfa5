"""Key and channel names. All keys of one job share the hash tag `{job_id}`: one cluster slot."""

from dataclasses import dataclass

JOBS = "heimdall:jobs"  # sorted set: job id, scored by its creation in Unix milliseconds
JOBS_CHANNEL = "heimdall:jobs:live"  # updates of all jobs, but not that epochs came
MOVED_CHANNEL = "heimdall:jobs:moved"  # the ids of jobs to which epochs came, one a message
WORKERS = "heimdall:workers"  # sorted set: worker's name, scored by its last sign of life, Unix ms
ALERT_RULES = "heimdall:alerts:rules"  # hash: name of a rule → the rule as JSON
ALERT_OUTBOX = "heimdall:alerts:outbox"  # hash: id of an alert → what is still to be sent, as JSON
ALERT_OWNER = "heimdall:alerts:owner"  # string with an expiry: the web process that looks
ALERT_SINCE = "heimdall:alerts:since"  # string: when alerts were first looked for, Unix ms
VIEWS = "heimdall:views"  # hash: project and name as JSON → how the charts are arranged, as JSON
ENDED_SESSIONS = (
    "heimdall:sessions:ended"  # sorted set: what was signed out of, scored by its end, s
)
PROBE = "heimdall:probe"  # string, written to see whether the store takes writes


@dataclass(frozen=True)
class JobKeys:
    job_id: str

    @property
    def job(self) -> str:
        """Hash: the job's fields as strings; a field that is not there is null."""
        return f"heimdall:{{{self.job_id}}}:job"

    @property
    def epochs(self) -> str:
        """Stream of writes: the id is the position; `row` (JSON) and `nf`, or `back`."""
        return f"heimdall:{{{self.job_id}}}:epochs"

    @property
    def facts(self) -> str:
        """String: what does not change during the run (floors, versions), as JSON."""
        return f"heimdall:{{{self.job_id}}}:facts"

    @property
    def notes(self) -> str:
        """List: warnings and resumptions, newest last, each as JSON; the last 200 are kept."""
        return f"heimdall:{{{self.job_id}}}:notes"

    @property
    def late(self) -> str:
        """Hash: epoch → positions of the writes that came after a newer epoch had."""
        return f"heimdall:{{{self.job_id}}}:late"

    @property
    def writers(self) -> str:
        """Hash: token of a trainer's local log → how many of its bytes are stored, and
        `attempt:<token>` → the attempt that it was given."""
        return f"heimdall:{{{self.job_id}}}:writers"

    @property
    def names(self) -> str:
        """Set: the names of the job's metrics."""
        return f"heimdall:{{{self.job_id}}}:names"

    @property
    def predictions(self) -> str:
        """Hash: epoch → the sample of its predictions that is kept, as JSON."""
        return f"heimdall:{{{self.job_id}}}:predictions"

    @property
    def blocks(self) -> str:
        """Hash: what is older than the newest writes, as compressed columns: `manifest` (JSON) and
        `<block>:<column>`."""
        return f"heimdall:{{{self.job_id}}}:blocks"

    @property
    def compacting(self) -> str:
        """String, for a minute at most: a web process is putting writes into blocks."""
        return f"heimdall:{{{self.job_id}}}:compacting"

    @property
    def alerted(self) -> str:
        """Set: the alerts that were told of this job."""
        return f"heimdall:{{{self.job_id}}}:alerted"

    @property
    def summary(self) -> str:
        """String: what each metric of a job that is over came to, as JSON; of one position."""
        return f"heimdall:{{{self.job_id}}}:summary"

    @property
    def others(self) -> list[str]:
        """Every key of the job but its hash and its tombstone."""
        return [
            self.epochs, self.facts, self.notes, self.checkpoint, self.late, self.writers,
            self.names, self.alerted, self.predictions, self.summary, self.blocks, self.compacting,
        ]  # fmt: skip

    @property
    def checkpoint(self) -> str:
        """Hash: the trainer's newest checkpoint, for a worker on another machine."""
        return f"heimdall:{{{self.job_id}}}:checkpoint"

    @property
    def gone(self) -> str:
        """Set for a week after a deletion, so that a late writer does not bring the job back."""
        return f"heimdall:{{{self.job_id}}}:gone"

    @property
    def channel(self) -> str:
        """Pub/sub channel of this job's events (sharded on a cluster)."""
        return f"heimdall:{{{self.job_id}}}:live"
