# limit_s=180
# casement, casementd, casement-call, casement-rpc and the file copy programs on a real dom0: a
# service of a Linux guest is called, files go into the guest and come out, a service that is not
# there is named with exit code 127, a guest that is not there fails with a message.
export CASEMENT_HOME=/run/casement
casement=/rig/bin/casement
mkdir -p $CASEMENT_HOME
linux_start win || exit 1
mkfifo /run/casementd.log
/rig/bin/casementd win >/dev/null 2>/run/casementd.log &
daemon=$!
# The guest's own service: a file, sent as qubes.Filecopy sends it.
linux_exec win sh -c 'mkdir -p /run/guest/qubes-rpc; cd /run/guest
    printf "#!/bin/sh\nexec /rig/bin/filecopy/casement-filecopy-send /run/guest/from-guest\n" >qubes-rpc/rig.Send
    chmod 755 qubes-rpc/rig.Send; head -c 100000 /dev/urandom >from-guest'
CASEMENT_HOME=/run/guest linux_exec win /rig/bin/rig_agent /rig/bin/casement-rpc &
agent=$!
exec 3</run/casementd.log
while read -r line <&3; do
    echo "casementd: $line"
    case $line in *'agent is ready'*) break ;; esac
done
cat <&3 | sed 's/^/casementd: /' &

result=0
fail() {
    echo "FAILED: $1"
    result=1
}
$casement status || fail "status: $?"
[ "$(echo there and back | $casement call win test.Echo)" = 'there and back' ] || fail test.Echo

mkdir -p "/run/tree/sub folder"
head -c 70000 /dev/urandom >"/run/tree/sub folder/file"
echo small >/run/tree/small
$casement copy /run/tree win: || fail "copy: $?"
sums='find . -type f -exec md5sum {} + | sort'
here=$(cd /run/tree && sh -c "$sums")
there=$(linux_exec win sh -c "cd /run/guest/QubesIncoming/dom0/tree && $sums")
[ -n "$here" ] && [ "$here" = "$there" ] || fail "the copied tree differs: $there"

mkfifo /run/back /run/forth
exec 4<>/run/back # a call whose reader goes ends like a pipe's writer; the receiver goes first
/rig/bin/filecopy/casement-filecopy-receive --into /run/incoming </run/back >/run/forth &
$casement call win rig.Send >/run/back </run/forth || fail "rig.Send: $?"
linux_exec win cat /run/guest/from-guest | cmp - /run/incoming/from-guest || fail from-guest

$casement call win no.Such 2>/run/said
[ $? = 127 ] && grep -q no.Such /run/said || fail "no.Such: $(cat /run/said)"
$casement call nobody test.Echo </dev/null 2>/run/said
[ $? = 125 ] && [ -s /run/said ] || fail "nobody: $(cat /run/said)"
$casement run win -- quit
wait $agent || fail "agent: $?"
kill -TERM $daemon
wait $daemon || fail "casementd: $?"
guest_destroy win
exit $result
