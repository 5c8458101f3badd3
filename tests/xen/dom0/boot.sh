# dom0 on real Xen works: xl, xenstored and xenconsoled answer, and the hypervisor is Debian's.
xl info | grep -E 'xen_version|xen_caps|total_memory'
xl list
[ "$(xenstore-read domid)" = 0 ]
