#!/bin/sh
# The Wine prefixes of tests and the demo. Each call prints a prefix's path.
#
#   tests/wine/prefix.sh             the base: made once, only ever copied. No program runs in it, or
#                                    a copy might see a file that Wine is just about to replace.
#   tests/wine/prefix.sh --copy TO   a new one of the caller's own: the base's files by hard links,
#                                    the registry, which Wine writes in place, by copying. TO must
#                                    be below build/, or on its disk.
#   tests/wine/prefix.sh --shared    one for programs that do not mind each other: build/wine-shared
#
# Windows 10, no display, no window ever asks for Mono or Gecko, nothing points at the caller's home.
# To use one:  export WINEPREFIX=$(tests/wine/prefix.sh --shared) WINEDEBUG=-all; unset DISPLAY
set -eu

builds=$(cd "$(dirname "$0")/../.." && pwd)/build
base=$builds/wine-prefix

make_base() {
    wine=${CASEMENT_WINE:-$(command -v wine64 || echo /usr/lib/wine/wine64)}
    unset DISPLAY WAYLAND_DISPLAY
    export WINEPREFIX="$base.new" WINEARCH=win64 WINEDEBUG=-all
    export WINEDLLOVERRIDES="mscoree,mshtml,winemenubuilder.exe="
    rm -rf "$WINEPREFIX" "$base"
    "$wine" wineboot -i >"$base.log" 2>&1 9>&-
    "$wine" winecfg -v win10 >>"$base.log" 2>&1 9>&-
    wineserver -w 9>&-
    # Documents, Desktop ... are links into the caller's home: a guest gets folders of its own.
    find "$WINEPREFIX/drive_c/users" -type l | while read -r link; do
        rm "$link"
        mkdir "$link"
    done
    rm -f "$WINEPREFIX/wineserver"
    touch "$WINEPREFIX/.ready"
    mv "$WINEPREFIX" "$base"
}

copy_base() { # to
    rm -rf "$1.new" # of a call that was killed
    cp -al "$base" "$1.new"
    rm "$1.new"/*.reg
    cp "$base"/*.reg "$1.new/"
    mv "$1.new" "$1"
}

mkdir -p "$builds"
exec 9>"$base.lock"
flock 9
[ -e "$base/.ready" ] || make_base
case ${1:-} in
--copy) prefix=$2 && copy_base "$prefix" ;;
--shared)
    prefix=$builds/wine-shared
    [ -e "$prefix/.ready" ] || copy_base "$prefix"
    ;;
*) prefix=$base ;;
esac
echo "$prefix"
