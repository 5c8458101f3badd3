# limit_s=180
# The list of behaviours as an HVM guest: behind hvmloader, with a device model, as Windows.
machine=hvm
. /rig/tests/behaviours.sh
