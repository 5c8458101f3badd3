#!/bin/sh
# Runs a test (or benchmark) of the GUI agent in a simulated host: a private simxen with xenstored,
# a composed X display for the guest, a Wine prefix of its own in which Wine draws whole windows.
#   tests/wine/gui/run.sh LINUX_BUILD WINDOWS_BUILD PROGRAM [ARGUMENT...]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
linux=$1 windows=$2
shift 2
if [ -z "${CASEMENT_TEST_SCREEN:-}" ]; then
    export CASEMENT_TEST_SCREEN=1280x1024
    exec "$here/screen.sh" $CASEMENT_TEST_SCREEN "$0" "$linux" "$windows" "$@"
fi
folder=$(mktemp -d "$top/build/gui-test.XXXXXX")
export WINEPREFIX="$folder/prefix" WINEDEBUG=${WINEDEBUG:--all} LC_ALL=C.UTF-8
trap 'wineserver -k 2>/dev/null || true; wineserver -w 2>/dev/null || true; rm -rf "$folder"' EXIT
"$here/../prefix.sh" --copy "$WINEPREFIX" >/dev/null
# No window manager is there: frames are Wine's own.
cat >>"$WINEPREFIX/user.reg" <<'REG'

[Software\\Wine\\X11 Driver] 1
"Managed"="N"
REG
export CASEMENT_TEST_BIN="$folder/bin" CASEMENT_TEST_SIMXEN="$linux/linux/simxen/simxen"
export CASEMENT_TEST_WINE="${CASEMENT_WINE:-$(command -v wine64 || echo /usr/lib/wine/wine64)}"
mkdir -p "$CASEMENT_TEST_BIN"
for file in agent/gui/gui-agent.exe rpc/guicontrol.exe lib/vchan/libvchan.dll lib/qubesdb/qubesdb-client.dll \
    lib/xencontrol/simxen/xencontrol.dll; do
    cp "$windows/windows/$file" "$CASEMENT_TEST_BIN/"
done
cp "$windows"/tests/wine/gui/*.exe "$windows"/bench/gui/*.exe "$CASEMENT_TEST_BIN/"
# Two programs that both start Wine's server would be in each other's way.
wineserver -p </dev/null >/dev/null 2>&1
"$CASEMENT_TEST_SIMXEN" host -- "$@"
