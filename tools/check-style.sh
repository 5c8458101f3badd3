#!/bin/sh
# Every C file has the project's layout and names its licence; no path of a machine is committed.
set -eu

cd "$(dirname "$0")/.."
status=0
files=$(git ls-files '*.c' '*.h')
for file in $files; do
    head -n 1 "$file" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || {
        echo "$file: the first line does not name the licence"
        status=1
    }
done
# shellcheck disable=SC2086
[ -z "$files" ] || clang-format --dry-run -Werror $files || status=1
if git grep -n -I -E '(^|[^A-Za-z0-9_}"./-])/(root|home|work)/[a-z]' -- ':!tools/check-style.sh'; then
    echo "the lines above name a path of one machine"
    status=1
fi
exit $status
