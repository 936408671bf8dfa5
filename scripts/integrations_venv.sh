#!/bin/sh
# Make .venv-integrations: the frameworks themselves, which neither the product nor its own tests
# need. torch comes first, from the pinned version's CPU build, so that no framework chooses another.
set -eu
python=$1 requirements=requirements-integrations.txt
[ -x .venv-integrations/bin/python ] || "$python" -m venv .venv-integrations
pip=".venv-integrations/bin/python -m pip install --quiet"
echo "Heimdall: installing $requirements into .venv-integrations …"
$pip "$(grep '^torch==' requirements.txt)"
$pip --requirement "$requirements"
