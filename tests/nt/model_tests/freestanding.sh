#!/bin/sh
# Proves that the model needs nothing of the host but host.h: the next host is a bare-metal guest.
#   freestanding.sh libnt-model-plain.a
set -eu

LC_ALL=C
export LC_ALL
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nm "$1" | awk '$1 == "U" { print $2 }' | sort -u >"$work/needs"
nm "$1" | awk 'NF == 3 && $2 != "U" { print $3 }' | sort -u >"$work/has"
foreign=$(comm -23 "$work/needs" "$work/has" |
    grep -v -x -E 'host_[a-z_]+|__(start|stop)_nt_[a-z]+|_GLOBAL_OFFSET_TABLE_|(mem|str)[a-z]+' || true)
[ -z "$foreign" ] || {
    echo "The model calls functions that a bare host does not have:"
    echo "$foreign"
    exit 1
}
