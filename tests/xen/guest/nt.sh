# limit_s=300
# The shipped xenbus.sys and xeniface.sys on real Xen (tests/xen/guest/nt_tests.c): each case is a
# life of an HVM guest, behind hvmloader, with the platform device.
cases=${only:-nt_xenbus_starts nt_xeniface_store nt_restart nt_surprise_removal nt_vchan \
nt_save_restore}
(cd /rig/drivers && ls *.sys | cpio -o -H newc) >/run/drivers 2>/dev/null

# What dom0 does meanwhile. The guest's program is asleep until data/go is there.
go_on() {
    xenstore-write "/local/domain/$(guest_domid "$case")/data/go" now
}
meanwhile() {
    [ "$case" = nt_save_restore ] || return 0
    partner_ready "$case" && xl save -c "$case" /run/checkpoint && rm /run/checkpoint && go_on &&
        partner_ready "$case" && guest_save "$case" && guest_restore "$case" &&
        partner_start "$case" && go_on
}

result=0
for case in $cases; do
    guest_config "$case" nt hvm 'vcpus = 2' 'memory = 96' "ramdisk = '/run/drivers'" \
        "cmdline = 'tests=$case'"
    guest_start "$case" && partner_start "$case" || exit 1
    # A case that hangs is shown where it does.
    (sleep $((60 * slow)) && xenctx -a "$(guest_domid "$case")" 2>&1 | head -n 40 &&
        xl destroy "$case") &
    guard=$!
    meanwhile || echo "dom0's part of $case failed"
    guest_wait "$case"
    kill $guard 2>/dev/null
    guest_log "$case"
    guest_verdict "$case" || {
        tail -n 10 /run/partner.log
        result=1
    }
    xl destroy "$case" 2>/dev/null
done
exit $result
