#!/bin/sh
# Downloads the Debian packages that the rig is made of, with what they depend on, into the folder
# named, and unpacks them there. Needs no root: nothing is installed, no package script runs.
#   deb/ the packages   root/ what they hold   kernel/ the Linux kernel's package   versions
set -eu

out=$(realpath -m "$1")
wanted="xen-hypervisor-4.17-amd64 xen-utils-4.17 libxenmisc4.17 xenstore-utils qemu-system-xen
seabios linux-image-amd64 busybox-static"
# What these depend on, but dom0's root has no use for.
unused='python|perl|iso-codes|dpkg|ipxe|adduser|passwd|initramfs|klibc'
[ -e "$out/versions" ] && exit 0

# A machine with no package at all: so apt names every dependency, whatever is installed here.
mkdir -p "$out/deb/partial" "$out/lists"
: >"$out/status"
apt="apt-get -qq -o Dir::State::status=$out/status -o Dir::Cache::archives=$out/deb
    -o Debug::NoLocking=1 -o APT::Sandbox::User= --no-install-recommends"
echo "Fetching Debian's Xen, its Linux dom0 and device model into $out"
# shellcheck disable=SC2086
$apt --download-only install $wanted || {
    echo "The packages could not be fetched. Are apt's lists there (apt-get update)?" >&2
    exit 1
}

rm -rf "$out/root" "$out/kernel"
mkdir "$out/root" "$out/kernel"
for deb in "$out"/deb/*.deb; do
    case $(basename "$deb") in
        linux-image-6*) dpkg-deb --fsys-tarfile "$deb" | tar -xf - -C "$out/kernel" ./boot ./lib ;;
        *) basename "$deb" | grep -qE "^(lib)?($unused)" || dpkg -x "$deb" "$out/root" ;;
    esac
done
(cd "$out/deb" && ls -- *.deb) >"$out/versions.new"
mv "$out/versions.new" "$out/versions"
