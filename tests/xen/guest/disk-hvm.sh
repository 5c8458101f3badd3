# limit_s=240
# The same as an HVM guest, with a device model that is saved too.
machine=hvm
. /rig/tests/disk.sh
