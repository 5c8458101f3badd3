# SPDX-License-Identifier: BSD-2-Clause
"""What either sender does with a file that changes while it is sent."""
import errno
import os
import subprocess

import streams


class ChangingFile:
    """For a TestCase with write(), receive() and into; sender() gives the command that sends a path
    and its environment."""

    def changing(self, change):
        """Sends a file that is changed when its first part has been sent."""
        path = self.write("f", b"a" * (8 << 20))
        command, environment = self.sender(path)
        child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        start = child.stdout.read(100)
        change(path)
        stream = start + child.stdout.read()
        text = child.stderr.read().decode()
        code = child.wait()
        child.stdout.close()
        child.stderr.close()
        return code, stream, text

    def test_a_file_that_shrinks_ends_the_copy_without_an_end(self):
        code, stream, text = self.changing(lambda path: os.truncate(path, 5 << 20))
        self.assertEqual(code, errno.EIO)
        self.assertIn("shorter", text)
        self.assertEqual(self.receive(stream).error, streams.EREMOTEIO)
        self.assertEqual(os.listdir(self.into), [])

    def test_a_file_that_grows_is_sent_as_it_was(self):
        def grow(path):
            with open(path, "ab") as out:
                out.write(b"b" * (1 << 20))
        code, stream, text = self.changing(grow)
        self.assertEqual(code, streams.EREMOTEIO)  # nobody answered
        self.assertIn("changed its size", text)
        result = self.receive(stream)
        self.assertEqual((result.error, result.crc_good), (0, True))
        with open(os.path.join(self.into, "f"), "rb") as content:
            self.assertEqual(content.read(), b"a" * (8 << 20))
