# limit_s=420
# The shipped xenvbd.sys while dom0 does things to its disk (tests/xen/guest/nt_disk.c): attached,
# grown, detached and attached again while the machine runs; xl save and xl restore with writes under
# way; detached in the middle of writes. dom0 compares the halves by their SHA-256.
export CASEMENT_HOME=/run/casement-nt-disk
mkdir -p $CASEMENT_HOME
casement=/rig/bin/casement
load_module xen-blkback && load_module loop || exit 1
file=/run/nt-disk-life.image failed=
(cd /rig/drivers && ls *.sys | cpio -o -H newc) >/run/drivers 2>/dev/null

fail() {
    echo "FAILED: $1"
    failed=1
}
size() { # MIB
    truncate -s $(($1 << 20)) $file
}
new_data() { # for the first half
    head -c $((half << 20)) /rig/linux/vmlinux.gz | dd of=$file bs=64k conv=notrunc 2>/dev/null
}
sum() { # FIRST_MIB
    dd if=$file bs=1M skip="$1" count=$half 2>/dev/null | sha256sum | cut -c 1-64
}
halves_are_equal() {
    first=$(sum 0) second=$(sum $half)
    echo "sha256 $first $second"
    [ "$first" = "$second" ]
}
go_on() {
    xenstore-write "/local/domain/$(guest_domid "$case")/data/go" now
}
# At the guest's next word COMMAND is run, then the guest goes on.
next() { # COMMAND...
    [ -z "$failed" ] || return
    partner_ready "$case" && "$@" && go_on || fail "$*"
}
grow() {
    size $((4 * half)) && losetup -c /dev/loop1
}

meanwhile_nt_disk_comes_and_goes() {
    next $casement disk attach "$case" /dev/loop1 xvdg
    next halves_are_equal
    next grow
    next $casement disk detach "$case" xvdg
    half=2
    new_data
    next $casement disk attach "$case" /dev/loop1 xvdg
}
meanwhile_nt_disk_restored() {
    partner_ready "$case" && guest_save "$case" && guest_restore "$case" && partner_start "$case" &&
        go_on || fail 'save and restore'
}
meanwhile_nt_disk_written_goes() {
    next $casement disk detach "$case" xvdg
}

for case in ${only:-nt_disk_comes_and_goes nt_disk_restored nt_disk_written_goes}; do
    half=1
    new_data && size $((2 * half))
    losetup /dev/loop1 $file || exit 1
    before=$(sum 0) disk=
    [ $case = nt_disk_comes_and_goes ] ||
        disk="disk = ['format=raw,vdev=xvdg,access=rw,script=block-rig,target=/dev/loop1']"
    guest_config "$case" nt hvm 'vcpus = 2' 'memory = 128' "ramdisk = '/run/drivers'" \
        "cmdline = 'tests=$case'" "$disk"
    guest_start "$case" && partner_start "$case" || exit 1
    meanwhile_$case
    guest_wait "$case"
    guest_log "$case"
    guest_verdict "$case" || fail "$case"
    case $case in
        *_comes_and_goes) halves_are_equal || fail 'the halves differ' ;;
        *_restored) halves_are_equal && [ "$first" != "$before" ] || fail 'writes are lost' ;;
    esac
    losetup -d /dev/loop1
done
[ -z "$failed" ]
