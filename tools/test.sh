#!/bin/sh
# Runs every test: builds, then each carrier in turn (docs/architecture.md), and adds up.
#   tools/test.sh              all of it
#   tools/test.sh style unit   only the parts named: style unit fuzz tsan nt simxen wine xen build
# The logs of each part stay in build/*/meson-logs/testlog.txt.
set -u

cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8 # Wine's file names are in the locale's character set
top=$(pwd)
parts=${*:-style unit fuzz tsan nt simxen wine xen build}
passed=0
failed=0
failures=""

# A fixed address layout: the sanitizers of clang 14 cannot map their shadow on every kernel's.
fixed_layout=""
setarch -R true 2>/dev/null && fixed_layout="setarch -R"

wanted() {
    case " $parts " in *" $1 "*) ;; *) return 1 ;; esac
}

verdict() { # name exit-code
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        failures="$failures
    $1"
    fi
}

sanitized() { # build folder, sanitizers, more options
    folder=$1
    sanitizers=$2
    shift 2
    [ -e "$folder/build.ninja" ] || CC=clang meson setup "$folder" "-Db_sanitize=$sanitizers" \
        -Db_lundef=false "-Ddebian_xen=$top/build/debian-xen" "$@" >/dev/null
}

run_suites() { # build folder, meson's arguments
    folder=$1
    shift
    echo
    echo "== $folder: $*"
    rm -f "$folder/meson-logs/testlog.json"
    ninja -C "$folder" --quiet build.ninja >/dev/null
    # shellcheck disable=SC2086
    $fixed_layout meson test -C "$folder" --print-errorlogs --num-processes 2 "$@" 2>&1 |
        grep -v -e '^ninja:' -e '^Full log' -e '^$' -e '^\[' -e '^Ok:' -e '^Expected Fail:' \
            -e '^Unexpected Pass:' -e '^Skipped:' -e '^Fail:' -e '^Timeout:'
    counts=$(python3 tools/count-tests.py "$folder/meson-logs/testlog.json") || counts="0 1
    $folder: the tests could not be built or run"
    numbers=$(echo "$counts" | head -n 1)
    passed=$((passed + ${numbers% *}))
    failed=$((failed + ${numbers#* }))
    failures="$failures$(echo "$counts" | tail -n +2 | sed '1s/^/\
/')"
}

tools/build.sh || {
    printf '\nFailed:\n    the build\n\n0 passed, 1 failed\n'
    exit 1
}

echo "Counterparts in these tests:"
sed -n -e 's/_amd64.deb$//' -e 's/_/ /p' build/debian-xen/versions | sed 's/^/    Debian /'
echo "    $(/usr/lib/wine/wine64 --version)"

if wanted style; then
    tools/check-style.sh
    verdict "style (tools/check-style.sh)" $?
fi
if wanted unit || wanted fuzz; then
    sanitized build/asan address,undefined -Dfuzz=true
fi
wanted unit && run_suites build/asan --suite unit
wanted fuzz && run_suites build/asan --suite fuzz
if wanted tsan; then
    sanitized build/tsan thread
    run_suites build/tsan --suite tsan
fi
wanted nt && run_suites build/linux --suite nt
wanted simxen && run_suites build/linux --suite simxen
if wanted wine; then
    tests/wine/prefix.sh >/dev/null # no test need wait for it
    run_suites build/windows
    run_suites build/linux --suite wine
fi
if wanted xen; then
    echo
    echo "== real Xen in QEMU (tests/xen)"
    tests/xen/run.sh | tee build/xen.log
    numbers=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' build/xen.log)
    : "${numbers:=0 1}"
    passed=$((passed + ${numbers% *}))
    failed=$((failed + ${numbers#* }))
    failures="$failures$(sed -n 's/^FAILED  /\
    xen /p' build/xen.log)"
fi
if wanted build; then
    tests/reproducible.sh
    verdict "two builds in two folders are identical (tests/reproducible.sh)" $?
fi

[ -z "$failures" ] || printf '\nFailed:%s\n' "$failures"
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
