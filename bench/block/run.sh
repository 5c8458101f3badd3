#!/bin/sh
# Counts core/block's instructions per request and prints disk_depth; see bench/count.py.
cd "$(dirname "$0")/../.."
exec bench/count.py bench/block build/linux/bench/block/block_operations
