# A Linux guest boots, and dom0 runs programs in it with streams, environment and exit code.
linux_start linux || exit 1
[ "$(linux_exec linux xenstore-read domid)" = "$(guest_domid linux)" ] || exit 1
answer=$(echo hello | WORD=world linux_exec linux sh -c 'cat; echo $WORD; exit 7')
[ "$answer, $?" = "hello
world, 7" ] || exit 1
head -c 300000 /dev/urandom >/run/sent
linux_exec linux cat </run/sent | cmp /run/sent - || exit 1
guest_destroy linux
