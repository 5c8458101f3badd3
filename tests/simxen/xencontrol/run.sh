#!/bin/sh
# wine_test inside a simxen instance of its own.
#   run.sh SIMXEN WINE_TEST WINDOWS_BUILD
set -eu

wine=$(realpath "$(dirname "$0")/../../wine/run-wine.sh")
"$wine" --start
export SIMXEN_TOOL="$1" XENCONTROL_DLL_DIR="$3/windows/lib/xencontrol/simxen"
exec "$1" host -- "$2" "$wine" "$3/tests/wine/xencontrol/xc_shell.exe"
