# limit_s=600
# Runs in dom0 on real Xen: the same cases (tests/xen/linux/disk_cases.h) over the same disk, by
# core/block in a bare-metal PVH guest, by blkfront in a Linux PVH guest, and in an HVM guest by its
# emulated IDE disk and by core/block.
load_module xen-blkback && load_module brd || exit 1
disk='format=raw,access=rw'
head -c 16777216 /rig/linux/vmlinux.gz >/dev/ram0

guest_run speed guest pvh "disk = ['$disk,vdev=xvda,target=/dev/ram0']" "cmdline = 'tests=disk_speed_pv'" || exit 1
linux_start linux 160 pvh && xl block-attach linux "$disk,vdev=xvda,target=/dev/ram0" || exit 1
linux_exec linux sh -c '. /rig/lib.sh; load_module xen-blkfront
    until [ -b /dev/xvda ]; do sleep 1; done; /rig/bin/rig_disk /dev/xvda' || exit 1
guest_destroy linux
guest_run emulated guest hvm "disk = ['$disk,vdev=hda,target=/dev/ram0']" "cmdline = 'tests=disk_speed_ide_and_pv'"
