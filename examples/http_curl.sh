#!/usr/bin/env bash
# Any language that speaks HTTP; here the shell. HEIMDALL_URL and HEIMDALL_TOKEN as for Python.
set -euo pipefail
api=${HEIMDALL_URL:-http://127.0.0.1:8001}/api/v1/training
call() { curl -sSf -H "Authorization: Bearer ${HEIMDALL_TOKEN:-}" "$@"; }

id=$(call "$api/jobs" -d '{"job_name": "shell", "external": true, "config": {"epochs": 5}}' | jq -r .id)
for epoch in 1 2 3 4 5; do
    loss=$(jq -n "1 / $epoch")
    call "$api/jobs/$id/metrics" -d "{\"epoch\": $epoch, \"train_loss\": $loss}" >/dev/null
done
call "$api/jobs/$id/status" -d '{"status": "completed"}' | jq -r '.status // .job.status'
