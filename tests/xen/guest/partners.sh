# limit_s=120
# What the guest's tests prove together with a partner in dom0 (tests/xen/guest/partner.c): grants
# and foreign maps, a directory that only dom0 can make, vchan and its hostile peers.
names=${only:-grants_dom0_maps grants_in_use_are_not_reused grants_read_only grants_of_dom0 \
grants_of_dom0_read_only store_large_directory vchan_partner_leaves vchan_hostile_dom0 \
vchan_hostile_orders_later vchan_hostile_guest vchan_server_for_debian vchan_server_for_ours \
vchan_client_of_debian vchan_client_of_ours}
guest_config partners guest pvh 'vcpus = 2' "cmdline = 'tests=$names'"
guest_start partners || exit 1
/rig/bin/guest_partner "$(guest_domid partners)" >/run/partner.log 2>&1 &
guest_wait partners
guest_log partners
guest_verdict partners || {
    tail -n 20 /run/partner.log
    exit 1
}
