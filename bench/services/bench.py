# SPDX-License-Identifier: BSD-2-Clause
"""Measures services of a guest; run.sh starts it with a guest "win" up.

services_copy     the clipboard's 256,000 bytes to dom0 (qubes.ClipboardCopy)
services_paste    as many from dom0 into it (qubes.ClipboardPaste)
services_menu     a Start menu of 1,000 entries (qubes.GetAppmenus)
services_icon     an icon of 128 x 128 of one of these 1,000 (qubes.GetImageRGBA)
doctor_ms         not a ratio: milliseconds that casement-doctor.exe says it looked, with that menu

Each of the first four is compared with three calls of a service that does nothing (test.Echo with no input) and the
data, which takes half of what the same bytes take to test.Echo and back. Runs are interleaved; each
ratio is taken within a round, and the median of the rounds counts.
"""
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

BUILD, HOME, RUNS = os.path.abspath(sys.argv[1]), os.environ["CASEMENT_HOME"], int(sys.argv[2])
CASEMENT = os.path.join(BUILD, "linux/linux/dom0/casement")
DRIVE = os.path.join(HOME, "guests/win/drive_c")
PICTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/wine/dom0/pictures.py")
ENTRIES = 1000
DOCTOR = "C:\\Program Files\\Casement\\bin\\casement-doctor.exe"
TEXT = bytes(32 + i % 95 for i in range(256000))
PROGRAMS = "ProgramData/Microsoft/Windows/Start Menu/Programs"


def call(service, data=b""):
    """What it answers, and the milliseconds."""
    began = time.perf_counter()
    done = subprocess.run([CASEMENT, "call", "win", service], input=data, capture_output=True, check=False)
    took = (time.perf_counter() - began) * 1000
    if done.returncode != 0:
        sys.exit(f"{service}: exit code {done.returncode}\n{done.stderr.decode()}")
    return done.stdout, took


def prepare():
    for path in ("tests/wine/dom0/echo.exe", "bench/services/make-menu.exe"):
        shutil.copy(os.path.join(BUILD, "windows", path), DRIVE)
    shutil.copy(os.path.join(DRIVE, "echo.exe"), os.path.join(DRIVE, "Program Files/Casement/qubes-rpc/test.Echo.exe"))
    with open(os.path.join(DRIVE, "icon.ico"), "wb") as out:
        subprocess.run([sys.executable, PICTURES, "alpha"], stdout=out, check=True)
    os.makedirs(os.path.join(DRIVE, PROGRAMS), exist_ok=True)
    subprocess.run([CASEMENT, "run", "win", "--", "C:\\make-menu.exe", "C:\\" + PROGRAMS.replace("/", "\\"),
                    str(ENTRIES), "C:\\icon.ico"], check=True)


def compare(name, service, question, before=lambda: None):
    """question(round): stdin of that round's call. before: what is done before it, untimed."""
    ratios, ours, empties = [], [], []
    for number in range(RUNS + 1):
        before()
        answer, took = call(service, question(number))
        data = max(answer, question(number), key=len)
        if service == "qubes.ClipboardCopy" and answer != TEXT:
            sys.exit(f"the clipboard has {len(answer)} bytes")
        empty = (call("test.Echo")[1] + call("test.Echo")[1]) / 2
        reference = 3 * empty + max(0, call("test.Echo", data)[1] - empty) / 2
        if number == 0:
            continue  # the first warms what both use
        ratios.append(took / reference)
        ours.append(took)
        empties.append(empty)
    print(f"{service}: {len(data)} bytes, {statistics.median(ours):.0f} ms; a call that does nothing "
          f"{statistics.median(empties):.0f} ms")
    return f"{name}: ours/reference = {statistics.median(ratios):.2f}"


def doctor():
    """What is wrong does not matter here; that it looked at everything does."""
    took = []
    for _ in range(RUNS + 1):
        done = subprocess.run([CASEMENT, "run", "win", "--", f'"{DOCTOR}"'], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        said = re.search(r"\(looked for (\d+) ms\)", done.stdout)
        if not said:
            sys.exit(f"casement-doctor.exe: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        took.append(int(said[1]))
    return f"doctor_ms: ours/reference = {statistics.median(took[1:]):.2f}"


def main():
    prepare()
    menu = call("qubes.GetAppmenus")[0].decode()
    ids = [line.split(".desktop:")[0] for line in menu.splitlines() if ":Name=Program " in line]
    if len(ids) != ENTRIES:
        sys.exit(f"the menu has {len(ids)} of the {ENTRIES} entries")
    cases = {
        "paste": ("services_paste", "qubes.ClipboardPaste", lambda number: TEXT),
        "copy": ("services_copy", "qubes.ClipboardCopy", lambda number: b"",
                 lambda: call("qubes.ClipboardPaste", TEXT)),
        "menu": ("services_menu", "qubes.GetAppmenus", lambda number: b""),
        "icon": ("services_icon", "qubes.GetImageRGBA",
                 lambda number: f"xdgicon:{ids[number * 97 % len(ids)]}\n".encode()),
    }
    names = sys.argv[3:] or [*cases, "doctor"]
    ratios = [doctor() if name == "doctor" else compare(*cases[name]) for name in names]
    print("\n".join(ratios))


main()
