#!/bin/sh
# Runs a Windows program in the prefix that such programs share, quietly and without a display.
#   tests/wine/run-wine.sh PROGRAM.exe [ARGUMENT...]
#   tests/wine/run-wine.sh --start     only Wine's background processes; they stay for a minute
#                                      after the last program. For tests that look for processes
#                                      left behind: start these before.
# XENCONTROL_DLL_DIR names a folder whose DLLs the program finds (the simxen xencontrol.dll).
set -eu

WINEPREFIX=$("$(dirname "$0")/prefix.sh" --shared)
export WINEPREFIX WINEDEBUG=${WINEDEBUG:--all}
unset DISPLAY WAYLAND_DISPLAY
wine=${CASEMENT_WINE:-$(command -v wine64 || echo /usr/lib/wine/wine64)}
[ -z "${XENCONTROL_DLL_DIR:-}" ] || export WINEPATH="Z:$XENCONTROL_DLL_DIR"
if [ "$1" = --start ]; then
    # Nothing of the caller's stays open in them, or who reads its output waits for them.
    exec </dev/null >/dev/null 2>&1
    wineserver -p60 || true
    exec "$wine" cmd /c exit
fi
exec "$wine" "$@"
