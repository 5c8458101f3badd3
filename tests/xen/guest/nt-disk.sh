# limit_s=240
# The shipped xenvbd.sys on Linux's blkback (tests/xen/guest/nt_disk.c): it copies the first half of
# a disk to the second; dom0 compares them by their SHA-256. xvdg: a disk that QEMU never emulates.
load_module xen-blkback && load_module loop || exit 1
file=/run/nt-disk.image half=2
head -c $((half << 20)) /rig/linux/vmlinux.gz >$file
truncate -s $((2 * half << 20)) $file
losetup /dev/loop1 $file || exit 1
(cd /rig/drivers && ls *.sys | cpio -o -H newc) >/run/drivers 2>/dev/null
sum() { # FIRST_MIB
    dd if=/dev/loop1 bs=1M skip="$1" count=$half 2>/dev/null | sha256sum | cut -c 1-64
}
before=$(sum 0)
guest_config nt_disk nt hvm 'vcpus = 2' 'memory = 128' "ramdisk = '/run/drivers'" \
    "cmdline = 'tests=nt_disk'" \
    "disk = ['format=raw,vdev=xvdg,access=rw,script=block-rig,target=/dev/loop1']"
guest_start nt_disk || exit 1
guest_wait nt_disk
guest_log nt_disk
echo 3 >/proc/sys/vm/drop_caches
first=$(sum 0) second=$(sum $half)
losetup -d /dev/loop1
echo "sha256 $before $first $second"
guest_verdict nt_disk && [ "$before" = "$first" ] && [ "$first" = "$second" ]
