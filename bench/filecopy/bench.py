# SPDX-License-Identifier: BSD-2-Clause
"""Measures file copy; run.sh starts it with a guest "win" up.

filecopy_big     one file of 256 MiB through casement copy against the bare qrexec stream of as many
                 bytes, into the guest and out of it; the worse one counts. Throughput.
filecopy_small   10,000 files of 1 KiB through casement copy into the guest, against a loop of
                 CopyFile over the same tree in the guest. Time.
filecopy_growth  what a file costs around the 10,000th of a copy against around the 1,000th of the
                 same copy: the time between the arrivals of 1,000 files each, as their change times
                 on the guest's disk have it.

The trees have 100 files in a folder: Wine looks through a whole folder for each new name in it, so
that one folder of 10,000 files measures Wine, whoever writes it. Runs are interleaved; each ratio is
taken within a round and the median of the rounds counts, because the machine has other things to do.
"""
import os
import shutil
import statistics
import subprocess
import sys
import time

BUILD, HOME, RUNS = os.path.abspath(sys.argv[1]), os.environ["CASEMENT_HOME"], int(sys.argv[2])
CASEMENT = os.path.join(BUILD, "linux/linux/dom0/casement")
DRIVE = os.path.join(HOME, "guests/win/drive_c")
BIN = "C:\\Program Files\\Casement\\bin"
BIG = 256 << 20


def run(*command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
    done = subprocess.run(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr.decode()}")


def in_guest(command, **streams):
    run(CASEMENT, "run", "win", "--", command, **streams)


def make_tree(path, count):
    if os.path.isdir(path):
        return
    for number in range(count):
        folder = f"{path}.new/folder{number // 100:03}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/file{number:05}.dat", "wb") as out:
            out.write(os.urandom(1024))
    os.rename(f"{path}.new", path)


def incoming():
    """Where copies from dom0 have landed in the guest."""
    return [path for path, _, _ in os.walk(os.path.join(DRIVE, "users"))
            if path.endswith("QubesIncoming/dom0")]


def clean():
    for path in incoming() + [os.path.join(DRIVE, "copy"), os.path.join(HOME, "QubesIncoming")]:
        shutil.rmtree(path, ignore_errors=True)


def copy_in(name):
    run(CASEMENT, "copy", os.path.join(DRIVE, name), "win:")


def copy_out(name):
    in_guest(f'"{BIN}\\qrexec-client-vm.exe" dom0 qubes.Filecopy '
             f'"{BIN}\\filecopy-sender.exe" --quiet C:\\{name}')


def copy_loop(name):
    in_guest(f"C:\\copyloop.exe C:\\{name} C:\\copy")


def stream_in():
    with open(os.path.join(DRIVE, "big"), "rb") as big:
        in_guest("C:\\stream.exe sink", stdin=big)


def stream_out():
    in_guest(f'"{BIN}\\qrexec-client-vm.exe" dom0 test.Echo C:\\stream.exe source {BIG}')


def make_sink():
    """A service of dom0 that reads to the end, so that a stream goes the way of a copy. It takes the
    place of test.Echo, which the policy allows."""
    service = os.path.join(HOME, "qubes-rpc/test.Echo")
    os.makedirs(os.path.dirname(service), exist_ok=True)
    with open(service, "w", encoding="utf-8") as out:
        out.write("#!/bin/sh\nexec cat >/dev/null\n")
    os.chmod(service, 0o755)


def arrivals():
    """When each file of the last copy into the guest was whole there, in seconds, sorted."""
    return sorted(os.stat(os.path.join(path, name)).st_ctime_ns / 1e9
                  for root in incoming() for path, _, files in os.walk(root) for name in files)


class Growth:
    """Copies a tree in and keeps, of each copy, the cost of late files against early ones."""

    def __init__(self):
        self.ratios = []

    def copy_in(self, name):
        copy_in(name)
        at = arrivals()
        if len(at) != 10000:
            sys.exit("not all files have arrived")
        self.ratios.append((at[9999] - at[8999]) / (at[1499] - at[499]))


def measure(rounds, **actions):
    """The seconds of each action, all of them in turn in each round."""
    seconds = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            clean()
            started = time.monotonic()
            action()
            seconds[name].append(time.monotonic() - started)
    return seconds


def median_of(function, *lists):
    """function of what one round measured; the median of all rounds."""
    return statistics.median(map(function, *lists))


def ratio(name, value):
    print(f"{name}: ours/reference = {value:.2f}", flush=True)


def big():
    t = measure(3 * RUNS, stream_in=stream_in, copy_in=lambda: copy_in("big"),
                stream_out=stream_out, copy_out=lambda: copy_out("big"))
    for name, seconds in t.items():
        middle = statistics.median(seconds)
        print(f"  256 MiB, {name:10} {middle:7.3f} s {256 / middle:8.1f} MiB/s")
    into = median_of(lambda stream, copy: stream / copy, t["stream_in"], t["copy_in"])
    out = median_of(lambda stream, copy: stream / copy, t["stream_out"], t["copy_out"])
    print(f"  into the guest {into:.2f}, out of it {out:.2f} of the stream")
    ratio("filecopy_big", min(into, out))


def small():
    growth = Growth()
    t = measure(RUNS, copy_10000=lambda: growth.copy_in("tree10000"),
                loop=lambda: copy_loop("tree10000"), out_10000=lambda: copy_out("tree10000"))
    measure(2 * RUNS, copy_10000=lambda: growth.copy_in("tree10000"))
    for name, seconds in t.items():
        print(f"  1 KiB files, {name:10} {statistics.median(seconds):7.3f} s")
    ratio("filecopy_small", median_of(lambda copy, loop: copy / loop, t["copy_10000"], t["loop"]))
    print("  late files against early ones, each copy:",
          " ".join(f"{value:.2f}" for value in sorted(growth.ratios)))
    ratio("filecopy_growth", statistics.median(growth.ratios))


def main():
    make_tree(os.path.join(DRIVE, "tree10000"), 10000)
    with open(os.path.join(DRIVE, "big"), "wb") as out:
        for _ in range(BIG >> 20):
            out.write(os.urandom(1 << 20))
    for name in ("copyloop.exe", "stream.exe"):
        shutil.copy(os.path.join(BUILD, "windows/bench/filecopy", name), DRIVE)
    make_sink()
    for part in sys.argv[3:] or ["big", "small"]:
        {"big": big, "small": small}[part]()
    clean()


main()
