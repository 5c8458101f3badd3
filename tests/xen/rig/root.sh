#!/bin/sh
# root.sh PACKAGES OUT: dom0's root file system, as an initramfs OUT/root.cpio, out of the unpacked
# packages; and OUT/xen, OUT/vmlinux to boot it. Everything lies in memory: a disk costs ten
# seconds in software emulation. Only what the tests use goes in.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
packages=$(realpath "$1")
from=$packages/root
kernel=$packages/kernel
out=$(realpath -m "$2")
root=$out/root
xen_bin=/usr/lib/xen-4.17/bin
programs="$xen_bin/xl $xen_bin/libxl-save-helper $xen_bin/xenstored $xen_bin/xen-init-dom0
$xen_bin/xenconsoled $xen_bin/xenconsole $xen_bin/xenctx $xen_bin/xen-hvmctx $xen_bin/lsevtchn
$xen_bin/vchan-socket-proxy /usr/bin/xenstore /usr/libexec/xen-qemu-system-i386"
libraries="/usr/lib/x86_64-linux-gnu/libxenvchan.so.4.17"
data="/usr/lib/xen-4.17/boot/hvmloader /usr/share/seabios/bios-256k.bin
/usr/share/seabios/vgabios-stdvga.bin /usr/share/qemu/kvmvapic.bin /usr/share/qemu/linuxboot.bin
/usr/share/qemu/keymaps/en-us"
modules="xen-privcmd xenfs xen-evtchn xen-gntdev xen-gntalloc xen-blkback xen-netback brd loop xen-blkfront virtio_pci
virtio_blk"

mkdir -p "$root"
for folder in bin sbin usr/bin usr/sbin usr/lib proc sys dev run tmp root etc/xen/scripts \
    var/log/xen var/lib/xen var/lib/xenstored rig; do
    mkdir -p "$root/$folder"
done
ln -s /run "$root/var/run" # xl says /var/run
ln -s /run/lock "$root/var/lock"

put() { # a file of the packages, to the same place
    mkdir -p "$root$(dirname "$1")"
    cp -L "$from$1" "$root$1"
}

# The dynamic linker itself says which libraries a program needs.
loader=/lib64/ld-linux-x86-64.so.2
lib=$from/lib/x86_64-linux-gnu
usr_lib=$from/usr/lib/x86_64-linux-gnu
needed() {
    "$from$loader" --inhibit-cache --library-path "$lib:$usr_lib" --list "$from$1"
}
for file in $programs $libraries $data; do
    put "$file"
done
# A package's folder can be a link into another one, so the linker's answer may have a tail of "..".
for file in $programs $libraries; do
    needed "$file"
done | grep -oE '/[^ ]+\.so[^ ]*' | sort -u | while read -r library; do
    case $library in
        "$from"/*) put "${library#"$from"}" ;;
        "$loader") put "$loader" ;;
        *) echo "$library comes from this machine, not from the packages" >&2 && exit 1 ;;
    esac
done

cp "$from/bin/busybox" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -s /bin/busybox "$root/usr/bin/$applet"
done
ln -s /bin/busybox "$root/bin/sh"
for tool in read write ls list watch rm chmod exists; do
    ln -s xenstore "$root/usr/bin/xenstore-$tool"
done
for tool in xl xenctx lsevtchn; do
    ln -s "$xen_bin/$tool" "$root/usr/sbin/$tool"
done

# Modules lie flat in /modules, in the order that lets insmod load them. Without debug information,
# and so without signature: checking it is slow in software emulation.
version=$(ls "$kernel/lib/modules")
depmod -b "$kernel" "$version"
mkdir "$root/modules"
for module in $modules; do
    modprobe -d "$kernel" -S "$version" --show-depends "$module" | sed -n 's/^insmod //p' |
        while read -r file; do
            strip --strip-debug -o "$root/modules/$(basename "$file")" "$file"
            basename "$file"
        done >"$root/modules/$module.order"
done

cp "$here/dom0/init" "$root/init"
cp "$here/dom0/block-rig" "$here/dom0/vif-rig" "$root/etc/xen/scripts/"
ln -s block-rig "$root/etc/xen/scripts/block" # what xl calls when nothing else is said
cp "$here/dom0/lib.sh" "$here/dom0/run-tests" "$here/dom0/simxen" "$root/rig/"
: >"$root/etc/xen/xl.conf"
printf '/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n' >"$root/etc/ld.so.conf"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
chmod 755 "$root/init" "$root/rig/run-tests" "$root/rig/simxen" "$root"/etc/xen/scripts/*
/sbin/ldconfig -r "$root"

archive() { # ROOT OUT
    (cd "$1" && find . -print0 | cpio --null -o -H newc --quiet -R 0:0) >"$2"
}

# The Linux guest: the same kernel (a PV guest, which software emulation runs at dom0's speed) and
# the few files that our programs need of the root above.
linux=$out/linux
mkdir -p "$linux" "$root/rig/linux"
(cd "$root" && find bin sbin usr/bin usr/sbin etc/passwd etc/group etc/ld.so.conf \
    modules/xen-privcmd.* modules/xenfs.* modules/xen-evtchn.* modules/xen-gntdev.* \
    modules/xen-gntalloc.* modules/xen-blkfront.* rig/lib.sh \( -type f -o -type l \) ! -name iperf3 -print0 |
    cpio --null -p --quiet --make-directories "$linux")
for file in /usr/bin/xenstore $libraries; do
    needed "$file"
done | grep -oE '/[^ ]+\.so[^ ]*' | sed "s,^$from,," | sort -u | while read -r library; do
    mkdir -p "$linux$(dirname "$library")"
    cp "$root$library" "$linux$library"
done
for name in xenctrl xentoollog xencall xenforeignmemory xendevicemodel xenvchan; do
    cp "$root"/usr/lib/x86_64-linux-gnu/lib$name.so.* "$linux/usr/lib/x86_64-linux-gnu/"
done
# pthread_cancel's, and the file copy programs'.
cp "$root"/lib/x86_64-linux-gnu/libgcc_s.so.1 "$root"/lib/x86_64-linux-gnu/libz.so.1 \
    "$linux/lib/x86_64-linux-gnu/"
mkdir -p "$linux/proc" "$linux/sys" "$linux/dev" "$linux/run" "$linux/tmp" "$linux/root"
cp "$here/dom0/linux-init" "$linux/init"
chmod 755 "$linux/init"
/sbin/ldconfig -r "$linux"
archive "$linux" "$root/rig/linux/root.cpio"

gzip -dc "$from/boot/xen-4.17-amd64.gz" >"$out/xen"
"$here/extract-vmlinux.py" "$kernel/boot/vmlinuz-$version" "$out/vmlinux"
gzip -1 -c "$out/vmlinux" >"$root/rig/linux/vmlinux.gz"
archive "$root" "$out/root.cpio"
rm -rf "$root" "$linux"
