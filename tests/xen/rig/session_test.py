#!/usr/bin/env python3
"""What session.py makes of what a machine says: verdicts, logs, the one announced retry, and that no
test is passed without having said so. A script stands in for QEMU; it plays boot N by the file bootN."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SESSION = os.path.join(os.path.dirname(os.path.abspath(__file__)), "session.py")
MACHINE = """#!/bin/sh
boots=$(cat boots 2>/dev/null || echo 0)
echo $((boots + 1)) >boots
for word; do case $word in *,*initrd) cp "${word##*,}" initrd$boots ;; esac; done
cat boot$boots
"""
# Two machines, told apart by the test "first": each speaks when the other one is on too.
PAIR = """#!/bin/sh
for word; do case $word in *,*initrd) initrd=${word##*,} ;; esac; done
if grep -aq first "$initrd"; then : <on; cat boot0; else : >on; cat boot1; fi
"""
READY = "(XEN) noise\n@@ ready 1.0 @@\n"


def test(name, code, *lines):
    return "".join(f"{line}\n" for line in (f"@@ begin {name} @@", *lines, f"@@ end {name} {code} 1 2 @@"))


class Session(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        os.chdir(self.folder.name)
        os.mkdir("rig")
        os.mkdir("logs")
        for name in ("rig/root.cpio", "payload"):
            open(name, "w").close()
        self.make_machine(MACHINE)

    def tearDown(self):
        os.chdir("/")
        self.folder.cleanup()

    def make_machine(self, script):
        with open("qemu-system-x86_64", "w") as machine:
            machine.write(script)
        os.chmod("qemu-system-x86_64", 0o755)

    def run_session(self, tests, *boots, machines=1):
        for number, text in enumerate(boots):
            with open(f"boot{number}", "w") as boot:
                boot.write(text)
        result = subprocess.run(
            [sys.executable, SESSION, "run", str(machines), "rig", "payload", "logs", *tests], text=True,
            stdout=subprocess.PIPE, env={**os.environ, "PATH": f".:{os.environ['PATH']}"})
        self.verdict = result.stdout.splitlines()[-1]
        self.output = result.stdout
        return result.returncode

    def booted(self):
        return int(pathlib.Path("boots").read_text())

    def test_each_test_has_its_verdict_and_log(self):
        code = self.run_session(["good", "bad"], READY + test("good", 0, "fine")
                                + test("bad", 3, "broken") + "@@ done 9 @@\n")
        self.assertEqual((code, self.verdict), (1, "1 passed, 1 failed"))
        self.assertEqual(pathlib.Path("logs/good.log").read_text(), "fine\n")
        self.assertIn("    | broken", self.output)
        self.assertNotIn("RETRY", self.output)

    def test_all_passed_is_exit_code_0(self):
        self.assertEqual(self.run_session(["good"], READY + test("good", 0) + "@@ done 9 @@\n"), 0)
        self.assertEqual(self.verdict, "1 passed, 0 failed")

    def test_a_boot_that_ends_early_is_repeated_once_and_aloud(self):
        code = self.run_session(["good"], "(XEN) noise\n", READY + test("good", 0) + "@@ done 9 @@\n")
        self.assertEqual((code, self.verdict), (0, "1 passed, 0 failed"))
        self.assertEqual(self.output.count("RETRY"), 1)

    def test_there_is_no_second_retry(self):
        code = self.run_session(["a", "b"], "", "", READY + test("a", 0) + test("b", 0) + "@@ done 9 @@\n")
        self.assertEqual((code, self.verdict, self.booted()), (1, "0 passed, 2 failed", 2))

    def test_a_retry_runs_only_what_has_no_verdict(self):
        code = self.run_session(["one-a", "two-b", "three-c"],
                                READY + test("one-a", 1) + "@@ begin two-b @@\nhalf\n",
                                READY + test("two-b", 0) + test("three-c", 0) + "@@ done 9 @@\n")
        self.assertEqual((code, self.verdict), (1, "2 passed, 1 failed"))
        plan = pathlib.Path("initrd1").read_text(errors="replace")
        self.assertNotIn("one-a", plan)
        self.assertIn("three-c\ntwo-b\n", plan) # what may end the machine again comes last

    def test_a_crash_fails_the_test_that_ran_and_the_others_go_on(self):
        code = self.run_session(["killer", "good"],
                                READY + "@@ begin killer @@\n(XEN) Panic on CPU 0:\n",
                                READY + test("good", 0) + "@@ done 9 @@\n")
        self.assertEqual((code, self.verdict), (1, "1 passed, 1 failed"))
        self.assertIn("crashed", self.output)

    def test_a_test_that_was_never_started_has_failed(self):
        code = self.run_session(["good", "lost"], READY + test("good", 0) + "@@ done 9 @@\n")
        self.assertEqual((code, self.verdict), (1, "1 passed, 1 failed"))

    def test_the_power_is_cut_in_a_boot_of_its_own_and_the_disk_is_looked_at(self):
        lines = ["flushed up to record 767"]
        code = self.run_session(["power-cut", "good"], READY + test("good", 0) + "@@ done 9 @@\n",
                                READY + "@@ begin power-cut @@\n" + lines[0] + "\n(XEN) (d1) @@ cut @@\n")
        self.assertEqual((code, self.verdict, self.booted()), (1, "1 passed, 1 failed", 2))
        self.assertIn("768 of them lost", self.output) # the disk is an empty one

    def test_two_machines_share_the_tests_and_run_at_the_same_time(self):
        self.make_machine(PAIR)
        os.mkfifo("on")
        code = self.run_session(["first", "second", "third"],
                                READY + test("first", 0) + test("third", 0) + "@@ done 9 @@\n",
                                READY + test("second", 1) + "@@ done 9 @@\n", machines=2)
        self.assertEqual((code, self.verdict), (1, "2 passed, 1 failed"))

    def test_a_machine_that_ends_before_its_cut_is_booted_once_more(self):
        code = self.run_session(["power-cut"], READY + "@@ begin power-cut @@\n",
                                READY + test("power-cut", 1) + "@@ done 9 @@\n")
        self.assertEqual((code, self.verdict, self.booted()), (1, "0 passed, 1 failed", 2))


if __name__ == "__main__":
    unittest.main()
