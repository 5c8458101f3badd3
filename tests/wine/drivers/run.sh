#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The drivers under Wine, on a simxen instance with real xenstored. Inside `simxen host --`.
#   run.sh DRIVERS (folder of the built test) WINDOWS_BUILD
# Proves what drivers_test.c says; this side plays domain 0.
set -eu

drivers=$1 windows=$2
top=$(cd "$(dirname "$0")/../../.." && pwd)
wine=${CASEMENT_WINE:-$(command -v wine64 || echo /usr/lib/wine/wine64)}
PATH=$DEBIAN/bin:$PATH
fail() { echo "FAILED: $*" >&2; exit 1; }

folder=$(mktemp -d "$top/build/drivers.XXXXXX")
export WINEPREFIX="$folder/prefix" WINEDEBUG=${WINEDEBUG:--all}
unset DISPLAY WAYLAND_DISPLAY
trap 'wineserver -k 2>/dev/null || true; wineserver -w 2>/dev/null || true; rm -rf "$folder"' EXIT
"$top/tests/wine/prefix.sh" --copy "$WINEPREFIX" >/dev/null

guest=$("$SIMXEN" create --keep --guest win)
printf '%s\n%s\n' "$SIMXEN_DIR" "$guest" >"$WINEPREFIX/drive_c/simxen-guest"

# The packages, as the build makes them, but for what Wine lacks: xenbus.inf names the Xen platform's
# PCI device, its copy a root-enumerated one; Wine knows no build numbers in a model's section, and
# there is no signed catalogue.
mkdir "$folder/package"
cp "$drivers/xenbus.sys" "$drivers/xeniface.sys" "$folder/package/"
for inf in xenbus xeniface; do
    sed '/^CatalogFile/d; s/PCI\\VEN_5853&DEV_0001$/ROOT\\CASEMENT_XENBUS/; s/NTamd64.10.0...16299/NTamd64/' \
        "$top/windows/kernel/$inf/$inf.inf" >"$folder/package/$inf.inf"
done
grep -q 'ROOT\\CASEMENT_XENBUS' "$folder/package/xenbus.inf" || fail "xenbus.inf has no such line"

mkfifo "$folder/out"
export WINEPATH="Z:$windows/windows/lib/xencontrol"
wineserver -p
"$wine" "$drivers/drivers_test.exe" "Z:$folder/package/xenbus.inf" \
    "Z:$folder/package/xeniface.inf" >"$folder/out" &
test=$!
while read -r line; do
    echo "$line"
    case $line in
    plug*)
        xenstore-write "/local/domain/$guest/device/vbd/51712/state" 1
        xenstore-chmod -r "/local/domain/$guest/device/vbd" n0 "r$guest"
        ;;
    watching*) xenstore-write "/local/domain/$guest/data/watched" now ;;
    esac
done <"$folder/out"
rc=0
wait "$test" || rc=$?
[ "$rc" = 0 ] || fail "drivers_test: $rc"
[ "$(xenstore-read "/local/domain/$guest/data/wine")" = "from the driver" ] ||
    fail "domain 0 does not read what the guest wrote"
wineserver -k
wineserver -w
"$SIMXEN" destroy "$guest"
