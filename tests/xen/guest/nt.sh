# limit_s=240
# The shipped xenbus.sys and xeniface.sys on real Xen (tests/xen/guest/nt_tests.c): each case is a
# life of an HVM guest, behind hvmloader, with the platform device.
cases=${only:-nt_xenbus_starts nt_xeniface_store nt_restart nt_surprise_removal nt_vchan}
(cd /rig/drivers && ls *.sys | cpio -o -H newc) >/run/drivers 2>/dev/null
result=0
for case in $cases; do
    guest_config "$case" nt hvm 'vcpus = 2' 'memory = 128' "ramdisk = '/run/drivers'" \
        "cmdline = 'tests=$case'"
    guest_start "$case" || exit 1
    # A case that hangs is shown where it does.
    (sleep ${limit_of_case_s:=35} && xenctx -a "$(guest_domid "$case")" 2>&1 | head -n 40; xenctx "$(guest_domid "$case")" 1 | head -n 5 && xl destroy "$case") &
    guard=$!
    /rig/bin/guest_partner "$(guest_domid "$case")" >/run/partner.log 2>&1 &
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
