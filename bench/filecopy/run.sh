#!/bin/sh
# File copy against the qrexec stream and against a loop of CopyFile: see bench.py. [big] [small]
set -eu

cd "$(dirname "$0")/../.."
top=$(pwd)
casement=$top/build/linux/linux/dom0/casement
export CASEMENT_HOME="$top/build/bench-filecopy" CASEMENT_RUNTIME="/tmp/casement-bench-filecopy-$$"
mkdir -p "$CASEMENT_HOME"
prefix=$(tests/wine/prefix.sh)
[ -e "$CASEMENT_HOME/template" ] || ln -s "$prefix" "$CASEMENT_HOME/template"
trap '"$casement" down >/dev/null 2>&1; rm -rf "$CASEMENT_RUNTIME"' EXIT
"$casement" up win >/dev/null
python3 bench/filecopy/bench.py build "${FILECOPY_RUNS:-3}" "$@"
