"""`python -m trainer`: the only place of the trainer that sets up logging."""

import logging
import os
import sys

if __name__ == "__main__":
    logging.basicConfig(
        level=os.environ.get("HEIMDALL_LOG_LEVEL", "info").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    if sys.argv[1:] == ["worker"]:  # it waits for a job without PyTorch, which the rest needs
        from trainer.worker import main
    else:
        from trainer.cli import main
    sys.exit(main())
