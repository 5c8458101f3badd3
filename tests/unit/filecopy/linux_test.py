# SPDX-License-Identifier: BSD-2-Clause
"""Proves the Linux programs, as programs: what arrives is what was sent, with times and modes; a
stream cut at any byte, a flipped header byte and a failure at every single system call leave no
partial file and give the right number; nothing is overwritten and no link leads out; the sender
copes with files that change, refusals in the middle and receivers that vanish.

Arguments: folder of the programs, folder of the failing ones.
"""
import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import changing  # noqa: E402
import streams  # noqa: E402

PROGRAMS, FAILING = map(os.path.abspath, sys.argv[1:3])
SEND = os.path.join(PROGRAMS, "casement-filecopy-send")
RECEIVE = os.path.join(PROGRAMS, "casement-filecopy-receive")


def read_text(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


class Case(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="filecopy-")
        self.addCleanup(holder.cleanup)
        self.top = holder.name
        self.into = os.path.join(self.top, "into")
        self.source = os.path.join(self.top, "source")
        os.mkdir(self.source)

    def receive(self, stream, *options, into=None, env=None, program=RECEIVE):
        return streams.receive([program, "--into", into or self.into, *options], stream, env)

    def write(self, name, data=b"data"):
        path = os.path.join(self.source, name)
        with open(path, "wb") as out:
            out.write(data)
        return path


class Receiver(Case):
    def test_a_good_stream_arrives_with_times_and_modes(self):
        stream, _ = streams.sample()
        result = self.receive(stream)
        self.assertEqual((result.error, result.exit, result.crc_good), (0, 0, True))
        self.assertEqual(result.last, b"dir")
        found = streams.tree(self.into)
        when = streams.MTIME[0] * 10**7 + streams.MTIME[1] // 100
        self.assertEqual(found[b"first"], [stat.S_IFREG, b"hello", when, 0o644])
        self.assertEqual(found[b"dir"], [stat.S_IFDIR, when, 0o755])
        self.assertEqual(found[b"dir/in"], [stat.S_IFDIR, when, 0o755])
        self.assertEqual(len(found), 5)

    def test_a_cut_at_every_byte_leaves_nothing_partial(self):
        stream, _ = streams.sample()
        for size in range(len(stream)):
            into = os.path.join(self.top, str(size))
            result = self.receive(stream[:size], into=into)
            self.assertEqual((result.error, result.exit), (streams.EREMOTEIO,) * 2)
            self.assertTrue(streams.is_part_of_sample(streams.tree(into)))

    def test_a_flipped_header_byte_is_an_error_or_a_wrong_sum(self):
        stream, offsets = streams.sample()
        for offset in offsets:
            for i in range(32):
                bad = bytearray(stream)
                bad[offset + i] ^= 1 << (i % 8)
                into = os.path.join(self.top, f"{offset}-{i}")
                done = subprocess.run([RECEIVE, "--into", into], input=bytes(bad),
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
                result = streams.Result(stream, done)
                self.assertTrue(result.error != 0 or not result.crc_good)
                self.assertEqual(result.exit, result.error)

    def test_nothing_is_overwritten(self):
        os.mkdir(self.into)
        for make in (lambda p: open(p, "w").close(), os.mkdir, lambda p: os.symlink("x", p)):
            path = os.path.join(self.into, "name")
            make(path)
            before = os.lstat(path)
            result = self.receive(streams.file("name") + streams.END)
            self.assertEqual((result.error, result.last), (errno.EEXIST, b"name"))
            after = os.lstat(path)
            self.assertEqual((before.st_ino, before.st_size), (after.st_ino, after.st_size))
            os.rmdir(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)

    def test_names_that_leave_the_folder_are_refused(self):
        for name in ("../x", "/tmp/x", "a/../../x", "./x", "a//x", "x/", b"\xff", "a\u202ex"):
            result = self.receive(streams.file(name) + streams.END)
            self.assertEqual(result.error, streams.EILSEQ, name)
        self.assertEqual(sorted(os.listdir(self.top)), ["into", "source"])
        self.assertEqual(os.listdir(self.into), [])
        result = self.receive(streams.file("a\u202ex") + streams.END, "--allow-all-names")
        self.assertEqual(result.error, 0)

    def test_links_stay_inside_and_are_never_followed(self):
        good = streams.directory("d") + streams.link("d/l", "t") + streams.directory("d")
        self.assertEqual(self.receive(good + streams.END).error, 0)
        self.assertEqual(os.readlink(os.path.join(self.into, "d/l")), "t")
        out = streams.directory("e") + streams.link("e/l", "../../x")
        self.assertEqual(self.receive(out + streams.END).error, streams.ENOLINK)
        self.assertEqual(self.receive(streams.link("top", "x") + streams.END).error,
                         streams.ENOLINK)
        outside = os.path.join(self.top, "outside")
        os.mkdir(outside)
        os.symlink(outside, os.path.join(self.into, "way"))
        for stream in (streams.file("way/x"), streams.directory("way")):
            self.assertIn(self.receive(stream + streams.END).error,
                          (errno.ELOOP, errno.ENOTDIR))
        self.assertEqual(os.listdir(outside), [])

    def test_types_it_cannot_make_are_einval(self):
        for kind in (stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFCHR, stat.S_IFBLK, 0):
            result = self.receive(streams.entry("x", kind | 0o644) + streams.END)
            self.assertEqual(result.error, streams.EINVAL)
        self.assertEqual(os.listdir(self.into), [])

    def test_limits_are_edquot(self):
        stream, _ = streams.sample()
        self.assertEqual(self.receive(stream, "--bytes-limit", "10").error, errno.EDQUOT)
        self.assertTrue(streams.is_part_of_sample(streams.tree(self.into)))
        other = os.path.join(self.top, "other")
        self.assertEqual(self.receive(stream, "--files-limit", "2", into=other).error,
                         errno.EDQUOT)

    def test_directories_without_write_permission_arrive_with_content(self):
        stream = (streams.directory("d", 0o555) + streams.file("d/x", mode=0o4755) +
                  streams.directory("d", 0o555) + streams.END)
        self.assertEqual(self.receive(stream).error, 0)
        found = streams.tree(self.into)
        self.assertEqual(found[b"d"][-1], 0o555)
        self.assertEqual(found[b"d/x"][-1], 0o755)
        os.chmod(os.path.join(self.into, "d"), 0o755)

    def test_deep_and_long_paths_arrive(self):
        names = ["/".join(["n" * 200] * depth) for depth in range(1, 41)]
        stream = b"".join(map(streams.directory, names))
        stream += streams.file(names[-1] + "/file")
        stream += b"".join(map(streams.directory, reversed(names))) + streams.END
        result = self.receive(stream)
        self.assertEqual((result.error, result.crc_good), (0, True))

    def test_the_default_folder_is_named_after_the_source(self):
        env = dict(os.environ, HOME=self.top, QREXEC_REMOTE_DOMAIN="work")
        result = streams.receive([RECEIVE], streams.file("x") + streams.END, env)
        self.assertEqual(result.error, 0)
        self.assertTrue(os.path.exists(os.path.join(self.top, "QubesIncoming/work/x")))
        for name in ("..", "a/b", ""):
            env["QREXEC_REMOTE_DOMAIN"] = name
            result = streams.receive([RECEIVE], streams.file("x") + streams.END, env)
            self.assertEqual(result.error, streams.EINVAL)

    def test_a_huge_announcement_is_refused_at_once(self):
        stream = streams.header(2, stat.S_IFREG | 0o644, 1 << 62) + b"x\0" + b"data"
        self.assertIn(self.receive(stream).error, (errno.ENOSPC, errno.EFBIG))
        self.assertEqual(os.listdir(self.into), [])

    def test_a_kill_in_the_middle_leaves_nothing(self):
        whole = streams.file("big", bytes(1 << 21))
        child = subprocess.Popen([RECEIVE, "--into", self.into], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE)
        child.stdin.write(streams.file("small") + whole[:-1])
        child.stdin.flush()
        # All but what a pipe holds (1 MiB at most) was taken when the write returned.
        child.kill()
        child.wait()
        child.stdout.close()
        try:
            child.stdin.close()
        except BrokenPipeError:
            pass
        self.assertEqual(os.listdir(self.into), ["small"])

    def faults(self, always):
        stream = (streams.file("f", bytes(1 << 20)) + streams.directory("d") +
                  streams.file("d/g") + streams.link("d/l", "g") + streams.directory("d") +
                  streams.END)
        whole = {b"f": bytes(1 << 20), b"d/g": b"data"}
        recorded = os.path.join(self.top, "stream")
        with open(recorded, "wb") as out:
            out.write(stream)
        struck = set()
        for at in range(1, 1000):
            into = os.path.join(self.top, f"into{at}")
            os.mkdir(into)
            report = os.path.join(self.top, f"report{at}")
            env = dict(os.environ, FAULT_AT=str(at), FAULT_ERRNO=str(errno.EIO),
                       FAULT_REPORT=report, **always)
            with open(recorded, "rb") as source:  # a pipe may take any number of reads
                done = subprocess.run([os.path.join(FAILING, "failing-receive"), "--sync",
                                       "--into", into], stdin=source, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, env=env, check=False)
            for name, item in streams.tree(into).items():
                if stat.S_ISREG(item[0]):
                    self.assertEqual(item[1], whole.get(name), (at, name))
            if not os.path.exists(report):
                self.assertEqual(done.returncode, 0)
                return struck
            call = read_text(report)
            struck.add(call)
            if done.stdout:  # else the call that writes the result has failed
                self.assertEqual(streams.Result(stream, done).error, errno.EIO, call)
                self.assertEqual(done.returncode, errno.EIO)
        self.fail("it never passed")

    def test_a_failure_at_every_system_call(self):
        struck = self.faults({})
        self.assertLessEqual({"openat", "mkdirat", "fstatat64", "fchmod", "futimens", "linkat",
                              "symlinkat", "utimensat", "fallocate64", "syncfs", "read",
                              "write"}, struck)

    def test_a_failure_at_every_system_call_without_o_tmpfile(self):
        self.assertIn("renameat2", self.faults({"FAULT_ALWAYS": "openat:O_TMPFILE"}))


class Sender(changing.ChangingFile, Case):
    def send(self, *arguments, receiver=None, cwd=None):
        """Runs sender and receiver against each other; returns (exit, stderr) of the sender."""
        to_receiver, to_sender = os.pipe(), os.pipe()
        receiver = subprocess.Popen(receiver or [RECEIVE, "--into", self.into],
                                    stdin=to_receiver[0], stdout=to_sender[1],
                                    stderr=subprocess.DEVNULL)
        os.close(to_receiver[0])
        os.close(to_sender[1])
        done = subprocess.run([SEND, *arguments], stdin=to_sender[0], stdout=to_receiver[1],
                              stderr=subprocess.PIPE, cwd=cwd, timeout=streams.PATIENCE_S, check=False)
        os.close(to_receiver[1])
        os.close(to_sender[0])
        receiver.wait()
        return done.returncode, done.stderr.decode()

    def test_a_tree_arrives_bit_by_bit(self):
        for depth in range(5):
            folder = os.path.join(self.source, *["d%d" % i for i in range(depth)])
            os.makedirs(folder, exist_ok=True)
            for size in (0, 1, 1023, 65536, (1 << 20) + 1, 3 << 20)[:7 - depth]:
                with open(os.path.join(folder, f"f{size}"), "wb") as out:
                    out.write(os.urandom(size))
        odd = ["con", "a:b", "x.", " ", "%41", "na\u00efve", "\U0001f600", "A", "a", "n" * 255]
        for name in odd:
            self.write(name, name.encode())
        os.symlink("d1", os.path.join(self.source, "d0", "link"))
        os.chmod(os.path.join(self.source, "d0", "f1"), 0o555)
        os.utime(os.path.join(self.source, "d0"), ns=(10**18, 10**18 + 5))
        self.assertEqual(self.send(self.source + "/"), (0, ""))
        self.assertEqual(streams.tree(self.source),
                         streams.tree(os.path.join(self.into, "source")))

    def test_dot_is_sent_under_its_real_name(self):
        self.write("x")
        self.assertEqual(self.send(".", cwd=self.source)[0], 0)
        self.assertTrue(os.path.exists(os.path.join(self.into, "source/x")))
        self.assertEqual(self.send("/")[0], errno.EINVAL)

    def test_an_early_refusal_ends_the_sending(self):
        os.makedirs(self.into)
        open(os.path.join(self.into, "big"), "w").close()
        with open(os.path.join(self.source, "big"), "wb") as out:
            out.truncate(1 << 40)  # sending it all would take minutes
        code, text = self.send(os.path.join(self.source, "big"))
        self.assertEqual(code, errno.EEXIST)
        self.assertIn("big", text)

    def test_a_refusal_is_heard_while_the_stream_is_not_read(self):
        answer = "import sys,os,struct,time\n" \
                 "os.write(1, struct.pack('<IIQI', 28, 0, 0, 4) + b'name')\n" \
                 "os.close(1)\nsys.stdin.buffer.raw.read(1)\nos.read(int(sys.argv[1]), 1)\n"
        held, hold = os.pipe()
        with open(os.path.join(self.source, "big"), "wb") as out:
            out.truncate(1 << 30)
        os.set_inheritable(held, True)
        to_receiver, to_sender = os.pipe(), os.pipe()
        peer = subprocess.Popen([sys.executable, "-c", answer, str(held)], stdin=to_receiver[0],
                                stdout=to_sender[1], pass_fds=[held])
        os.close(to_sender[1])
        done = subprocess.run([SEND, os.path.join(self.source, "big")], stdin=to_sender[0],
                              stdout=to_receiver[1], stderr=subprocess.PIPE, timeout=streams.PATIENCE_S,
                              check=False)
        self.assertEqual(done.returncode, errno.ENOSPC)
        os.close(hold)
        peer.wait()
        for descriptor in (*to_receiver, to_sender[0], held):
            os.close(descriptor)

    def test_success_needs_a_result_with_the_right_sum(self):
        path = self.write("x")
        swallow = "import sys; sys.stdin.buffer.read(32 + 2 + 4 + 32)"
        self.assertEqual(self.send(path, receiver=[sys.executable, "-c", swallow])[0],
                         streams.EREMOTEIO)
        wrong = swallow + "; sys.stdout.buffer.write(bytes(16))"
        self.assertEqual(self.send(path, receiver=[sys.executable, "-c", wrong])[0],
                         errno.EBADMSG)

    def test_what_cannot_be_sent_is_named(self):
        self.assertEqual(self.send(os.path.join(self.source, "missing"))[0], errno.ENOENT)
        os.mkfifo(os.path.join(self.source, "fifo"))
        code, text = self.send(self.source)
        self.assertEqual(code, errno.EINVAL)
        self.assertIn("source/fifo", text)
        os.unlink(os.path.join(self.source, "fifo"))
        with open(os.path.join(os.fsencode(self.source), b"\xff"), "w"):
            pass
        self.assertEqual(self.send(self.source)[0], errno.EILSEQ)

    def sender(self, path):
        return [SEND, path], None

    def test_a_failure_at_every_system_call(self):
        self.write("f", bytes(1 << 21))
        os.mkdir(os.path.join(self.source, "d"))
        self.write("d/g")
        os.symlink("g", os.path.join(self.source, "d/l"))
        for at in range(1, 1000):
            report = os.path.join(self.top, f"report{at}")
            env = dict(os.environ, FAULT_AT=str(at), FAULT_ERRNO=str(errno.EIO),
                       FAULT_REPORT=report)
            done = subprocess.run([os.path.join(FAILING, "failing-send"), self.source],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=env, check=False)
            if not os.path.exists(report):
                self.assertGreater(at, 10)
                self.assertEqual(done.returncode, streams.EREMOTEIO)  # nobody answered
                return
            self.assertIn(done.returncode, (errno.EIO, streams.EREMOTEIO))
            into = os.path.join(self.top, f"into{at}")
            complete = streams.receive([RECEIVE, "--into", into], done.stdout).error == 0
            self.assertEqual(complete, done.returncode == streams.EREMOTEIO, read_text(report))
        self.fail("it never passed")

    def test_progress_is_shown_while_it_runs(self):
        self.write("f", bytes(1 << 20))
        code, text = self.send("--progress", self.source)
        self.assertEqual(code, 0)
        self.assertRegex(text, r"\A(2|3) files, 1\.0 MiB, [0-9.]+ [KMG]iB/s\n\Z")

    def test_a_sparse_file_beyond_4_gib_is_announced_and_counted(self):
        path = os.path.join(self.source, "big")
        with open(path, "wb") as out:
            out.truncate((4 << 30) + 5)
            out.seek(4 << 30)
            out.write(b"tail!")
        count = ("import sys,zlib,struct,os\n"
                 "total = crc = 0\n"
                 "buffer = bytearray(1 << 20)\n"
                 "view = memoryview(buffer)\n"
                 f"left = 32 + 4 + {(4 << 30) + 5} + 32\n"
                 "while left:\n"
                 "    n = sys.stdin.buffer.raw.readinto(view[:min(left, 1 << 20)])\n"
                 "    if not n: sys.exit(1)\n"
                 "    crc = zlib.crc32(view[:n], crc); left -= n\n"
                 "os.write(1, struct.pack('<IIQ', 0, 0, crc))\n")
        self.assertEqual(self.send(path, receiver=[sys.executable, "-c", count])[0], 0)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    unittest.main(warnings="ignore", argv=sys.argv[:1] + sys.argv[3:])
