#!/bin/sh
# Proves that both builds of xencontrol.dll export the field's 21 functions, one of our own (XcEvtchnQueryPeer) and
# nothing else, and
# that the one that ships imports system DLLs only and knows nothing of the simulated Xen.
#   exports.sh SHIPPED.dll SIMXEN.dll
set -eu

wanted="XcClose XcEvtchnBindInterdomain XcEvtchnClose XcEvtchnNotify XcEvtchnOpenUnbound
XcEvtchnQueryPeer XcEvtchnUnmask XcGnttabMapForeignPages XcGnttabPermitForeignAccess XcGnttabPermitForeignAccess2
XcGnttabRevokeForeignAccess XcGnttabUnmapForeignPages XcOpen XcRegisterLogger XcSetLogLevel
XcStoreAddWatch XcStoreDirectory XcStoreRead XcStoreRemove XcStoreRemoveWatch XcStoreSetPermissions
XcStoreWrite"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '%s\n' $wanted >"$folder/wanted"
for dll in "$@"; do
    x86_64-w64-mingw32-objdump -p "$dll" >"$folder/dump"
    sed -n '/^\[Ordinal\/Name Pointer\]/,/^$/s/^\t\[ *[0-9]*\] //p' "$folder/dump" >"$folder/has"
    diff -u "$folder/wanted" "$folder/has"
done
x86_64-w64-mingw32-objdump -p "$1" | sed -n 's/.*DLL Name: //p' | sort >"$folder/imports"
printf '%s\n' KERNEL32.dll SETUPAPI.dll msvcrt.dll | diff -u - "$folder/imports"

# Names of the simulated Xen stand in the test DLL as 16-bit text (and in debug information).
if strings -e s "$1" | grep -i simxen || strings -e l "$1" | grep -i simxen; then
    echo "$1 knows the simulated Xen"
    exit 1
fi
strings -e l "$2" | grep -q SIMXEN_DIR
