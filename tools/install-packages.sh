#!/bin/sh
# Installs the Debian 12 packages that building and testing Casement needs. Xen itself is not
# installed: tools/fetch-xen.sh unpacks its programs into the build folder.
set -eu

packages="gcc libc6-dev make meson ninja-build pkg-config python3 git binutils
gcc-mingw-w64-x86-64 libz-mingw-w64-dev
clang clang-format lld llvm libclang-rt-14-dev
libcmocka-dev zlib1g-dev valgrind e2fsprogs
libxcb1-dev libxcb-shm0-dev libxcb-keysyms1-dev libxcb-icccm4-dev libxcb-xtest0-dev libxcb-damage0-dev
libpng-dev xvfb xcompmgr openbox x11-utils
qemu-system-x86 cpio kmod xz-utils
wine wine64 fonts-wine"

missing=""
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "Installing Debian packages:$missing"
sudo=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "These packages are missing and this is not root; as root, run: apt-get install$missing" >&2
        exit 1
    }
    sudo=sudo
fi
$sudo apt-get update -q
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
