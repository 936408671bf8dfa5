#!/bin/sh
# Lint and types of the browser's modules, with the tools that package-lock.json pins. They run under
# Node, which nobody needs who only runs Heimdall: without npm, a line says what was left out.
set -eu
cd "$(dirname "$0")/.."
if ! command -v npm >/dev/null; then
    echo "Heimdall: no npm here, so the browser's modules are neither linted nor type-checked" >&2
    exit 0
fi
if [ ! -e node_modules/.made ] || [ package-lock.json -nt node_modules/.made ]; then
    npm ci --silent --no-audit --no-fund
    touch node_modules/.made
fi
npm run --silent lint
npm run --silent types
