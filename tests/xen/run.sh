#!/bin/sh
# Runs tests on real Xen, and prints a verdict for each (README.md). Two machines share them where
# there are CPUs for two; all of a machine's run in one boot, but those of cut/ in one each.
#   run.sh              every test        run.sh TEST...    these
#   run.sh --list       their names       run.sh --build    builds the project first
#   run.sh --count TEST...    on one machine whose clock counts instructions: for benchmarks
# Logs: build/xen/logs/PID/ while it runs, build/xen/logs/last afterwards.
set -eu

cd "$(dirname "$0")/../.."
here=tests/xen
guest=build/linux/tests/xen/guest

list() {
    for script in $here/dom0/*.sh $here/guest/*.sh $here/cut/*.sh; do
        [ ! -e "$script" ] || basename "$script" .sh
    done
    # A guest without a script needs nobody in dom0; it runs as each kind it was built for.
    for image in "$guest"/*.elf "$guest"/*.bz; do
        name=$(basename "${image%.*}")
        [ ! -e "$image" ] || [ -e "$here/guest/$name.sh" ] || case $image in
            *.elf) echo "$name.pvh" ;;
            *.bz) echo "$name.hvm" ;;
        esac
    done
}

case ${1-} in
    --list) list && exit ;;
    --build) shift && tools/build.sh ;;
esac
how=run
[ "${1-}" != --count ] || { how=count && shift; }
missing=""
for program in qemu-system-x86_64 cpio depmod strip python3; do
    PATH=$PATH:/usr/sbin:/sbin command -v $program >/dev/null || missing="$missing $program"
done
[ -z "$missing" ] || {
    echo "Real Xen needs these programs (tools/install-packages.sh):$missing" >&2
    exit 1
}
PATH=$PATH:/usr/sbin:/sbin
rig=$($here/rig/build.sh)
logs=build/xen/logs/$$
rm -rf "$logs"
mkdir -p "$logs"
$here/rig/payload.sh "$logs/payload"
[ $# -gt 0 ] || set -- $(list)
if [ $how = run ]; then # the emulation of one machine keeps one CPU busy
    [ "$(nproc)" -lt 2 ] && how="run 1" || how="run 2"
fi
status=0
# shellcheck disable=SC2086 # two words
python3 $here/rig/session.py $how "$rig" "$logs/payload" "$logs" "$@" || status=$?
rm -rf "$logs/payload" "$logs"/machine*/plan
# The logs of the last run by name, of some older ones by number.
ln -sfn $$ build/xen/logs/last
ls -1dt build/xen/logs/*[0-9] | tail -n +11 | xargs -r rm -rf
exit $status
