# limit_s=180
# The list of behaviours (tests/xen/behaviours) on real Xen, as a PVH guest; behaviours-hvm is the
# same behind hvmloader. simxen is held to the same list by the test "simxen behaviours". Near its
# end dom0's part leaves, and the guest is saved and restored.
machine=${machine:-pvh}
name=behaviours-$machine
guest_config "$name" guest "$machine" 'vcpus = 2' "cmdline = 'tests=behaviours'"
guest_start "$name" || exit 1
timeout $((80 * slow)) /rig/bin/behaviours_peer "$(guest_domid "$name")"
guest_save "$name" && guest_restore "$name" || {
    guest_log "$name"
    exit 1
}
timeout $((80 * slow)) /rig/bin/behaviours_peer "$(guest_domid "$name")"
guest_wait "$name"
guest_log "$name"
guest_verdict "$name"
