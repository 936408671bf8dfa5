"""A trainer for the fault tests: publishes known values at 25 epochs/s until SIGTERM.

`python -m tests.faults.trainer <data folder> <job id> <attempt> <store URL>`; started again with a
higher attempt it goes on after the last epoch of its local log.
"""

import math
import signal
import sys
import threading
from pathlib import Path

from heimdall_dash import Job
from heimdall_dash.log import set_up

RATE_HZ = 25.0


def truth(epoch: int) -> float:
    """The value that was trained: any loss, repetition or mix-up of epochs changes it."""
    return math.exp(-epoch / 700) + (epoch * 7919 % 1000) / 1e4


def main(data: str, job_id: str, attempt: str, url: str) -> None:
    set_up("info")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    job = Job.start(
        "faults", url=url, data_dir=Path(data), job_id=job_id, attempt=int(attempt),
        total_epochs=100_000,
    )  # fmt: skip
    with job:
        epoch = job.last_epoch + 1
        while not stop.wait(1 / RATE_HZ):
            job.log(epoch, train_loss=truth(epoch), val_loss=2 * truth(epoch))
            epoch += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
