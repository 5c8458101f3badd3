#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Proves of the finished driver files what NT, HVCI and Windows 7 ask: imports that Windows 7
exports already (mingw's import lists are of that age), no section that is writable and executable,
sections on pages of their own, relocations, unwind data, the marks of NX, ASLR, Control Flow Guard
and CET, a right checksum, no executable pool, a moderate size. First breaks a good file in each way
and demands to be told.

usage: check_sys.py STORPORT.DEF FILE..."""
import struct
import subprocess
import sys

LIBRARIES = {'ntoskrnl.exe': 'libntoskrnl.a', 'hal.dll': 'libhal.a'}
LIBRARY_PATH = '/usr/x86_64-w64-mingw32/lib/'
EXECUTABLE_MEMORY = {'ExAllocatePool', 'MmAllocateContiguousMemory', 'MmAllocateNonCachedMemory',
                     'MmAllocateContiguousMemorySpecifyCache'}
SIZE_MAX = 512 * 1024
DLL_FLAGS = {0x20: '64-bit ASLR', 0x40: 'relocatable', 0x100: 'NX', 0x2000: 'WDM driver',
             0x4000: 'Control Flow Guard'}
EXPORT, IMPORT, EXCEPTION, RELOC, DEBUG, TLS, LOAD_CONFIG, IAT = 0, 1, 3, 5, 6, 9, 10, 12


class Pe:
    def __init__(self, data):
        self.data = data
        self.header = self.at('<I', 0x3c)[0]
        if data[:2] != b'MZ' or data[self.header:self.header + 4] != b'PE\0\0':
            raise ValueError('not a PE file')
        self.machine, count = self.at('<HH', self.header + 4)
        self.time = self.at('<I', self.header + 8)[0]
        self.characteristics = self.at('<H', self.header + 22)[0]
        self.optional = self.header + 24
        self.entry = self.at('<I', self.optional + 16)[0]
        self.alignment, self.file_alignment = self.at('<II', self.optional + 32)
        self.image_size, self.header_size, self.checksum = self.at('<III', self.optional + 56)
        self.subsystem, self.dll_flags = self.at('<HH', self.optional + 68)
        self.directories = [self.at('<II', self.optional + 112 + 8 * i) for i in range(16)]
        table = self.optional + self.at('<H', self.header + 20)[0]
        self.sections = []
        for i in range(count):
            at = table + 40 * i
            size, rva, raw_size, raw = self.at('<IIII', at + 8)
            self.sections.append((data[at:at + 8].rstrip(b'\0').decode(), rva, size, raw, raw_size,
                                  self.at('<I', at + 36)[0], at + 36))

    def at(self, form, offset):
        return struct.unpack_from(form, self.data, offset)

    def offset(self, rva):
        for _, start, size, raw, raw_size, _, _ in self.sections:
            if start <= rva < start + min(size, raw_size):
                return raw + rva - start
        raise ValueError('RVA %x is in no section' % rva)

    def string(self, rva):
        start = self.offset(rva)
        return self.data[start:self.data.index(b'\0', start)].decode()

    def imports(self):
        """(library, function) pairs; an import by number is (library, None)."""
        at = self.offset(self.directories[IMPORT][0])
        while self.at('<I', at + 12)[0]:
            library = self.string(self.at('<I', at + 12)[0]).lower()
            names = self.offset(self.at('<I', at)[0])
            while self.at('<Q', names)[0]:
                entry = self.at('<Q', names)[0]
                yield library, None if entry >> 63 else self.string(entry + 2)
                names += 8
            at += 20

    def debug_types(self):
        """type -> first 32 bits of its data."""
        rva, size = self.directories[DEBUG]
        out = {}
        for i in range(size // 28):
            kind, length, _, raw = self.at('<IIII', self.offset(rva) + 28 * i + 12)
            out[kind] = self.at('<I', raw)[0] if length >= 4 else 0
        return out


def expected_checksum(pe):
    field = pe.optional + 64
    data = pe.data[:field] + bytes(4) + pe.data[field + 4:] + b'\0' * (len(pe.data) % 2)
    total = sum(struct.unpack('<%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total + len(pe.data)


EXPORTS = {} # by library; storport.sys's, of which mingw has no list, come from our own



def exports(library):
    if library not in EXPORTS:
        text = subprocess.run(['x86_64-w64-mingw32-nm', LIBRARY_PATH + LIBRARIES[library]],
                              capture_output=True, text=True, check=True).stdout
        EXPORTS[library] = {line.split()[-1][6:] for line in text.splitlines()
                            if ' I __imp_' in line} # functions and variables
    return EXPORTS[library]


def check_imports(pe, errors):
    for library, name in pe.imports():
        if library not in LIBRARIES and library not in EXPORTS:
            errors.append('imports from %s' % library)
        elif name is None:
            errors.append('imports from %s by number' % library)
        elif name not in exports(library):
            errors.append('%s: Windows 7 does not export %s' % (library, name))
        elif name in EXECUTABLE_MEMORY:
            errors.append('%s gives executable memory' % name)


def check_sections(pe, errors):
    for name, rva, size, raw, raw_size, flags, _ in pe.sections:
        if flags & 0x20000000 and flags & 0x80000000:
            errors.append('section %s is writable and executable' % name)
        if rva % 4096:
            errors.append('section %s does not begin on a page' % name)
        if raw + raw_size > len(pe.data):
            errors.append('section %s is cut off' % name)
        if flags & 0x20000000 and name not in ('.text', 'INIT', 'PAGE'):
            errors.append('section %s is executable' % name)


def check_load_config(pe, errors):
    rva, size = pe.directories[LOAD_CONFIG]
    if not rva or size < 0x94:
        errors.append('no load configuration')
        return
    check, dispatch, table, count, flags = pe.at('<QQQQI', pe.offset(rva) + 0x70)
    if not (check and dispatch and table and count) or not flags & 0x100:
        errors.append('the Control Flow Guard table is empty')


def check(data):
    errors = []
    try:
        pe = Pe(data)
        if pe.machine != 0x8664 or pe.subsystem != 1 or not pe.entry:
            errors.append('not an x86-64 driver')
        if pe.alignment != 4096:
            errors.append('sections do not stand on pages')
        if pe.characteristics & 1 or not pe.directories[RELOC][1]:
            errors.append('no relocations')
        if not pe.directories[EXCEPTION][1]:
            errors.append('no unwind data')
        if pe.directories[TLS][1] or pe.directories[EXPORT][1]:
            errors.append('has a TLS or export directory')
        for flag, name in DLL_FLAGS.items():
            if not pe.dll_flags & flag:
                errors.append('no mark: %s' % name)
        if not pe.debug_types().get(20, 0) & 1:
            errors.append('no mark: CET shadow stack')
        if 16 not in pe.debug_types():
            errors.append('the time stamp is not a hash: not reproducible')
        if pe.checksum != expected_checksum(pe):
            errors.append('wrong checksum')
        if len(data) > SIZE_MAX:
            errors.append('%d bytes long' % len(data))
        check_sections(pe, errors)
        check_imports(pe, errors)
        check_load_config(pe, errors)
    except (ValueError, struct.error) as error:
        errors.append(str(error))
    return errors


def breaks(data):
    """Broken copies of a good file."""
    pe = Pe(data)

    def patch(offset, form, value):
        out = bytearray(data)
        struct.pack_into(form, out, offset, value)
        return bytes(out)

    for name, _, _, _, _, flags, at in pe.sections:
        if name == '.text':
            yield 'W+X', patch(at, '<I', flags | 0x80000000)
        if name == '.data':
            yield 'executable data', patch(at, '<I', flags | 0x20000000)
    yield 'checksum', patch(pe.optional + 64, '<I', pe.checksum ^ 1)
    yield 'alignment', patch(pe.optional + 32, '<I', 512)
    yield 'stripped', patch(pe.header + 22, '<H', pe.characteristics | 1)
    for flag, name in DLL_FLAGS.items():
        yield name, patch(pe.optional + 70, '<H', pe.dll_flags & ~flag)
    for index, name in ((RELOC, 'relocations'), (EXCEPTION, 'unwind'), (LOAD_CONFIG, 'guard')):
        yield name, patch(pe.optional + 112 + 8 * index + 4, '<I', 0)
    first = next(name for _, name in pe.imports()).encode()
    yield 'import', data.replace(first + b'\0', b'Q' + first[1:] + b'\0')
    yield 'cut', data[:-512]


def main():
    failed = len(sys.argv) < 3
    with open(sys.argv[1], encoding='utf-8') as file:
        EXPORTS['storport.sys'] = set(file.read().split('EXPORTS')[1].split())
    for path in sys.argv[2:]:
        with open(path, 'rb') as file:
            data = file.read()
        errors = check(data)
        for name, broken in breaks(data):
            if not errors and len(set(check(broken)) - {'wrong checksum'}) < (name != 'checksum'):
                errors.append('broken (%s), and not noticed' % name)
        for error in errors:
            print('%s: %s' % (path, error))
        failed |= bool(errors)
    sys.exit(failed)


main()
