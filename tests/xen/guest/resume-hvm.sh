# limit_s=180
# core/ across xl save and xl restore as an HVM guest, with a device model that is saved too.
machine=hvm
. /rig/tests/resume.sh
