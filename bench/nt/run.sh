#!/bin/sh
# Counts the driver's instructions per operation and prints ratios; see count.py.
cd "$(dirname "$0")/../.."
exec bench/nt/count.py build/linux/bench/nt/nt_operations
