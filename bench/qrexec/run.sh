#!/bin/sh
# See bench.c. Uses the programs of build/linux and build/windows.
#   bench/qrexec/run.sh [in|out|call|memory]
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
exec "$top/tests/wine/qrexec/run.sh" "$top/build/linux" "$top/build/windows" \
    "$top/build/linux/bench/qrexec/qrexec_bench" "$@"
