# limit_s=120
# core/ across xl save and xl restore (tests/xen/guest/tests/resume.c), as a PVH guest; resume-hvm
# is the same behind hvmloader. Each test of the guest says "ready" to its partner in dom0 and then
# waits to be saved: first as a checkpoint, then twice for good.
machine=${machine:-pvh}
name=resume-$machine
guest_config "$name" guest "$machine" 'vcpus = 2' 'memory = 32' \
    "cmdline = 'tests=resume_1_cancelled resume_2_two_level resume_3_fifo vchan_small_server'"
guest_start "$name" && partner_start "$name" || exit 1
partner_ready "$name" && xl save -c "$name" /run/checkpoint && rm /run/checkpoint &&
    partner_ready "$name" && guest_save "$name" && guest_restore "$name" && partner_start "$name" &&
    partner_ready "$name" && guest_save "$name" && guest_restore "$name" && partner_start "$name" &&
    guest_wait "$name"
guest_log "$name"
guest_verdict "$name" || {
    tail -n 20 /run/partner.log
    exit 1
}
