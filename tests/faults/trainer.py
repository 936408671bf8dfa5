"""A trainer for the fault tests: publishes known values at 25 epochs/s until SIGTERM.

`python -m tests.faults.trainer <data folder> <job id> <address> [option=value …]`; started again
it goes on after the last epoch of its local log. At its end it prints how many epochs it trained.
Options: `skew_s`, its clock's error; `room_bytes`, how much its disk has left for the log, until
SIGUSR1; `until`, the number of epochs after which it waits for SIGTERM.
"""

import math
import resource
import signal
import sys
import threading
import time
from pathlib import Path

from heimdall_dash import Job
from heimdall_dash.log import set_up

RATE_HZ = 25.0


def truth(epoch: int) -> float:
    """The value that was trained: any loss, repetition or mix-up of epochs changes it."""
    return math.exp(-epoch / 700) + (epoch * 7919 % 1000) / 1e4


def main(data: str, job_id: str, url: str, *options: str) -> None:
    chosen = dict(option.split("=", 1) for option in options)
    set_up("info")
    skew_clock(float(chosen.get("skew_s", 0)))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    signal.signal(signal.SIGUSR1, lambda number, frame: limit_disk(resource.RLIM_INFINITY))
    job = Job.start("faults", url=url, data_dir=Path(data), job_id=job_id, total_epochs=100_000)
    if "room_bytes" in chosen:
        limit_disk(int(chosen["room_bytes"]))
    with job:
        epoch = job.last_epoch + 1
        while not stop.wait(1 / RATE_HZ):
            if epoch < int(chosen.get("until", 10**9)):
                job.log(epoch, train_loss=truth(epoch), val_loss=2 * truth(epoch))
                epoch += 1
    limit_disk(resource.RLIM_INFINITY)
    print(f"trained {epoch} epochs", flush=True)


def limit_disk(file_bytes: int) -> None:
    """No file may grow beyond so many bytes: to the writer it looks like a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, resource.RLIM_INFINITY))


def skew_clock(seconds: float) -> None:
    """This process's wall clock goes wrong by so much."""
    right = time.time
    if seconds:
        time.time = lambda: right() + seconds


if __name__ == "__main__":
    main(*sys.argv[1:])
