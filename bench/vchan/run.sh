#!/bin/sh
# vchan_linux_worst, vchan_linux_small: our libxenvchan against Debian's, both on simxen.
set -eu

cd "$(dirname "$0")/../../build"
top=$(pwd)
SIMXEN_TOOL=$top/linux/linux/simxen/simxen
export SIMXEN_TOOL
exec "$SIMXEN_TOOL" host -- linux/bench/vchan/vchan_bench \
    "$top/linux/linux/vchan/libxenvchan.so.4.17" "$top/debian-xen/lib/libxenvchan.so.4.17"
