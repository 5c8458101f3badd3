# The list of behaviours (tests/xen/behaviours) on real Xen, as a PVH guest; behaviours-hvm is the
# same behind hvmloader. simxen is held to the same list by the test "simxen behaviours".
machine=${machine:-pvh}
guest_config "behaviours-$machine" guest "$machine" 'vcpus = 2' "cmdline = 'tests=behaviours'"
guest_start "behaviours-$machine" || exit 1
timeout 50 /rig/bin/behaviours_peer "$(guest_domid "behaviours-$machine")"
guest_wait "behaviours-$machine"
guest_log "behaviours-$machine"
guest_verdict "behaviours-$machine"
