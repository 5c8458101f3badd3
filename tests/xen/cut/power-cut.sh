# core/block's flush reaches the disk (guest/tests/power_cut.c): the machine has one more disk, a
# file of the host. In dom0 it is behind a loop device, so what the guest writes stays in dom0's page
# cache, which a power cut takes, until there is a flush: dom0's own writing back is turned off.
# The machine ends while this runs; power-cut.py then looks at the file.
load_module xen-blkback && load_module loop && load_module virtio_pci && load_module virtio_blk || exit 1
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
losetup /dev/loop0 /dev/vda || exit 1
guest_run power-cut guest pvh "disk = ['format=raw,vdev=xvda,access=rw,target=/dev/loop0']" \
    "cmdline = 'tests=power_cut'"
echo 'The power was not cut'
exit 1
