#!/bin/sh
# Counts the driver's instructions per operation and prints ratios; see bench/count.py.
cd "$(dirname "$0")/../.."
exec bench/count.py bench/nt build/linux/bench/nt/nt_operations
