#!/bin/sh
# Proves that every rule of the model has a bad driver that breaks it (NT_TEST_BREAKS).
#   rules.sh TEST-PROGRAM SOURCE-FOLDER
set -eu

LC_ALL=C
export LC_ALL
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$1" --rules 2>&1 | awk '{ print $1 }' | sort >"$work/all"
uniq -d "$work/all" >"$work/twice"
find "$2" -name '*_test.c' -exec cat {} + | tr '\n' ' ' |
    grep -o -E 'NT_TEST_BREAKS\([a-z0-9_]+, *[a-z0-9_]+' | sed 's/.*, *//' | sort -u >"$work/broken"
# What a bad driver cannot provoke: the bench's own limits.
printf '%s\n' bench_unsupported >>"$work/broken"
sort -u -o "$work/broken" "$work/broken"
uniq "$work/all" | comm -23 - "$work/broken" >"$work/untested"
comm -13 "$work/all" "$work/broken" >"$work/unknown"
status=0
for kind in twice untested unknown; do
    [ -s "$work/$kind" ] || continue
    case $kind in
    twice) echo "Rules with the same name:" ;;
    untested) echo "Rules that no test breaks:" ;;
    unknown) echo "Tests expect rules that do not exist:" ;;
    esac
    sed 's/^/    /' "$work/$kind"
    status=1
done
exit $status
