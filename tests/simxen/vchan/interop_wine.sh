#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Proves that libxenvchan.dll, in a Windows guest under Wine, works with a libxenvchan.so.4.17 in
# domain 0: the whole matrix of interop.c, Windows as the server or as the client.
#   interop_wine.sh server|client SIMXEN INTEROP WINDOWS-BUILD LIBRARY
set -eu
role=$1 simxen=$2 interop=$3 windows=$4 library=$5
INTEROP_WINE=$(dirname "$0")/../../wine/run-wine.sh
"$INTEROP_WINE" --start
export SIMXEN_TOOL="$simxen" INTEROP_WINE
export XENCONTROL_DLL_DIR="$windows/windows/lib/xencontrol/simxen;Z:$windows/windows/lib/vchan"
program=$windows/tests/wine/vchan/vchan_interop.exe
case $role in
server) exec "$simxen" host -- "$interop" "$program" "$library" ;;
client) exec "$simxen" host -- "$interop" "$library" "$program" ;;
esac
