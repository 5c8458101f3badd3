#!/bin/sh
# vchan_wine: a Windows guest under Wine against a Linux guest, over the same vchan.
set -eu

cd "$(dirname "$0")/../.."
top=$(pwd)
wine=$top/tests/wine/run-wine.sh
"$wine" --start
export SIMXEN_TOOL="$top/build/linux/linux/simxen/simxen"
export XENCONTROL_DLL_DIR="$top/build/windows/windows/lib/xencontrol/simxen;Z:$top/build/windows/windows/lib/vchan"
exec "$SIMXEN_TOOL" host -- build/linux/bench/vchan_wine/vchan_wine_bench \
    build/linux/bench/vchan_wine/vchan_wine_guest \
    "$wine" build/windows/bench/vchan_wine/vchan_wine_guest.exe
