#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Instructions of the driver's own code per operation, counted by callgrind on the NT bench.

    count.py PROGRAM            prints the table and the ratios
    count.py PROGRAM --check    fails when an operation grew by more than 10 % over `recorded`, or a
                                ratio is over its limit
    count.py PROGRAM --record   writes `recorded`

Only functions of windows/kernel and core are counted; neither the model of NT nor Xen's stand-in is.
An operation's cost is the difference between a run with more and a run with fewer of them, so that
set-up does not count.
"""

import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDED = os.path.join(HERE, "recorded")
GROWTH_LIMIT = 1.10
# case: (fewer, more) operations
CASES = {
    "event": (200, 1200),
    "event_two_level": (200, 1200),
    "event_among_4000": (200, 1200),
    "event_two_level_among_4000": (200, 1200),
    "grant": (256, 2304),
    "grant_among_256": (256, 2304),
    "grant_among_32768": (32768, 65536),
    "store_read": (50, 250),
}
# name: (case, reference, limit)
RATIOS = {
    "event_growth": ("event_among_4000", "event", 1.2),
    "grant_growth": ("grant_among_32768", "grant_among_256", 1.3),
}
OURS = re.compile(r"(^|/)(windows/kernel|core)/")


def driver_cost(path):
    """Sums the self cost of functions that stand in a driver's file."""
    names, total, ours, skip = {}, 0, False, False

    with open(path, encoding="utf-8") as lines:
        for line in lines:
            match = re.match(r"fl=\((\d+)\)(?: (.*))?$", line.rstrip("\n"))
            file_of_other = re.match(r"(?:f[ie]|cfi|cfl)=\((\d+)\) (.*)$", line.rstrip("\n"))
            if file_of_other:
                names[file_of_other.group(1)] = file_of_other.group(2)
            if match:
                if match.group(2):
                    names[match.group(1)] = match.group(2)
                ours = bool(OURS.search(os.path.normpath(names[match.group(1)])))
            elif line.startswith("calls="):
                skip = True  # the next line is what the callee cost
            elif re.match(r"[+*\-\d]", line):
                if ours and not skip:
                    total += int(line.split()[1])
                skip = False
    return total


def run(program, case, count):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--quiet",
                        program, case, f"--count={count}"], check=True)
        return driver_cost(out)


def measure(program):
    costs = {}
    for case, (fewer, more) in CASES.items():
        costs[case] = (run(program, case, more) - run(program, case, fewer)) / (more - fewer)
    return costs


def recorded():
    with open(RECORDED, encoding="utf-8") as lines:
        return {name: float(value) for name, value in
                (line.split() for line in lines if not line.startswith("#"))}


def record(costs):
    with open(RECORDED, "w", encoding="utf-8") as out:
        out.write("# Instructions of driver code per operation: count.py --record\n")
        for case, cost in costs.items():
            out.write(f"{case} {cost:.1f}\n")


def main():
    program, mode = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    costs = measure(program)
    failed = False

    if mode == "--record":
        record(costs)
    before = recorded()
    print(f"{'instructions of driver code for':32} {'now':>9} {'recorded':>9}")
    for case, cost in costs.items():
        print(f"{case:32} {cost:9.1f} {before[case]:9.1f}")
        if cost > before[case] * GROWTH_LIMIT:
            print(f"    {case} grew by more than 10 %: find out why, or count.py --record")
            failed = True
    for name, (case, reference, limit) in RATIOS.items():
        ratio = costs[case] / costs[reference]
        print(f"{name}: ours/reference = {ratio:.2f}")
        if ratio > limit:
            print(f"    {name} is over its limit, {limit}")
            failed = True
    sys.exit(1 if failed and mode == "--check" else 0)


main()
