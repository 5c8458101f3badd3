#!/bin/sh
# What showing a guest's windows costs. See bench/README.md.
set -eu

cd "$(dirname "$0")/../.."
tools/build.sh >&2
build/linux/bench/gui/gui_change
