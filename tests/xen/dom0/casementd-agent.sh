# limit_s=240
# casementd in dom0 against an agent in a Linux guest (tests/simxen/dom0/agent_test.c): a call of a
# dom0 service, calls that the policy refuses, a session cut at every byte, an agent that does not
# read; casementd ends by itself at the end. Three cases of the same program, with hundreds of
# processes or sessions, are left to simxen: they take a minute each here.
export AGENT_TEST_SKIP=every_byte_flipped_ends_only_itself,ports_of_abandoned_calls_come_back
AGENT_TEST_SKIP=$AGENT_TEST_SKIP,more_calls_than_descriptors_at_first
export SIMXEN_DIR=/run SIMXEN_TOOL=/rig/simxen RIG_GUEST=win LD_LIBRARY_PATH=/rig/cmocka
linux_start win || exit 1
sh /rig/simxen-tests/dom0/run.sh /rig/simxen /rig/bin/casementd /rig/bin/dom0_agent_test
code=$?
[ $code = 0 ] || guest_log win
guest_destroy win
exit $code
