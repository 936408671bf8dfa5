"""`python -m trainer`: the only place of the trainer that sets up logging."""

import os
import sys

from heimdall_dash.log import set_up
from trainer.cli import main

if __name__ == "__main__":
    set_up(
        os.environ.get("HEIMDALL_LOG_LEVEL") or "info",
        os.environ.get("HEIMDALL_LOG_FORMAT") or "text",
    )
    sys.exit(main())
