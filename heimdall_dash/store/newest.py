"""Of which metrics a job's fields carry the newest value, for its card: those that the job calls
its key metrics, those that it had before, and its first losses. A few, whatever it publishes.
"""

from collections.abc import Iterable, Sequence

from heimdall_dash.store.log_write import LogWrite
from heimdall_dash.store.stored_job import StoredJob

MOST = 8
PREFIX = "last:"  # of the field's name
FIRST_LOSSES = ("val_loss", "train_loss")


def shown_metrics(job: StoredJob, names: Iterable[str]) -> tuple[str, ...]:
    """job: without fields where the store does not have it. names: of what it publishes."""
    before = [name.removeprefix(PREFIX) for name in job.fields if name.startswith(PREFIX)]
    losses = sorted(
        (name for name in names if "loss" in name.lower()),
        key=lambda name: (name not in FIRST_LOSSES, name),
    )
    return tuple(dict.fromkeys([*job.mapping("key_metrics"), *before, *losses]))[:MOST]


def newest_values(writes: Sequence[LogWrite], metrics: Iterable[str]) -> list[str]:
    """Field, text, … of the newest epoch among the writes."""
    newest: dict[str, str] = {}
    last = max((write.row["epoch"] for write in writes if write.row), default=0)
    for write in writes:
        if write.row is not None and write.row["epoch"] == last:
            for name in metrics:
                value = write.row.get(name)
                if type(value) is float or type(value) is int:
                    newest[PREFIX + name] = repr(value)
    return [text for pair in newest.items() for text in pair]
