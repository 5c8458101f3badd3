#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Instructions of our own code per operation, counted by callgrind.

    count.py FOLDER PROGRAM            prints the table and the ratios
    count.py FOLDER PROGRAM --check    fails when an operation grew by more than 10 % over FOLDER's
                                       `recorded`, or a ratio is over its limit
    count.py FOLDER PROGRAM --record   writes `recorded`

FOLDER's `cases` says what is measured: "case NAME FEWER MORE" (operations in two runs of PROGRAM
NAME --count=N) and "ratio NAME CASE REFERENCE LIMIT". Only functions of windows/kernel and core are
counted; neither a model of NT, nor Xen's stand-in, nor memcpy is. An operation's cost is the
difference between a run with more and a run with fewer of them, so that set-up does not count.
"""

import os
import re
import subprocess
import sys
import tempfile

GROWTH_LIMIT = 1.10
OURS = re.compile(r"(^|/)(windows/kernel|core)/")


def read_cases(folder):
    """What is measured: {case: (fewer, more)}, {ratio: (case, reference, limit)}."""
    cases, ratios = {}, {}
    with open(os.path.join(folder, "cases"), encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if words and words[0] == "case":
                cases[words[1]] = (int(words[2]), int(words[3]))
            elif words and words[0] == "ratio":
                ratios[words[1]] = (words[2], words[3], float(words[4]))
    return cases, ratios


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


def measure(program, cases):
    costs = {}
    for case, (fewer, more) in cases.items():
        costs[case] = (run(program, case, more) - run(program, case, fewer)) / (more - fewer)
    return costs


def recorded(folder):
    with open(os.path.join(folder, "recorded"), encoding="utf-8") as lines:
        return {name: float(value) for name, value in
                (line.split() for line in lines if not line.startswith("#"))}


def record(folder, costs):
    with open(os.path.join(folder, "recorded"), "w", encoding="utf-8") as out:
        out.write("# Instructions of our code per operation: count.py --record\n")
        for case, cost in costs.items():
            out.write(f"{case} {cost:.1f}\n")


def main():
    folder, program = sys.argv[1:3]
    mode = sys.argv[3] if len(sys.argv) > 3 else ""
    cases, ratios = read_cases(folder)
    costs = measure(program, cases)
    failed = False

    if mode == "--record":
        record(folder, costs)
    before = recorded(folder)
    print(f"{'instructions of our code for':32} {'now':>9} {'recorded':>9}")
    for case, cost in costs.items():
        print(f"{case:32} {cost:9.1f} {before[case]:9.1f}")
        if cost > before[case] * GROWTH_LIMIT:
            print(f"    {case} grew by more than 10 %: find out why, or count.py --record")
            failed = True
    for name, (case, reference, limit) in ratios.items():
        ratio = costs[case] / costs[reference]
        print(f"{name}: ours/reference = {ratio:.2f}")
        if ratio > limit:
            print(f"    {name} is over its limit, {limit}")
            failed = True
    sys.exit(1 if failed and mode == "--check" else 0)


main()
