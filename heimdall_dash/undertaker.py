"""`python -m heimdall_dash.undertaker DATA`: waits for the end of the launcher, and ends what a
killed one leaves behind.

The launcher holds the other end of this process's standard input, which the system closes however
the launcher ends. Until all is over this process also keeps the lock of the data folder.
"""

import logging
import os
import signal
import sys
from pathlib import Path

from heimdall_dash.remains import Remains

BY_THE_LAUNCHER_ALONE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(data: str) -> None:
    for number in BY_THE_LAUNCHER_ALONE:  # it goes when the launcher goes, and not before
        signal.signal(number, signal.SIG_IGN)
    logging.basicConfig(format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    while os.read(sys.stdin.fileno(), 64):
        pass
    Remains(Path(data)).end()


if __name__ == "__main__":
    main(sys.argv[1])
