"""Of which metrics a job's fields carry the newest value, for its card: those that the job calls
its key metrics, those that it had before, and its first losses. A few, whatever it publishes.
"""

from collections.abc import Iterable, Mapping, Sequence

import orjson

from heimdall_dash.store.log_write import LogWrite

MOST = 8
PREFIX = "last:"  # of the field's name
FIRST_LOSSES = ("val_loss", "train_loss")


def shown_metrics(fields: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    """fields: of the job, empty where the store does not have it. names: that it publishes."""
    before = [name.removeprefix(PREFIX) for name in fields if name.startswith(PREFIX)]
    losses = sorted(
        (name for name in names if "loss" in name.lower()),
        key=lambda name: (name not in FIRST_LOSSES, name),
    )
    return tuple(dict.fromkeys([*_key_metrics(fields), *before, *losses]))[:MOST]


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


def _key_metrics(fields: Mapping[str, str]) -> list[str]:
    try:
        found = orjson.loads(fields.get("key_metrics") or "{}")
    except orjson.JSONDecodeError:
        return []
    return list(found) if isinstance(found, dict) else []
