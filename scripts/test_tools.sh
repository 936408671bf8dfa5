#!/bin/sh
# What the tests need beside Python packages: Chromium and its driver, Firefox, Node 18 or newer, and
# Redis as a second server to test the store on. Installed through apt where that is possible.
set -eu
missing=""
command -v chromium >/dev/null || command -v chromium-browser >/dev/null ||
    command -v google-chrome >/dev/null || missing="$missing chromium"
command -v chromedriver >/dev/null || missing="$missing chromium-driver"
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || missing="$missing firefox-esr"
command -v redis-server >/dev/null || missing="$missing redis-server"
"$(dirname "$0")/node.sh" -e 'process.exit(+(parseInt(process.versions.node) < 18))' \
    >/dev/null 2>&1 || missing="$missing nodejs"
[ -z "$missing" ] && exit 0

if command -v apt-get >/dev/null; then
    sudo=""
    [ "$(id -u)" = 0 ] || sudo="sudo"
    echo "Heimdall: installing$missing through apt …"
    export DEBIAN_FRONTEND=noninteractive
    # The distribution starts a server it installs; the tests start their own.
    # shellcheck disable=SC2086
    if $sudo apt-get update -qq >/dev/null &&
        $sudo env RUNLEVEL=1 apt-get install -qq -y --no-install-recommends $missing >/dev/null; then
        exit 0
    fi
fi
echo "Heimdall: the tests need$missing; install them with your package manager and run again" >&2
exit 1
