# SPDX-License-Identifier: BSD-2-Clause
"""Proves filecopy-receiver.exe and filecopy-sender.exe under Wine, against streams that share no code
with them and against the Linux programs: what arrives, under which names and times; that a cut at any
byte, a flipped header byte, a failing system call or a kill leaves nothing partial; and that a tree
of odd names comes back from Linux to Windows to Linux bit by bit.

Arguments: folder of the Linux programs, build folder of the Windows programs.
"""
import concurrent.futures
import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(TOP, "tests/unit/filecopy"))
import changing  # noqa: E402
import streams  # noqa: E402

LINUX, WINDOWS = map(os.path.abspath, sys.argv[1:3])
SEND = os.path.join(LINUX, "casement-filecopy-send")
RECEIVE = os.path.join(LINUX, "casement-filecopy-receive")
RECEIVER = os.path.join(WINDOWS, "windows/rpc/filecopy/filecopy-receiver.exe")
SENDER = os.path.join(WINDOWS, "windows/rpc/filecopy/filecopy-sender.exe")
FAILING = os.path.join(WINDOWS, "tests/wine/filecopy")
WINE = os.environ.get("CASEMENT_WINE") or shutil.which("wine64") or "/usr/lib/wine/wine64"
ENV = dict(os.environ, WINEDEBUG="-all", LC_ALL="C.UTF-8")
ENV.pop("DISPLAY", None)
ERROR_DISK_FULL = 112


def windows_path(path):
    return "Z:" + path.replace("/", "\\")


def setUpModule():
    """One program stays for the whole run, so that Wine's server does. The first program in a prefix
    starts Windows' services, which inherit its output: it is one whose output nobody waits for."""
    ENV["WINEPREFIX"] = subprocess.run(
        [os.path.join(TOP, "tests/wine/prefix.sh"), "--shared"], check=True, text=True,
        stdout=subprocess.PIPE).stdout.strip()
    subprocess.run([WINE, RECEIVER, "--into", "Z:\\nowhere\\here"], env=ENV, check=False,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    global keeper
    keeper = subprocess.Popen([WINE, RECEIVER, "--into", "Z:\\nowhere\\here"], env=ENV,
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)


def tearDownModule():
    keeper.stdin.close()
    keeper.wait()


def sample():
    """A short stream, because every byte of it costs a process or two."""
    parts = [streams.file("a", b"12"), streams.directory("d"), streams.file("d/b", b"3"),
             streams.directory("d"), streams.END]
    offsets = [sum(map(len, parts[:i])) for i in range(len(parts))]
    return b"".join(parts), offsets, {b"a": b"12", b"d/b": b"3"}


class Case(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="filecopy-")
        self.addCleanup(holder.cleanup)
        self.top = holder.name
        self.into = os.path.join(self.top, "into")
        self.source = os.path.join(self.top, "source")
        os.mkdir(self.source)

    def receive(self, stream, into=None, env=None, program=RECEIVER):
        command = [WINE, program, "--into", windows_path(into or self.into)]
        return streams.receive(command, stream, dict(ENV, **(env or {})))

    def assert_only_whole_files(self, folder, whole):
        for name, item in streams.tree(folder).items():
            if stat.S_ISREG(item[0]):
                self.assertEqual(item[1], whole.get(name), name)

    def connect(self, sender, receiver):
        """Runs two commands against each other; returns (exit, stderr) of the sender."""
        to_receiver, to_sender = os.pipe(), os.pipe()
        receiving = subprocess.Popen(receiver, stdin=to_receiver[0], stdout=to_sender[1],
                                     stderr=subprocess.DEVNULL, env=ENV)
        sending = subprocess.Popen(sender, stdin=to_sender[0], stdout=to_receiver[1],
                                   stderr=subprocess.PIPE, env=ENV)
        for descriptor in (*to_receiver, *to_sender):
            os.close(descriptor)
        text = sending.stderr.read().decode()
        sending.stderr.close()
        receiving.wait()
        return sending.wait(), text


class Receiver(Case):
    def test_a_good_stream_arrives_with_times_and_attributes(self):
        stream = (streams.directory("dir") + streams.file("dir/ro", b"r", mode=0o444) +
                  streams.file("dir/rw", b"w" * 300000) + streams.directory("dir") + streams.END)
        result = self.receive(stream)
        self.assertEqual((result.error, result.exit, result.crc_good), (0, 0, True))
        self.assertEqual(result.last, b"dir")
        when = streams.MTIME[0] * 10**7 + streams.MTIME[1] // 100
        found = streams.tree(self.into, modes=False)
        self.assertEqual(found, {b"dir": [stat.S_IFDIR, when],
                                 b"dir/ro": [stat.S_IFREG, b"r", when],
                                 b"dir/rw": [stat.S_IFREG, b"w" * 300000, when]})
        self.assertFalse(os.stat(os.path.join(self.into, "dir/ro")).st_mode & 0o222)
        self.assertTrue(os.stat(os.path.join(self.into, "dir/rw")).st_mode & 0o200)

    def test_a_cut_at_every_byte_leaves_nothing_partial(self):
        """qwt-today.md 1.6 item 22: the receiver took the end of input for the end of the copy."""
        stream, _, whole = sample()

        def cut(size):
            into = os.path.join(self.top, str(size))
            result = self.receive(stream[:size], into)
            self.assertEqual((result.error, result.exit), (streams.EREMOTEIO,) * 2)
            self.assert_only_whole_files(into, whole)

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(cut, range(len(stream))))

    def test_a_flipped_header_byte_is_an_error_or_a_wrong_sum(self):
        stream, offsets, _ = sample()

        def flip(place):
            offset, i = place
            bad = bytearray(stream)
            bad[offset + i] ^= 1 << (i % 8)
            into = os.path.join(self.top, f"{offset}-{i}")
            command = [WINE, RECEIVER, "--into", windows_path(into)]
            done = subprocess.run(command, input=bytes(bad), env=ENV, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False)
            result = streams.Result(stream, done)
            self.assertTrue(result.error != 0 or not result.crc_good)
            self.assertEqual(result.exit, result.error)

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(flip, ((o, i) for o in offsets for i in range(32))))

    def test_names_windows_forbids_are_escaped(self):
        """qubes-issues #5819: a name with ":" became an alternate data stream."""
        stored = {"a:b": "a%3Ab", "a:$DATA": "a%3A$DATA", "con": "%63on", "NUL.txt": "%4EUL.txt",
                  "com\u00b9": "%63om\u00b9", "end.": "end%2E", "end ": "end%20",
                  "back\\slash": "back%5Cslash", "<>|?*\"": "%3C%3E%7C%3F%2A%22",
                  "50%3A": "50%253A", "a%20b": "a%20b", "100%": "100%", "...": "..%2E"}
        stream = b"".join(streams.file(name, name.encode()) for name in stored) + streams.END
        self.assertEqual(self.receive(stream).error, 0)
        found = {name.decode(): item[1].decode() for name, item in streams.tree(self.into).items()}
        self.assertEqual(found, {there: name for name, there in stored.items()})

    def test_names_that_differ_in_case_stay_apart(self):
        names = ["README", "readme", "Dir", "dir", "\u00c9", "\u00e9"]
        stream = b"".join([streams.file(names[0], b"1"), streams.file(names[1], b"2"),
                           streams.directory(names[2]), streams.file("Dir/x", b"3"),
                           streams.directory(names[2]), streams.directory(names[3]),
                           streams.file("dir/x", b"4"), streams.directory(names[3]),
                           streams.file(names[4], b"5"), streams.file(names[5], b"6"),
                           streams.END])
        self.assertEqual(self.receive(stream).error, 0)
        found = {name.decode(): item[1] for name, item in streams.tree(self.into).items()
                 if stat.S_ISREG(item[0])}
        self.assertEqual(found, {"README": b"1", "%72eadme": b"2", "Dir/x": b"3",
                                 "%64ir/x": b"4", "\u00c9": b"5", "%C3%A9": b"6"})

    def test_nothing_is_overwritten(self):
        os.mkdir(self.into)
        path = os.path.join(self.into, "Name")
        with open(path, "wb") as out:
            out.write(b"old")
        for name, size in (("Name", 3), ("name", 3), ("NAME", 300000)):
            result = self.receive(streams.file(name, b"n" * size) + streams.END)
            self.assertEqual((result.error, result.last), (errno.EEXIST, name.encode()))
        self.assertEqual(self.receive(streams.directory("name") + streams.END).error, errno.EEXIST)
        with open(path, "rb") as content:
            self.assertEqual(content.read(), b"old")
        self.assertEqual(os.listdir(self.into), ["Name"])

    def test_bad_entries_get_their_numbers(self):
        cases = [(streams.link("d/l", "t"), errno.EINVAL),
                 (streams.entry("x", stat.S_IFIFO | 0o644), errno.EINVAL),
                 (streams.file("../x"), errno.EILSEQ), (streams.file("/x"), errno.EILSEQ),
                 (streams.file("a//x"), errno.EILSEQ), (streams.file(b"\xff"), errno.EILSEQ),
                 (streams.file("a\u202ex"), errno.EILSEQ),
                 (streams.file("missing/x"), errno.ENOENT),
                 (streams.file("n" * 256), errno.ENAMETOOLONG),
                 (streams.header(20000, 0o100644, 0), errno.ENAMETOOLONG),
                 (streams.header(2, 0o100644, 1 << 62) + b"x\0", errno.ENOSPC)]
        for stream, error in cases:
            result = self.receive(stream + streams.END)
            self.assertEqual((result.error, result.exit), (error, error), stream[:60])
        self.assertEqual(os.listdir(self.into), [])
        self.assertEqual(sorted(os.listdir(self.top)), ["into", "source"])

    def test_all_names_may_be_allowed(self):
        stream = streams.file("a\u202ex\n") + streams.END
        result = self.receive(stream, env={"QREXEC_SERVICE_ARGUMENT": "allow-all-names"})
        self.assertEqual(result.error, 0)
        self.assertEqual(os.listdir(self.into), ["a\u202ex%0A"])

    def test_paths_beyond_260_characters_arrive(self):
        names = ["/".join(["n" * 100] * depth) for depth in range(1, 13)]
        stream = b"".join(map(streams.directory, names))
        stream += streams.file(names[-1] + "/small", b"s") + \
            streams.file(names[-1] + "/large", b"l" * 300000)
        stream += b"".join(map(streams.directory, reversed(names))) + streams.END
        result = self.receive(stream)
        self.assertEqual((result.error, result.crc_good), (0, True))
        with open(os.path.join(self.into, names[-1], "large"), "rb") as content:
            self.assertEqual(content.read(), b"l" * 300000)

    def test_the_default_folder_is_in_documents(self):
        for source, folder in (("work", "work"), ("com1", "%63om1")):
            result = streams.receive([WINE, RECEIVER], streams.file("x") + streams.END,
                                     dict(ENV, QREXEC_REMOTE_DOMAIN=source))
            documents = [os.path.join(base, folder) for base, _, _ in
                         os.walk(os.path.join(ENV["WINEPREFIX"], "drive_c/users"))
                         if base.endswith("/QubesIncoming")]
            here = [path for path in documents if os.path.isdir(path)]
            for path in here:
                shutil.rmtree(path)
            self.assertEqual((result.error, len(here)), (0, 1), result.stderr)
        for source in ("..", "a\\b", ""):
            result = streams.receive([WINE, RECEIVER], streams.file("x") + streams.END,
                                     dict(ENV, QREXEC_REMOTE_DOMAIN=source))
            self.assertEqual(result.error, errno.EINVAL)

    def test_a_service_call_cannot_choose_the_folder(self):
        result = self.receive(streams.file("x") + streams.END,
                              env={"QREXEC_SERVICE_FULL_NAME": "qubes.Filecopy+--into"})
        self.assertEqual(result.error, errno.EINVAL)
        self.assertFalse(os.path.exists(self.into))

    def test_a_kill_in_the_middle_leaves_nothing(self):
        child = subprocess.Popen([WINE, RECEIVER, "--into", windows_path(self.into)], env=ENV,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        child.stdin.write(streams.file("small") + streams.file("big", bytes(4 << 20))[:-1])
        child.stdin.flush()
        # All but a pipe's content was taken: the large file is being written.
        self.assertEqual(len(os.listdir(self.into)), 2)
        child.kill()
        child.wait()
        child.stdout.close()
        try:
            child.stdin.close()
        except BrokenPipeError:
            pass
        # The server sees the end of a process before it sees the next one's beginning. That one
        # has another folder, because it would clean this one.
        self.assertEqual(self.receive(streams.END, self.into + "2").error, 0)
        self.assertEqual(os.listdir(self.into), ["small"])

    def test_a_part_of_an_earlier_copy_is_removed(self):
        os.mkdir(self.into)
        with open(os.path.join(self.into, "~casement-1-1.part"), "wb"):
            pass
        self.assertEqual(self.receive(streams.END).error, 0)
        self.assertEqual(os.listdir(self.into), [])

    def test_a_failure_at_every_system_call(self):
        stream = (streams.file("f", bytes(1 << 19)) + streams.directory("d") +
                  streams.file("d/g", b"data", mode=0o444) + streams.directory("d") + streams.END)
        whole = {b"f": bytes(1 << 19), b"d/g": b"data"}
        recorded = os.path.join(self.top, "stream")
        with open(recorded, "wb") as out:
            out.write(stream)
        struck = set()
        for at in range(1, 1000):
            into = os.path.join(self.top, f"into{at}")
            report = os.path.join(self.top, f"report{at}")
            env = dict(ENV, FAULT_AT=str(at), FAULT_CODE=str(ERROR_DISK_FULL),
                       FAULT_REPORT=windows_path(report))
            with open(recorded, "rb") as source:  # a pipe may take any number of reads
                done = subprocess.run([WINE, os.path.join(FAILING, "failing-receiver.exe"),
                                       "--into", windows_path(into)], stdin=source, env=env,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            if os.path.exists(into):
                self.assert_only_whole_files(into, whole)
            if not os.path.exists(report):
                self.assertEqual(done.returncode, 0)
                break
            with open(report, encoding="utf-8") as text:
                call = text.read()
            struck.add(call)
            # GetDiskFreeSpaceEx and GetFileAttributes only spare work: they may fail.
            if done.stdout and call not in ("GetDiskFreeSpaceExW", "GetFileAttributesW"):
                self.assertEqual(streams.Result(stream, done).error, errno.ENOSPC, call)
        else:
            self.fail("it never passed")
        self.assertLessEqual({"CreateFileW", "CreateDirectoryW", "SetFileInformationByHandle",
                              "ReadFile", "WriteFile"}, struck)


class Sender(changing.ChangingFile, Case):
    def send(self, *arguments, receiver=None):
        return self.connect([WINE, SENDER, *arguments],
                            receiver or [RECEIVE, "--into", self.into])

    def write(self, name, data=b"data"):
        path = os.path.join(self.source, name)
        with open(path, "wb") as out:
            out.write(data)
        return path

    def test_a_tree_arrives_with_times_and_attributes(self):
        os.makedirs(os.path.join(self.source, "d/e"))
        for size in (0, 1, 65536, (1 << 20) + 1, 5 << 20):
            self.write(f"d/f{size}", os.urandom(size))
        os.chmod(self.write("ro"), 0o444)
        os.utime(os.path.join(self.source, "d/f1"), ns=(10**18, 10**18 + 100))
        os.utime(os.path.join(self.source, "d"), ns=(10**18, 10**18 + 500))
        code, text = self.send(windows_path(self.source) + "\\")
        self.assertEqual(code, 0, text)
        self.assertRegex(text, r"\d+ files, 6\.0 MiB, [0-9.]+ [KMG]iB/s")
        there = os.path.join(self.into, "source")
        self.assertEqual(streams.tree(self.source, modes=False), streams.tree(there, modes=False))
        self.assertEqual(streams.tree(there)[b"ro"][-1], 0o444)
        self.assertEqual(streams.tree(there)[b"d/f1"][-1], 0o644)

    def test_odd_names_go_to_windows_and_come_back_bit_by_bit(self):
        names = ["a:b", "con", "aux.c", "nul.tar.gz", "lpt\u00b2", "x.", "y ", "...", "a\\b", "<>\"|?*",
                 "%41", "50%3A", "a%20b", "100%", "README", "readme", "ReadMe", "na\u00efve",
                 "\u65e5\u672c", "\U0001f600", "\u00c9", "\u00e9", "n" * 200]
        for folder in ("", "prn", "PRN", "d:e"):
            os.makedirs(os.path.join(self.source, folder), exist_ok=True)
            for number, name in enumerate(names):
                path = self.write(os.path.join(folder, name), os.urandom(number * 37))
                os.utime(path, ns=(10**18, 10**18 + number * 100))
        os.utime(os.path.join(self.source, "prn"), ns=(10**18, 10**18 + 700))
        middle = os.path.join(self.top, "middle")
        code, text = self.connect([SEND, self.source],
                                  [WINE, RECEIVER, "--into", windows_path(middle)])
        self.assertEqual(code, 0, text)
        stored = [name for _, folders, files in os.walk(middle) for name in folders + files]
        for name in stored:
            self.assertNotRegex(name, r'[<>:"|?*\\]')
        code, text = self.send(windows_path(os.path.join(middle, "source")))
        self.assertEqual(code, 0, text)
        self.assertEqual(streams.tree(self.source, modes=False),
                         streams.tree(os.path.join(self.into, "source"), modes=False))

    def test_the_receiver_refuses_in_the_middle(self):
        os.makedirs(self.into)
        open(os.path.join(self.into, "BIG"), "w").close()
        with open(os.path.join(self.source, "big"), "wb") as out:
            out.truncate(1 << 34)  # sending it all would take minutes
        code, text = self.connect([SEND, os.path.join(self.source, "big")],
                                  [WINE, RECEIVER, "--into", windows_path(self.into)])
        self.assertEqual(code, errno.EEXIST)
        self.assertIn("last name big", text)

    def test_windows_to_windows(self):
        self.write("x", os.urandom(1 << 20))
        code, text = self.send(windows_path(self.source),
                               receiver=[WINE, RECEIVER, "--into", windows_path(self.into)])
        self.assertEqual(code, 0, text)
        self.assertEqual(streams.tree(self.source, modes=False),
                         streams.tree(os.path.join(self.into, "source"), modes=False))

    def test_paths_beyond_260_characters_are_sent(self):
        folder = os.path.join(self.source, *["n" * 100] * 12)
        os.makedirs(folder)
        with open(os.path.join(folder, "file"), "w", encoding="utf-8") as out:
            out.write("far")
        self.assertEqual(self.send(windows_path(self.source))[0], 0)
        self.assertEqual(streams.tree(self.source, modes=False),
                         streams.tree(os.path.join(self.into, "source"), modes=False))

    def test_an_early_refusal_ends_the_sending(self):
        os.makedirs(self.into)
        open(os.path.join(self.into, "big"), "w").close()
        with open(os.path.join(self.source, "big"), "wb") as out:
            out.truncate(1 << 40)
        code, text = self.send(windows_path(os.path.join(self.source, "big")))
        self.assertEqual(code, errno.EEXIST)
        self.assertIn("big", text)

    def test_a_refusal_is_heard_while_the_stream_is_not_read(self):
        with open(os.path.join(self.source, "big"), "wb") as out:
            out.truncate(1 << 30)
        to_receiver, to_sender = os.pipe(), os.pipe()
        sending = subprocess.Popen([WINE, SENDER, windows_path(self.source)], env=ENV,
                                   stdin=to_sender[0], stdout=to_receiver[1],
                                   stderr=subprocess.DEVNULL)
        os.write(to_sender[1], streams.struct.pack("<IIQI", errno.ENOSPC, 0, 0, 1) + b"x")
        self.assertEqual(sending.wait(60), errno.ENOSPC)  # nobody has read its stream
        for descriptor in (*to_receiver, *to_sender):
            os.close(descriptor)

    def test_success_needs_a_result_with_the_right_sum(self):
        path = windows_path(self.write("x"))
        swallow = "import sys; sys.stdin.buffer.read(32 + 2 + 4 + 32)"
        self.assertEqual(self.send(path, receiver=[sys.executable, "-c", swallow])[0],
                         streams.EREMOTEIO)
        wrong = swallow + "; sys.stdout.buffer.write(bytes(16))"
        self.assertEqual(self.send(path, receiver=[sys.executable, "-c", wrong])[0],
                         errno.EBADMSG)

    def test_what_cannot_be_sent_is_named(self):
        code, text = self.send(windows_path(os.path.join(self.source, "missing")))
        self.assertEqual(code, errno.ENOENT)
        self.assertIn("missing", text)
        self.assertEqual(self.send("Z:\\")[0], errno.EINVAL)
        self.assertEqual(self.send("--unknown", "x")[0], errno.EINVAL)

    def sender(self, path):
        return [WINE, SENDER, "--quiet", windows_path(path)], ENV

    def test_a_failure_at_every_system_call(self):
        self.write("f", bytes(1 << 21))
        os.mkdir(os.path.join(self.source, "d"))
        self.write("d/g")
        for at in range(1, 1000):
            report = os.path.join(self.top, f"report{at}")
            env = dict(ENV, FAULT_AT=str(at), FAULT_CODE="1117",  # ERROR_IO_DEVICE
                       FAULT_REPORT=windows_path(report))
            done = subprocess.run([WINE, os.path.join(FAILING, "failing-sender.exe"), "--quiet",
                                   windows_path(self.source)], stdin=subprocess.DEVNULL, env=env,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            if not os.path.exists(report):
                self.assertGreater(at, 10)
                self.assertEqual(done.returncode, streams.EREMOTEIO, done.stderr)  # no answer
                return
            self.assertIn(done.returncode, (errno.EIO, streams.EREMOTEIO))
            into = os.path.join(self.top, f"into{at}")
            complete = streams.receive([RECEIVE, "--into", into], done.stdout).error == 0
            self.assertEqual(complete, done.returncode == streams.EREMOTEIO)
        self.fail("it never passed")


if __name__ == "__main__":
    unittest.main(warnings="ignore", argv=sys.argv[:1] + sys.argv[3:])
