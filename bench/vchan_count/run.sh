#!/bin/sh
# Counts core/vchan's instructions per message; see bench/count.py.
cd "$(dirname "$0")/../.."
exec bench/count.py bench/vchan_count build/linux/bench/vchan_count/vchan_operations
