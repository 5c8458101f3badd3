#!/bin/sh
# Makes the rig when it is not there yet, and prints its folder: build/xen/rig-KEY with xen,
# vmlinux, root.cpio. KEY follows the packages' versions and these scripts, so that a rig is made
# again exactly when one of them changed. Several may run at once: the first one builds.
set -eu

cd "$(dirname "$0")/../../.."
top=$(pwd)
scripts=tests/xen/rig
mkdir -p build/xen
exec 9>build/xen/lock
flock 9

$scripts/packages.sh build/xen/packages >&2
key=$(cat build/xen/packages/versions $scripts/*.sh $scripts/extract-vmlinux.py $scripts/dom0/* |
    sha256sum | cut -c 1-12)
rig=build/xen/rig-$key
if [ ! -e "$rig/root.cpio" ]; then
    echo "Building dom0's root in $rig" >&2
    rm -rf build/xen/rig-* build/xen/new
    $scripts/root.sh build/xen/packages build/xen/new >&2
    mv build/xen/new "$rig"
fi
echo "$top/$rig"
