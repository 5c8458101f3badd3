# The list of behaviours (tests/xen/behaviours) on real Xen: PVH, then HVM. simxen is held to the
# same list by the test "simxen behaviours".
run() {
    guest_config "behaviours-$1" guest "$1" 'vcpus = 2' "cmdline = 'tests=behaviours'"
    guest_start "behaviours-$1" || return 1
    timeout 50 /rig/bin/behaviours_peer "$(guest_domid "behaviours-$1")"
    guest_wait "behaviours-$1"
    guest_log "behaviours-$1"
    guest_verdict "behaviours-$1"
}
run pvh && run hvm
