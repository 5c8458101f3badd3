#!/bin/sh
# payload.sh OUT: a cpio archive of what the project built and a boot is to test, for dom0's /rig.
#   guest/ images   drivers/ the shipped .sys files   tests/ scripts for dom0
#   bin/ our programs, lib/ our libraries
set -eu

cd "$(dirname "$0")/../../.."
out=$1
stage=$out.d
build=build/linux
rm -rf "$stage"
mkdir -p "$stage/rig/guest" "$stage/rig/tests" "$stage/rig/bin" "$stage/rig/lib"
for image in "$build"/tests/xen/guest/*.elf "$build"/tests/xen/guest/*.bz; do
    [ ! -e "$image" ] || cp "$image" "$stage/rig/guest/"
done
for script in tests/xen/dom0/*.sh tests/xen/guest/*.sh tests/xen/cut/*.sh bench/*_xen/*_xen.sh; do
    [ ! -e "$script" ] || cp "$script" "$stage/rig/tests/"
done
mkdir -p "$stage/rig/drivers"
for driver in build/windows/windows/kernel/*/*.sys; do
    [ ! -e "$driver" ] || cp "$driver" "$stage/rig/drivers/"
done
while read -r file folder; do
    case $file in '' | '#'*) continue ;; esac
    mkdir -p "$stage/rig/$folder"
    cp -L "$build/$file" "$stage/rig/$folder/"
done <tests/xen/rig/payload
for test in tests/simxen/dom0/run.sh; do
    mkdir -p "$stage/rig/simxen-tests/dom0"
    cp "$test" "$stage/rig/simxen-tests/dom0/"
done
# The unit test library is this machine's own.
mkdir "$stage/rig/cmocka"
cp -L "$(ldd "$build/tests/simxen/dom0/dom0_agent_test" | sed -n 's/.*=> \(.*libcmocka[^ ]*\) .*/\1/p')" \
    "$stage/rig/cmocka/"
(cd "$stage" && find . -mindepth 1 -print0 | cpio --null -o -H newc --quiet -R 0:0) >"$out"
rm -rf "$stage"
