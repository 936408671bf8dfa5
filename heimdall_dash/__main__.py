"""`python -m heimdall_dash`: the command line `heimdall`."""

import sys

from heimdall_dash.cli import main

if __name__ == "__main__":
    sys.exit(main())
