# limit_s=240
# A PV disk on Linux's blkback (tests/xen/guest/tests/disk.c): the disk is a file on a loop device;
# `casement disk` attaches and detaches it while the guest runs, dom0 compares its halves by their
# SHA-256, doubles it, and saves and restores the guest with writes under way.
machine=${machine:-pvh}
name=disk-$machine
export CASEMENT_HOME=/run/casement-disk
mkdir -p $CASEMENT_HOME
casement=/rig/bin/casement
load_module xen-blkback && load_module loop || exit 1

file=/run/disk.image half=8
fail() {
    echo "FAILED: $1"
    failed=1
}
sum() { # FIRST_MIB
    dd if=/dev/loop0 bs=1M skip="$1" count=$half 2>/dev/null | sha256sum | cut -c 1-64
}
failed=
# What compresses badly, and zeroes behind it.
head -c $((half << 20)) /rig/linux/vmlinux.gz >$file
truncate -s $((2 * half << 20)) $file
losetup /dev/loop0 $file || exit 1

guest_config "$name" guest "$machine" 'vcpus = 2' \
    "cmdline = 'tests=disk_1_copied disk_2_read_only disk_3_cd disk_4_restored'"
guest_start "$name" && partner_start "$name" || exit 1

partner_ready "$name" && $casement disk attach "$name" /dev/loop0 xvda || fail attach
partner_ready "$name" || fail copied
echo 3 >/proc/sys/vm/drop_caches
first=$(sum 0) second=$(sum $half)
echo "sha256 $first $second"
[ "$first" = "$second" ] || fail 'the halves differ'
partner_ready "$name" || fail 'ready to grow'
truncate -s $((4 * half << 20)) $file && losetup -c /dev/loop0 || fail grow
partner_ready "$name" && $casement disk detach "$name" xvda || fail detach
$casement disk list "$name"

partner_ready "$name" && $casement disk attach "$name" /dev/loop0 xvda --read-only || fail 'attach read-only'
partner_ready "$name" && $casement disk detach "$name" xvda || fail 'detach read-only'

partner_ready "$name" && $casement disk attach "$name" /dev/loop0 xvda --cdrom || fail 'attach a CD'
# Without asking the guest: its backend is gone at once.
partner_ready "$name" && $casement disk detach "$name" xvda --force || fail 'detach a CD by force'

partner_ready "$name" && $casement disk attach "$name" /dev/loop0 xvda || fail 'attach again'
partner_ready "$name" && guest_save "$name" && guest_restore "$name" && partner_start "$name" || fail save
guest_wait "$name"
guest_log "$name"
losetup -d /dev/loop0
guest_verdict "$name" && [ -z "$failed" ]
