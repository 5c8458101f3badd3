# SPDX-License-Identifier: BSD-2-Clause
# For the shell tests, which run inside `simxen host --`. From meson: SIMXEN (the program), DEBIAN
# (Debian's Xen), BUILT (folder of the tests' own programs).
set -eu
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
PATH=$DEBIAN/bin:$PATH

fail() { echo "FAILED: $*" >&2; exit 1; }
equal() { [ "$1" = "$2" ] || fail "got '$1', not '$2'${3:+ ($3)}"; }
refused() { ! "$@" >"$here/refused" 2>&1 || fail "not refused: $*"; }
in_domain() { domain=$1; shift; "$SIMXEN" exec "$domain" -- "$@"; }
versions() { grep -E "$1" "$DEBIAN/versions"; }
