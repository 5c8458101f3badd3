#!/usr/bin/env python3
"""Prints `passed failed` of one meson test log (JSON lines), then one indented line a failure."""
import json
import sys

passed, failures = 0, []
with open(sys.argv[1]) as log:
    for line in log:
        test = json.loads(line)
        if test["result"] in ("OK", "EXPECTEDFAIL"):
            passed += 1
        elif test["result"] != "SKIP":
            failures.append(f"    {test['name']}: {test['result']}")
        else:
            # A test that cannot run is not a test that passed.
            failures.append(f"    {test['name']}: skipped")
print(passed, len(failures))
print("\n".join(failures), end="\n" if failures else "")
