#!/usr/bin/env python3
"""extract-vmlinux.py BZIMAGE VMLINUX: takes the kernel's ELF file out of a bzImage.

Xen would unpack the bzImage itself, but in software emulation that takes it six seconds.
The header's fields are those of Linux's Documentation/x86/boot.rst.
"""
import lzma
import struct
import sys
import zlib

SETUP_SECTORS, PAYLOAD_OFFSET = 0x1F1, 0x248

image = open(sys.argv[1], "rb").read()
offset, length = struct.unpack_from("<II", image, PAYLOAD_OFFSET)
start = ((image[SETUP_SECTORS] or 4) + 1) * 512 + offset
payload = image[start : start + length]
# The payload ends with four bytes of its unpacked size.
if payload.startswith(b"\xfd7zXZ\0"):
    kernel = lzma.LZMADecompressor().decompress(payload)
elif payload.startswith(b"\x1f\x8b"):
    kernel = zlib.decompressobj(31).decompress(payload)
else:
    sys.exit(f"{sys.argv[1]}: packed in a way unknown here: {payload[:6].hex()}")
if not kernel.startswith(b"\x7fELF"):
    sys.exit(f"{sys.argv[1]}: what was packed is not an ELF file")
open(sys.argv[2], "wb").write(kernel)
