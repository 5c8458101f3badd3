#!/bin/sh
# Boots real Xen and leaves you at dom0's prompt, with the project's programs, guests and test
# scripts under /rig. Ctrl-A x, or poweroff -f, ends it.
set -eu

cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin:/sbin
rig=$(tests/xen/rig/build.sh)
logs=build/xen/logs/prompt.$$
mkdir -p "$logs"
tests/xen/rig/payload.sh "$logs/payload"
exec python3 tests/xen/rig/session.py shell "$rig" "$logs/payload" "$logs"
