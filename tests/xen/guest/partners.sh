# What the guest's tests prove together with a partner in dom0 (tests/xen/guest/partner.c): grants
# and foreign maps, a directory that only dom0 can make, vchan and its hostile peers.
guest_config partners guest pvh 'vcpus = 2' \
    "cmdline = 'tests=grants_dom0_maps grants_in_use_are_not_reused grants_read_only grants_of_dom0 grants_of_dom0_read_only store_large_directory'"
guest_start partners || exit 1
/rig/bin/guest_partner "$(guest_domid partners)" >/run/partner.log 2>&1 &
guest_wait partners
guest_log partners
guest_verdict partners || {
    tail -n 20 /run/partner.log
    exit 1
}
