"""`python -m trainer`: the only place of the trainer that sets up logging."""

import logging
import os
import sys

from trainer.cli import main

if __name__ == "__main__":
    logging.basicConfig(
        level=os.environ.get("HEIMDALL_LOG_LEVEL", "info").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    sys.exit(main())
