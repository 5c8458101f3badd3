#!/bin/sh
# Runs a test (or benchmark) of the agent in a simulated host: a private simxen with xenstored, a
# Wine prefix of its own, the agent's programs and services in a folder as they are installed.
#   tests/wine/qrexec/run.sh LINUX_BUILD WINDOWS_BUILD PROGRAM [ARGUMENT...]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
linux=$1 windows=$2
shift 2
folder=$(mktemp -d "$top/build/qrexec-test.XXXXXX")
export WINEPREFIX="$folder/prefix" WINEDEBUG=${WINEDEBUG:--all}
unset DISPLAY WAYLAND_DISPLAY
trap 'wineserver -k 2>/dev/null || true; wineserver -w 2>/dev/null || true; rm -rf "$folder"' EXIT
"$here/../prefix.sh" --copy "$WINEPREFIX" >/dev/null
export CASEMENT_TEST_BIN="$folder/casement/bin" CASEMENT_TEST_SIMXEN="$linux/linux/simxen/simxen"
export CASEMENT_TEST_WINE="${CASEMENT_WINE:-$(command -v wine64 || echo /usr/lib/wine/wine64)}"
mkdir -p "$CASEMENT_TEST_BIN"
for file in agent/qrexec/qrexec-agent.exe agent/qrexec/qrexec-client-vm.exe rpc/vmshell.exe \
    rpc/vmexec.exe lib/vchan/libvchan.dll lib/xencontrol/simxen/xencontrol.dll; do
    ln "$windows/windows/$file" "$CASEMENT_TEST_BIN/" 2>/dev/null ||
        cp "$windows/windows/$file" "$CASEMENT_TEST_BIN/"
done
cp "$windows"/tests/wine/qrexec/*.exe "$windows"/bench/qrexec/*.exe "$CASEMENT_TEST_BIN/"
cp -r "$top/windows/rpc/qubes-rpc" "$top/windows/rpc/rpc-config" "$folder/casement/"
"$CASEMENT_TEST_SIMXEN" host -- "$@"
