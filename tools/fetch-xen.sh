#!/bin/sh
# Unpacks Debian's own Xen programs, libraries and headers into the folder named (default
# build/debian-xen). Nothing of Xen is installed or started on this machine.
#   bin/ xenstored, the xenstore client tools, vchan-socket-proxy   lib/ the libraries   include/
set -eu

out=$(realpath -m "${1:-build/debian-xen}")
packages="xen-utils-4.17 libxenmisc4.17 xenstore-utils libxenstore4 libxenevtchn1 libxengnttab1
libxentoollog1 libxentoolcore1 libxencall1 libxen-dev"
[ -e "$out/versions" ] && exit 0

echo "Fetching Debian's Xen 4.17 into $out"
rm -rf "$out"
mkdir -p "$out/deb" "$out/root" "$out/bin" "$out/lib"
cd "$out/deb"
# The lists may be missing on a machine where every package was already installed.
apt-cache show libxen-dev >/dev/null 2>&1 || if [ "$(id -u)" = 0 ]; then
    apt-get update -q
else
    sudo apt-get update -q
fi
# shellcheck disable=SC2086
apt-get download -qq $packages 2>&1 | grep -v "^W: Download is performed unsandboxed" || true
[ -e libxen-dev_*.deb ] || {
    echo "apt-get download failed: $packages" >&2
    exit 1
}
for deb in *.deb; do
    dpkg -x "$deb" "$out/root"
done
lib=$out/root/usr/lib/x86_64-linux-gnu
cp -a "$lib"/libxen*.so.* "$out/lib/"
for name in xenctrl xenvchan xenstore xenevtchn xengnttab xentoollog xentoolcore xencall; do
    soname=$(cd "$out/lib" && ls -1 "lib$name".so.* | sort | head -n 1)
    ln -sf "$soname" "$out/lib/lib$name.so"
done
cp -a "$out/root/usr/include" "$out/include"
cp -a "$out/root/usr/bin"/xenstore* "$out/root/usr/lib/xen-4.17/bin/xenstored" \
    "$out/root/usr/lib/xen-4.17/bin/vchan-socket-proxy" "$out/bin/"
cd "$out"
ls deb >versions
rm -rf deb root
