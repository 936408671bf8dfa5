"""How many writes go into one frame or answer: what they cost there is rows × names, in bytes.

Joined columns have a place for each epoch and name, also where nobody wrote: a few hundred rows
that share no name would be a hundred million nulls.
"""

from collections.abc import Sequence

from heimdall_dash.cells import Write

PORTION_WRITES = 5_000
PORTION_BYTES = 2**20  # a frame of 4 MB was made and compressed in 150 ms
PORTION_PLACES = 50_000  # epochs × names: at most about 1 MB, for each viewer that does not read

NUMBER_BYTES = 20  # a float64 as JSON, at most 24 characters


def size_of(write: Write) -> int:
    """About as many bytes as the write has as JSON."""
    return 60 + sum(
        len(name) + NUMBER_BYTES * (len(value) if isinstance(value, list) else 1)
        for name, value in (write.row or {}).items()
    )


def first_portion(writes: Sequence[Write]) -> Sequence[Write]:
    """As many of the first writes as go together; at least one, if there is one."""
    names: set[str] = set()
    epochs: set[int] = set()
    size = 0
    for count, write in enumerate(writes[:PORTION_WRITES]):
        size += size_of(write)
        names.update(write.row or ())
        epochs.add(write.epoch)
        is_too_much = size > PORTION_BYTES or len(names) * len(epochs) > PORTION_PLACES
        if count and is_too_much:
            return writes[:count]
    return writes[:PORTION_WRITES]
