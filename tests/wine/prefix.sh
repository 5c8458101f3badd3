#!/bin/sh
# Makes a Wine prefix once and prints its path; later calls only print it. Windows 10, no display,
# no window ever asks for Mono or Gecko, nothing points at the caller's home. The prefix is at rest
# (no wineserver) when this returns.
#
#   tests/wine/prefix.sh [FOLDER]         default: build/wine-prefix
#
# To use it:  export WINEPREFIX=$(tests/wine/prefix.sh) WINEDEBUG=-all; unset DISPLAY
# To have one of your own, fast:  cp -al "$(tests/wine/prefix.sh)" mine; rm mine/*.reg;
#                                 cp "$(tests/wine/prefix.sh)"/*.reg mine/
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
prefix=$(realpath -m "${1:-$top/build/wine-prefix}")
mkdir -p "$(dirname "$prefix")"
exec 9>"$prefix.lock"
flock 9
if [ ! -e "$prefix/.ready" ]; then
    wine=${CASEMENT_WINE:-$(command -v wine64 || echo /usr/lib/wine/wine64)}
    unset DISPLAY WAYLAND_DISPLAY
    export WINEPREFIX="$prefix.new" WINEARCH=win64 WINEDEBUG=-all
    export WINEDLLOVERRIDES="mscoree,mshtml,winemenubuilder.exe="
    rm -rf "$WINEPREFIX" "$prefix"
    "$wine" wineboot -i >"$prefix.log" 2>&1 9>&-
    "$wine" winecfg -v win10 >>"$prefix.log" 2>&1 9>&-
    wineserver -w 9>&-
    # Documents, Desktop ... are links into the caller's home: a guest gets folders of its own.
    find "$WINEPREFIX/drive_c/users" -type l | while read -r link; do
        rm "$link"
        mkdir "$link"
    done
    rm -f "$WINEPREFIX/wineserver"
    touch "$WINEPREFIX/.ready"
    mv "$WINEPREFIX" "$prefix"
fi
echo "$prefix"
