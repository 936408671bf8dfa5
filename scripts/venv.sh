#!/bin/sh
# Make .venv and install one requirements file into it; says in one line what is missing.
set -eu
python=$1 requirements=$2
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "Heimdall needs Python 3.11 or newer as '$python' (or: make PYTHON=/path/to/python3.11 …)" >&2
    exit 1
}
[ -x .venv/bin/python ] || "$python" -m venv .venv || {
    echo "Heimdall: '$python -m venv' failed; on Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
}
echo "Heimdall: installing $requirements into .venv …"
.venv/bin/python -m pip install --quiet --requirement "$requirements"
