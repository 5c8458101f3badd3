#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes the seed corpus of the qrexec fuzz targets beside itself (seeds/<target>/)."""
import pathlib
import struct

here = pathlib.Path(__file__).parent / "seeds"


def message(kind, body=b""):
    return struct.pack("<II", kind, len(body)) + body


def hello(version=3):
    return message(0x300, struct.pack("<I", version))


ident = b"SOCKET7".ljust(32, b"\0")
params = struct.pack("<II", 0, 513)
trigger3 = message(0x212, b"@dispvm".ljust(64, b"\0") + ident + b"qubes.Filecopy+x\0")
seeds = {
    "control": {
        "to-agent": b"\x02\x07" + hello() + message(0x200, params + b"user:nogui:cmd /c dir\0")
        + message(0x201, params + b"DEFAULT:QUBESRPC qubes.VMShell+a dom0 name win\0")
        + message(0x202, params + ident) + message(0x203, ident),
        "to-daemon": b"\x03\x40" + hello() + trigger3 + message(0x211, params),
        "to-daemon-2": b"\x01\xff" + hello(2)
        + message(0x210, b"qubes.A".ljust(64, b"\0") + b"vm".ljust(32, b"\0") + ident),
        "to-daemon-4": b"\x05\xff" + hello(4)
        + message(0x213, b"a".ljust(64, b"\0") + b"b".ljust(64, b"\0") + ident + b"s\0"),
    },
    "data": {
        "to-service": b"\x00\x05" + hello() + message(0x190, b"input") + message(0x190),
        "to-caller": b"\x01\x40" + hello() + message(0x191, b"out") + message(0x192, b"err")
        + message(0x192) + message(0x191) + message(0x193, struct.pack("<i", 7)),
        "version-2": b"\x00\xff" + hello(2) + message(0x190, b"x" * 100),
    },
    "local": {
        "call": hello() + trigger3 + hello() + message(0x190, b"input") + message(0x190),
        "refused": hello() + trigger3,
    },
    "text": {
        "config": b"# c\nwait-for-session = true\nforce-user='SYSTEM'\nexit-on-client-eof=0\n",
        "vmexec": b"cmd.exe+-2Fc+echo-20a--b+-C5-BC",
        "name": b"nul.txt",
    },
}
for target, files in seeds.items():
    (here / target).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (here / target / name).write_bytes(content)
