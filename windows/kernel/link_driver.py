#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Links a driver: lld-link with the marks that a driver of today has, then the PE checksum, which
NT demands of boot drivers and this lld does not write. The bytes depend on the inputs alone."""
import argparse
import struct
import subprocess

FLAGS = ['/driver', '/driver:wdm', '/subsystem:native,6.01', '/entry:DriverEntry', '/nodefaultlib',
         '/guard:cf', '/cetcompat', '/dynamicbase', '/nxcompat', '/highentropyva', '/tsaware:no',
         '/align:4096', '/Brepro', '/opt:ref', '/debug:none', '/machine:x64']


def checksum(image, field):
    """The sum of 16-bit words with end-around carry, the field itself as 0, plus the length."""
    data = image[:field] + b'\0\0\0\0' + image[field + 4:]
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack('<%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total + len(image)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--output', required=True)
    parser.add_argument('inputs', nargs='+')
    args = parser.parse_args()
    subprocess.run(['lld-link', '/out:' + args.output] + FLAGS + args.inputs, check=True)
    with open(args.output, 'r+b') as file:
        image = file.read()
        header = struct.unpack_from('<I', image, 0x3c)[0]
        field = header + 24 + 64  # CheckSum in the optional header
        file.seek(field)
        file.write(struct.pack('<I', checksum(image, field)))


main()
