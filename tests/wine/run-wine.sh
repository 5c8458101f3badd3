#!/bin/sh
# Runs a Windows program in the test prefix (CASEMENT_TEST_PREFIX, else the one that prefix.sh
# makes), quietly and without a display.
#   tests/wine/run-wine.sh PROGRAM.exe [ARGUMENT...]
set -eu

WINEPREFIX=${CASEMENT_TEST_PREFIX:-$("$(dirname "$0")/prefix.sh")}
export WINEPREFIX WINEDEBUG=${WINEDEBUG:--all}
unset DISPLAY WAYLAND_DISPLAY
exec "${CASEMENT_WINE:-$(command -v wine64 || echo /usr/lib/wine/wine64)}" "$@"
