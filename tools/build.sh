#!/bin/sh
# Builds everything: build/linux (host programs, tests) and build/windows (guest programs).
set -eu

cd "$(dirname "$0")/.."
tools/install-packages.sh
tools/fetch-xen.sh build/debian-xen
top=$(pwd)
[ -e build/windows/build.ninja ] ||
    meson setup build/windows --cross-file tools/windows.cross >/dev/null
[ -e build/linux/build.ninja ] ||
    meson setup build/linux "-Ddebian_xen=$top/build/debian-xen" \
        "-Dwindows_build=$top/build/windows" >/dev/null
ninja -C build/windows --quiet
ninja -C build/linux --quiet
