#!/bin/sh
# Run Node, whatever the distribution calls it.
for name in node nodejs; do
    command -v "$name" >/dev/null && exec "$name" "$@"
done
echo "Heimdall: Node 18 or newer is needed for the JavaScript tests" >&2
exit 1
