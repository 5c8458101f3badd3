#!/usr/bin/env python3
"""power-cut.py LOG DISK: after the cut. Every record up to the last that the guest said to be flushed
is on the disk, whole. To show that the cut took something: of the rounds that were written and not
flushed, of which the guest has said that they are done, none is there whole."""
import re
import struct
import sys

RECORD_BYTES, ROUND_RECORDS, FLUSHED_ROUNDS, CUT_ROUND = 4096, 32, 24, 28  # as in power_cut.c


def record(number):
    return struct.pack("<512Q", *((number + 1) << 32 | word for word in range(512)))


log, disk = (open(path, "rb").read() for path in sys.argv[1:])
there = [disk[number * RECORD_BYTES:(number + 1) * RECORD_BYTES] == record(number)
         for number in range((CUT_ROUND + 1) * ROUND_RECORDS)]
flushed = max(map(int, re.findall(rb"flushed up to record (\d+)", log)), default=-1) + 1
lost = [number for number in range(flushed) if not there[number]]
kept = sum(there[flushed:])
print(f"{flushed} records flushed, {len(lost)} of them lost{f' ({lost[0]} first)' if lost else ''};"
      f" {len(there) - flushed} written and not flushed, {kept} of them kept")
if lost or kept or flushed != FLUSHED_ROUNDS * ROUND_RECORDS:
    sys.exit("FAILED: what was flushed shall be there, all of it, and nothing else")
