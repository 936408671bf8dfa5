#!/usr/bin/env bash
# A training in a container: where the dashboard is, and a folder for the log that outlives it.
set -euo pipefail
url=${HEIMDALL_URL:-http://host.docker.internal:8001}
exec "${DOCKER:-docker}" run --rm \
    --env HEIMDALL_URL="$url" --env HEIMDALL_TOKEN="${HEIMDALL_TOKEN:-}" \
    --env HEIMDALL_DATA=/runs --volume "${RUNS:-$PWD/runs}":/runs \
    --add-host host.docker.internal:host-gateway \
    my-training-image python train.py
