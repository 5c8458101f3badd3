#!/usr/bin/env python3
"""Boots the rig and carries what is said between it and us.

  session.py run N RIG PAYLOAD LOGS TEST...   runs the tests on N machines side by side, prints a
                                              verdict for each: all of a machine's in one boot, but
                                              those of ../cut in one each
  session.py count RIG PAYLOAD LOGS TEST...   the same on one machine whose clock counts instructions:
                                              8 ns each, whatever this computer does meanwhile
  session.py shell RIG PAYLOAD LOGS           gives dom0's prompt; Ctrl-A x ends it

RIG is the folder that build.sh printed, PAYLOAD a cpio archive laid over dom0's root, LOGS a folder
for machine1/console.log and so on (all that a machine said, each line with its second) and TEST.log.

A machine in software emulation on a busy computer can stall. So a boot has a time limit, and one
that said nothing for STALL_S seconds, or ended before its time, is repeated once, aloud: only for
the tests that have no verdict yet. A test that was running when Xen or dom0 crashed has failed.

A test of ../cut has a disk of its own, a file, in its boot. At its mark "cut" QEMU is killed, and
the program ../cut/TEST.py LOG DISK says whether what is left on the disk is right.
"""
import os
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
import tty

BOOT_S = 120  # from power-on to dom0's "ready"
DISK_BYTES = 8 << 20
TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
CUTS = os.path.join(TESTS, "cut")
LIMIT_S = 60  # of a test that names none; rig/dom0/run-tests keeps to it
STALL_S = 60  # between two lines; dom0 says "alive" every 10
MARK = re.compile(rb"@@ (\w+) ([^@]*)@@")
CRASH = re.compile(rb"Panic on CPU|Kernel panic|Oops:|BUG: ")

ACCELERATION = "tcg,thread=multi,tb-size=512"
COUNTING = "tcg,thread=single,tb-size=512 -icount shift=3,sleep=off"
# Plain qemu64: with "max" or "EPYC" Linux crashes as a PV dom0. One virtual CPU: two are slower here.
MACHINE = """-M q35 -cpu qemu64,+svm,+npt -smp 1 -m 2048
    -nodefaults -display none -no-reboot -serial stdio""".split()
XEN = """console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=all dom0_mem=768M,max:768M
    dom0_max_vcpus=1 spec-ctrl=no ucode=scan=no watchdog=0 noreboot"""
# Without self-tests of ciphers and tracing: they take software emulation four seconds. With 4 MiB for
# DMA by a virtio disk, not 64: half a second.
LINUX = """console=hvc0 rdinit=/init panic=5 quiet loglevel=4 mitigations=off tsc=unstable
    net.ifnames=0 swiotlb=2048 apparmor=0 audit=0 rodata=off cryptomgr.notests=1 initcall_blacklist=""" + ",".join(
    ["crypto_kdf108_init", "init_encrypted", "init_kprobe_trace", "load_system_certificate_list"])


def machine(rig, initrd, disk=None, counts=False):
    """QEMU's command line. In -initrd a comma separates Xen's modules."""
    linux = " ".join(LINUX.split())
    drive = ["-drive", f"if=virtio,format=raw,file={disk}"] if disk else []
    acceleration = (COUNTING if counts else ACCELERATION).split()
    return ["qemu-system-x86_64", *MACHINE, "-accel", *acceleration, *drive, "-kernel", f"{rig}/xen",
            "-append", " ".join(XEN.split()),
            "-initrd", ",".join(module.replace(",", ",,")
                                for module in (f"{rig}/vmlinux {linux}", initrd))]


def say(text):
    """In one piece: the other machine speaks too."""
    os.write(1, text.encode())


class Late(Exception):
    """The machine was silent for too long."""


class Ended(Exception):
    """QEMU has ended."""


class Boot:
    """One power-on: QEMU's process, and the lines that its serial port says."""

    def __init__(self, rig, initrd, console, errors, disk, counts):
        self.start = time.monotonic()
        self.console = console
        self.rest = b""
        self.process = subprocess.Popen(machine(rig, initrd, disk, counts), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=errors, bufsize=0)

    def lines(self, limit_s):
        """The lines that came, perhaps none whole. Late: nothing did in limit_s. Ended: none will."""
        if not select.select([self.process.stdout], [], [], limit_s)[0]:
            raise Late
        data = self.process.stdout.read(65536)
        if not data:
            raise Ended
        *lines, self.rest = (self.rest + data.replace(b"\r", b"")).split(b"\n")
        now = b"[%7.2f] " % (time.monotonic() - self.start)
        for line in lines:
            self.console.write(now + line + b"\n")
        self.console.flush()
        return lines

    def end(self):
        """Returns the CPU seconds that it took."""
        os.kill(self.process.pid, signal.SIGKILL)  # Popen.kill() may collect it without its usage
        usage = os.wait4(self.process.pid, 0)[2]
        self.process.returncode = -signal.SIGKILL
        self.console.write(self.rest + b"\n")
        return usage.ru_utime + usage.ru_stime


class Run:
    """One machine's tests, and the verdicts that they have got so far."""

    def __init__(self, logs, counts):
        self.waiting = []
        self.counts = counts
        self.passed = 0
        self.logs = logs
        self.running = None
        self.log = None

    def begin(self, test):
        self.running = test
        self.log = open(f"{self.logs}/{test.replace('/', '-')}.log", "wb")

    def end(self, good, remark):
        test, self.running = self.running, None
        self.waiting.remove(test)
        self.log.close()
        verdict = f"{'passed' if good else 'FAILED'}  {test:<40} {remark}\n"
        if good:
            self.passed += 1
        else:
            with open(self.log.name, "rb") as log:
                verdict += "".join(f"    | {line}\n" for line in
                                   log.read().decode(errors="replace").splitlines()[-60:])
            verdict += f"    the whole log: {self.log.name}\n"
        say(verdict)

    def cut(self, disk):
        """The power is off: the verdict on the test that asked for it."""
        self.log.flush()
        check = subprocess.run([f"{CUTS}/{self.running}.py", self.log.name, disk],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.log.write(check.stdout)
        self.end(check.returncode == 0, check.stdout.decode(errors="replace").partition("\n")[0])

    def running_last(self):
        """Before a retry: the test that ran may end the machine again, then the others have run."""
        if self.running:
            self.waiting.remove(self.running)
            self.waiting.append(self.running)
            self.running = None

    def mark(self, word, values):
        if word == "begin":
            self.begin(values[0])
        elif word == "end" and self.running:
            code, start, stop = values[1:]
            self.end(code == "0", f"{float(stop) - float(start):5.1f} s"
                     + ("" if code == "0" else f", exit code {code}"))

    def boot(self, boot):
        """Follows one boot. Returns None when it said "done" or "cut", or why that did not come."""
        ready = False
        while True:
            limit_s = STALL_S if ready else max(0, boot.start + BOOT_S - time.monotonic())
            try:
                lines = boot.lines(limit_s)
            except Late:
                return f"nothing came for {STALL_S} s" if ready else f"dom0 was not ready in {BOOT_S} s"
            except Ended:
                return "the machine ended before its time"
            for line in lines:
                mark = MARK.search(line)
                if mark:
                    word, values = mark[1].decode(), mark[2].decode().split()
                    if word == "ready":
                        ready = True
                        say(f"dom0 was ready after {time.monotonic() - boot.start:.1f} s\n")
                    if word == "done" or (word == "cut" and self.running in cuts()):
                        return None
                    self.mark(word, values)
                elif self.running:
                    self.log.write(line + b"\n")
                    self.log.flush()
                if CRASH.search(line) and self.running:
                    self.end(False, "the machine crashed: " + line.decode(errors="replace"))


def last_line(path):
    with open(path, errors="replace") as file:
        return (file.read().splitlines() or ["none"])[-1]


def write_initrd(path, rig, payload, plan):
    """Linux takes several archives in one file, each laid over the one before."""
    with open(path, "wb") as initrd:
        for part in (f"{rig}/root.cpio", payload):
            with open(part, "rb") as source:
                initrd.write(source.read())
        if plan:
            initrd.write(subprocess.run(
                ["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], check=True,
                cwd=plan, input=b"rig\nrig/plan\n", stdout=subprocess.PIPE).stdout)


def cuts():
    """The tests that end the machine."""
    return [name[:-3] for name in sorted(os.listdir(CUTS)) if name.endswith(".py")]


def run_in_one_boot(state, tests, parts, disk=None):
    """Boots the rig for these tests, and once more for those without a verdict."""
    rig, payload, own = parts
    initrd, plan = f"{own}/initrd", f"{own}/plan"
    state.waiting = list(tests)
    os.makedirs(f"{plan}/rig", exist_ok=True)
    with open(f"{own}/console.log", "ab") as console, open(f"{own}/qemu.err", "ab") as errors:
        for attempt in (1, 2):
            with open(f"{plan}/rig/plan", "w") as file:
                file.write("\n".join(state.waiting) + "\n")
            write_initrd(initrd, rig, payload, plan)
            if disk:
                with open(disk, "wb") as file:
                    file.truncate(DISK_BYTES)
            boot = Boot(rig, initrd, console, errors, disk, state.counts)
            try:
                why = state.boot(boot)
            finally:
                cpu_s = boot.end()
            if why is None and disk and state.running:
                state.cut(disk)
            if why is None or not state.waiting:
                break
            if attempt == 1:
                state.running_last()
                say(f"RETRY: {why}; booting once more for: {' '.join(state.waiting)}\n"
                    f"    QEMU's own words: {last_line(errors.name)}\n")
    os.unlink(initrd)
    for test in list(state.waiting):
        if state.running != test:
            state.begin(test)
        state.end(False, f"no verdict: {why or 'it was never started'}")
    say(f"{time.monotonic() - boot.start:.0f} s, {cpu_s:.0f} CPU seconds; console: {console.name}\n")


def run_on_one_machine(state, tests, parts):
    together = [test for test in tests if test not in cuts()]
    if together:
        run_in_one_boot(state, together, parts)
    for test in tests:
        if test not in together:
            run_in_one_boot(state, [test], parts, f"{parts[2]}/{test}.disk")


def limit_s(test):
    """What the test's script allows itself, by which we guess how long it takes."""
    for folder in ("dom0", "guest", "cut"):
        script = f"{TESTS}/{folder}/{test.partition('.')[0]}.sh"
        if os.path.exists(script):
            with open(script) as file:
                named = re.match(r"# limit_s=(\d+)", file.readline())
            return int(named[1]) if named else LIMIT_S
    return LIMIT_S


def share(tests, machines):
    """The longest first, each to the machine that has least to do."""
    shares = [[] for _ in range(machines)]
    for test in sorted(tests, key=limit_s, reverse=True):
        min(shares, key=lambda tests: sum(map(limit_s, tests))).append(test)
    return [tests for tests in shares if tests]


def run(machines, rig, payload, logs, *tests, counts=False):
    states, threads = [], []
    for number, part in enumerate(share(tests, int(machines)), 1):
        own = f"{logs}/machine{number}"
        os.makedirs(own)
        states.append(Run(logs, counts))
        threads.append(threading.Thread(target=run_on_one_machine,
                                        args=(states[-1], part, (rig, payload, own))))
        threads[-1].start()
    for thread in threads:
        thread.join()
    passed = sum(state.passed for state in states)
    say(f"{passed} passed, {len(tests) - passed} failed\n")
    return 0 if passed == len(tests) else 1


def shell(rig, payload, logs):
    """The terminal is dom0's console, Xen's own after Ctrl-A three times in a row."""
    write_initrd(f"{logs}/initrd", rig, payload, None)
    os.unlink(payload)
    errors = open(f"{logs}/qemu.err", "wb")
    console = open(f"{logs}/console.log", "wb", buffering=0)
    process = subprocess.Popen(machine(rig, f"{logs}/initrd"), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=errors, bufsize=0)
    sources = [process.stdout, sys.stdin.buffer.raw]
    old = termios.tcgetattr(0) if sys.stdin.isatty() else None
    if old:
        tty.setraw(0)
    try:
        typed, last = b"", b""
        while process.poll() is None:
            # The serial port holds 16 bytes: what is typed goes there in small pieces.
            if typed:
                process.stdin.write(typed[:8])
                typed = typed[8:]
            for source in select.select(sources, [], [], 0.01 if typed else None)[0]:
                data = source.read(4096)
                if source is process.stdout:
                    console.write(data.replace(b"\r", b""))
                    os.write(1, data)
                elif not data:
                    sources.remove(source)
                elif last == b"\x01" and data == b"x":
                    process.kill()
                else:
                    typed, last = typed + data, data
    finally:
        if old:
            termios.tcsetattr(0, termios.TCSADRAIN, old)
        process.kill()
        process.wait()
        os.unlink(f"{logs}/initrd")
    return 0


if __name__ == "__main__":
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "run":
        sys.exit(run(*arguments))
    if command == "count":
        sys.exit(run(1, *arguments, counts=True))
    sys.exit(shell(*arguments))
