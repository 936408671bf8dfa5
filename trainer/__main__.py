"""`python -m trainer`: the only place of the trainer that sets up logging."""

import os
import sys

from heimdall_dash.log import set_up

if __name__ == "__main__":
    set_up(
        os.environ.get("HEIMDALL_LOG_LEVEL") or "info",
        os.environ.get("HEIMDALL_LOG_FORMAT") or "text",
    )
    if sys.argv[1:] == ["worker"]:  # it waits for a job without PyTorch, which the rest needs
        from trainer.worker import main
    else:
        from trainer.cli import main
    sys.exit(main())
