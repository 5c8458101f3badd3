# SPDX-License-Identifier: BSD-2-Clause
"""Streams of a file copy for tests of whole programs, and what a receiver answers.

Also the comparison of trees. Nothing here shares code with Casement: the wire format is written
down a second time, from its specification.
"""
import os
import stat
import struct
import subprocess
import zlib

EEXIST, EINVAL, ENAMETOOLONG, ENOLINK, EILSEQ, EREMOTEIO = 17, 22, 36, 67, 84, 121
ATIME, MTIME = (1500000000, 123456700), (1400000000, 765432100)


def header(namelen, mode, filelen, atime=ATIME, mtime=MTIME):
    return struct.pack("<IIQIIII", namelen, mode, filelen, *atime, *mtime)


def entry(name, mode, data=b"", **times):
    raw = name.encode() if isinstance(name, str) else name
    return header(len(raw) + 1, mode, len(data), **times) + raw + b"\0" + data


def file(name, data=b"data", mode=0o644, **times):
    return entry(name, stat.S_IFREG | mode, data, **times)


def directory(name, mode=0o755, **times):
    return entry(name, stat.S_IFDIR | mode, **times)


def link(name, target):
    return entry(name, stat.S_IFLNK | 0o777, target.encode())


END = bytes(32)


def sample():
    """Every kind of entry that all receivers take; returns (stream, offsets of the headers)."""
    parts = [file("first", b"hello"), directory("dir"), file("dir/empty", b""),
             directory("dir/in"), file("dir/in/na\u00efve.txt", b"two\r\nlines\n"),
             directory("dir/in"), directory("dir"), END]
    offsets = [sum(map(len, parts[:i])) for i in range(len(parts))]
    return b"".join(parts), offsets


class Result:
    """What a receiver answered: error, whether the sum is right, last name; and its exit."""

    def __init__(self, stream, done):
        self.exit, self.stderr = done.returncode, done.stderr.decode(errors="replace")
        answer = done.stdout
        assert len(answer) >= 20, f"no result: {answer!r}, stderr {self.stderr}"
        self.error, padding, crc, length = struct.unpack("<IIQI", answer[:20])
        assert padding == 0 and len(answer) == 20 + length
        self.last = answer[20:]
        self.crc_good = crc == zlib.crc32(stream)


PATIENCE_S = 240  # for what must come to its end: 4 GiB on a busy machine take a minute


def receive(command, stream, env=None, timeout=PATIENCE_S):
    done = subprocess.run(command, input=stream, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=env, timeout=timeout, check=False)
    return Result(stream, done)


def tree(folder, times=True, modes=True):
    """Names, types, contents, and on request times and modes of everything below folder."""
    found = {}
    for base, directories, files in os.walk(os.fsencode(folder)):
        for name in directories + files:
            path = os.path.join(base, name)
            status = os.lstat(path)
            item = [stat.S_IFMT(status.st_mode)]
            if stat.S_ISLNK(status.st_mode):
                item.append(os.readlink(path))
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as content:
                    item.append(content.read())
            if times and not stat.S_ISLNK(status.st_mode):
                item.append(status.st_mtime_ns // 100)
            if modes and not stat.S_ISLNK(status.st_mode):
                item.append(stat.S_IMODE(status.st_mode))
            found[os.path.relpath(path, os.fsencode(folder))] = item
    return found


def is_part_of_sample(found):
    """Whether a tree holds only complete files of the sample."""
    whole = {b"first": b"hello", b"dir/empty": b"",
             "dir/in/na\u00efve.txt".encode(): b"two\r\nlines\n"}
    return all(not stat.S_ISREG(item[0]) or whole.get(name) == item[1]
               for name, item in found.items())
