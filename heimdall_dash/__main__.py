"""`python -m heimdall_dash`: what `make run` starts."""

import sys

from heimdall_dash.launcher import main

if __name__ == "__main__":
    sys.exit(main())
