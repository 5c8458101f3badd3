#!/bin/sh
# Services of a guest against calls that do nothing: see bench.py. [paste] [copy] [menu] [icon] [doctor]
set -eu

cd "$(dirname "$0")/../.."
top=$(pwd)
casement=$top/build/linux/linux/dom0/casement
export CASEMENT_HOME="$top/build/bench-services" CASEMENT_RUNTIME="/tmp/casement-bench-services-$$"
mkdir -p "$CASEMENT_HOME"
prefix=$(tests/wine/prefix.sh)
[ -e "$CASEMENT_HOME/template" ] || ln -s "$prefix" "$CASEMENT_HOME/template"
trap '"$casement" down >/dev/null 2>&1; rm -rf "$CASEMENT_RUNTIME"' EXIT
"$casement" up win >/dev/null
python3 bench/services/bench.py build "${SERVICES_RUNS:-7}" "$@"
