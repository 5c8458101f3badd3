# SPDX-License-Identifier: BSD-2-Clause
"""pictures.py NAME: writes a picture that a test knows each pixel of to stdout.
pictures.py NAME rgba: what qubes.GetImageRGBA must answer for it.

png      3 x 2, all kinds of alpha
alpha    an icon of 32 bits with alpha
masked   an icon of 24 bits: what its mask covers is transparent
mono     an icon of 1 bit
"""
import struct
import sys
import zlib

PNG = [(255, 0, 0, 255), (0, 255, 0, 128), (0, 0, 255, 1), (1, 2, 3, 0), (9, 8, 7, 254), (0, 0, 0, 255)]
SIDE = 16
OPAQUE = [(x * 16, y * 16, 200, 255) for y in range(SIDE) for x in range(SIDE)]
ALPHA = [(x * 16, y * 16, 77, 255 if x == y else 100) for y in range(SIDE) for x in range(SIDE)]
HIDDEN = [y >= 8 for y in range(SIDE) for _ in range(SIDE)]


def png(width, height, pixels):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    rows = b"".join(b"\0" + bytes(v for p in pixels[y * width:(y + 1) * width] for v in p)
                    for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def bottom_up(values, width):
    return [values[i:i + width] for i in range(0, len(values), width)][::-1]


def bits(rows):
    """One bit a pixel, rows padded to four bytes."""
    out = b""
    for row in rows:
        value = int("".join("1" if v else "0" for v in row).ljust(32, "0"), 2)
        out += struct.pack(">I", value)
    return out


def icon(depth, colours, mask):
    palette = b"\0\0\0\0\xff\xff\xff\0" if depth == 1 else b""
    header = struct.pack("<IiiHHIIiiII", 40, SIDE, 2 * SIDE, 1, depth, 0, 0, 0, 0, 0, 0)
    image = header + palette + colours + bits(bottom_up(mask, SIDE))
    return (struct.pack("<HHH", 0, 1, 1) +
            struct.pack("<BBBBHHII", SIDE, SIDE, 2 if depth == 1 else 0, 0, 1, depth, len(image), 22) + image)


def colour_bytes(pixels, alpha):
    return b"".join(bytes((b, g, r) + ((a,) if alpha else ()))
                    for row in bottom_up(pixels, SIDE) for r, g, b, a in row)


def rgba(width, height, pixels):
    return f"{width} {height}\n".encode() + bytes(v for p in pixels for v in p)


MONO = [(x + y) % 2 == 0 for y in range(SIDE) for x in range(SIDE)]
PICTURES = {
    "png": (png(3, 2, PNG), rgba(3, 2, PNG)),
    "alpha": (icon(32, colour_bytes(ALPHA, True), [False] * SIDE * SIDE), rgba(SIDE, SIDE, ALPHA)),
    "masked": (icon(24, colour_bytes(OPAQUE, False), HIDDEN),
               rgba(SIDE, SIDE, [p[:3] + (0,) if h else p for p, h in zip(OPAQUE, HIDDEN)])),
    "mono": (icon(1, bits(bottom_up(MONO, SIDE)), HIDDEN),
             rgba(SIDE, SIDE, [(255 * m, 255 * m, 255 * m, 0 if h else 255) for m, h in zip(MONO, HIDDEN)])),
}
sys.stdout.buffer.write(PICTURES[sys.argv[1]][len(sys.argv) > 2])
