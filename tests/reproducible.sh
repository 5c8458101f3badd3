#!/bin/sh
# Two builds of the same sources in two different folders give identical files: what a user runs
# can be rebuilt and compared. Compares every program, library and driver, native and Windows, but
# the NT bench's tests: the sanitizers in them name the folder they were built in.
set -eu

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() { # source folder
    (cd "$1" && meson setup out/windows --cross-file tools/windows.cross >/dev/null &&
        meson setup out/linux "-Ddebian_xen=$xen" >/dev/null &&
        ninja -C out/windows --quiet && compared out/linux | xargs ninja -C out/linux --quiet)
}

# What is made there of programs, but for the NT bench's, which take a third of the time.
compared() { # build folder
    ninja -C "$1" -t targets all | sed -n -E 's/: (c_LINKER|CUSTOM_COMMAND)$//p' |
        grep -v -e '^tests/nt/' -e '^meson-'
}

digests() { # source folder
    (cd "$1/out" && find . -type f \( -name '*.exe' -o -name '*.dll' -o -name '*.sys' -o -name '*.so*' -o -perm -u+x \) \
        ! -path '*.p/*' ! -path '*/meson-*' ! -path './linux/tests/nt/*' -exec sha256sum {} + | sort -k 2)
}

xen=$(realpath build/debian-xen)
mkdir -p "$work/first" "$work/a much longer folder name/second"
for folder in "$work/first" "$work/a much longer folder name/second"; do
    git ls-files -z | tar --null -T - -c | tar -x -C "$folder"
    build "$folder"
done
digests "$work/first" >"$work/digests.1"
digests "$work/a much longer folder name/second" >"$work/digests.2"
[ -s "$work/digests.1" ] || {
    echo "nothing was built"
    exit 1
}
diff "$work/digests.1" "$work/digests.2" && echo "identical: $(wc -l <"$work/digests.1") files"
