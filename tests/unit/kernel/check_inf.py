#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Proves that a driver's INF keeps the rules of an isolated driver package, as Microsoft's page
"Driver package isolation" and InfVerif's rules have them: every file stays in the driver store
(DIRID 13), the registry is touched under the device's and the service's own keys alone (HKR), no
co-installer, nothing that runs at installation; and that it hangs together: every section, file and
string that is named exists. First breaks a good INF in each way and demands to be told
(pv-drivers 3.1 item 13: INFs with HKLM writes and DIRID 12).

usage: check_inf.py FILE..."""
import re
import sys

FORBIDDEN_DIRECTIVES = {
    'copyinf': 'installs another package', 'delfiles': 'deletes files', 'renfiles': 'renames files',
    'delreg': 'deletes registry keys', 'registerdlls': 'runs code', 'unregisterdlls': 'runs code',
    'bitreg': 'edits values of others', 'ini2reg': 'edits values of others',
    'updateinis': 'edits files of others', 'updateinifields': 'edits files of others',
    'profileitems': 'writes into the start menu', 'logconfig': 'overrides resources',
    'layoutfile': 'names a layout of others', 'delservice': 'removes a service',
    'delproperty': 'deletes properties',
}
FORBIDDEN_SECTIONS = {'classinstall32': 'a class installer', 'coinstallers': 'a co-installer'}


def split(text):
    """Comma separated, with quoted strings."""
    return [part.strip().strip('"') for part in re.findall(r'(?:"[^"]*"|[^,"])+|(?<=,)(?=,|$)', text)]


class Inf:
    def __init__(self, text):
        self.sections, self.errors = {}, []
        name = None
        for number, raw in enumerate(text.splitlines(), 1):
            line = re.sub(r'(?:^|\s);.*', '', raw).strip()
            if not line:
                continue
            if any(ord(char) > 126 for char in line):
                self.error('line %d is not ASCII' % number)
            match = re.fullmatch(r'\[([^\]]+)\]', line)
            if match:
                name = match.group(1).strip().lower()
                if name in self.sections:
                    self.error('[%s] stands twice' % name)
                self.sections[name] = []
            elif name is None:
                self.error('line %d stands before the first section' % number)
            else:
                key, _, value = line.partition('=')
                self.sections[name].append((key.strip().lower() if '=' in line else None,
                                            value.strip() if '=' in line else line))

    def error(self, text):
        self.errors.append(text)

    def value(self, section, key):
        return dict((k, v) for k, v in self.sections.get(section, []) if k).get(key)

    def section(self, name, why):
        if name.lower() not in self.sections:
            self.error('[%s] is missing: %s' % (name, why))
        return self.sections.get(name.lower(), [])


def check_version(inf):
    want = {'signature': r'(?i:"\$windows nt\$")', 'class': r'\w+', 'classguid': r'\{[0-9A-Fa-f-]{36}\}',
            'provider': r'%\w+%', 'catalogfile': r'\w+\.cat', 'pnplockdown': '1',
            'driverver': r'(0[1-9]|1[0-2])/(0[1-9]|[12]\d|3[01])/20\d\d,\d+(\.\d+){3}'}
    for key, pattern in want.items():
        if not re.fullmatch(pattern, inf.value('version', key) or ''):
            inf.error('[Version] %s is missing or not of the right form' % key)


def check_files(inf):
    for key, value in inf.section('DestinationDirs', 'files need a place'):
        if value != '13':
            inf.error('[DestinationDirs] %s = %s: only 13, the driver store' % (key, value))
    disks = [key for key, _ in inf.section('SourceDisksNames', 'files need a medium')]
    for key, value in inf.section('SourceDisksFiles', 'files need a medium'):
        if split(value)[0] not in disks:
            inf.error('%s lies on an unknown disk' % key)


def check_service(inf, line):
    parts = split(line)
    if len(parts) > 3:
        inf.error('AddService %s: an event log section writes under HKLM' % parts[0])
    section = parts[2] if len(parts) > 2 else ''
    inf.section(section, 'AddService names it')
    if section.lower() not in inf.sections:
        return
    for key in ('servicetype', 'starttype', 'errorcontrol', 'servicebinary'):
        if inf.value(section.lower(), key) is None:
            inf.error('[%s] has no %s' % (section, key))
    binary = inf.value(section.lower(), 'servicebinary') or ''
    match = re.fullmatch(r'%13%\\([\w.]+)', binary)
    if not match:
        inf.error('ServiceBinary %s: only %%13%%\\file' % binary)
    elif match.group(1).lower() not in [key for key, _ in inf.sections.get('sourcedisksfiles', [])]:
        inf.error('ServiceBinary %s is not in the package' % binary)
    check_directives(inf, section)


def check_registry(inf, name):
    for _, line in inf.section(name, 'AddReg names it'):
        root = split(line)[0].upper()
        if root != 'HKR':
            inf.error('[%s] writes under %s: only HKR' % (name, root))


def check_directives(inf, section):
    for key, value in inf.sections.get(section.lower(), []):
        if key in FORBIDDEN_DIRECTIVES:
            inf.error('[%s] %s %s' % (section, key, FORBIDDEN_DIRECTIVES[key]))
        elif key == 'addreg':
            for name in split(value):
                check_registry(inf, name)
        elif key == 'copyfiles':
            for name in split(value):
                for _, line in inf.section(name, 'CopyFiles names it'):
                    file = split(line)[0].lower()
                    if file not in [k for k, _ in inf.sections.get('sourcedisksfiles', [])]:
                        inf.error('%s is not in [SourceDisksFiles]' % file)


def check_models(inf):
    for _, value in inf.section('Manufacturer', 'nothing would be installed'):
        base, *decorations = split(value)
        if not decorations:
            inf.error('[Manufacturer] %s has no platform' % base)
        for decoration in decorations:
            # The driver store as DIRID 13 exists since build 16299.
            match = re.fullmatch(r'NTamd64\.(\d+)\.(\d+)\.\.\.(\d+)', decoration)
            if not match or tuple(map(int, match.groups())) < (10, 0, 16299):
                inf.error('[Manufacturer] %s: DIRID 13 needs NTamd64.10.0...16299' % decoration)
            models = inf.section('%s.%s' % (base, decoration), '[Manufacturer] names it')
            if not models:
                inf.error('[%s.%s] has no device' % (base, decoration))
            for _, model in models:
                install = split(model)[0] + '.NT'
                inf.section(install, 'a model names it')
                check_directives(inf, install)
                services = inf.section(install + '.Services', 'a device needs its service')
                for key, line in services:
                    if key == 'addservice':
                        check_service(inf, line)
                check_directives(inf, install + '.Services')
                check_directives(inf, install + '.HW')


def check_all_sections(inf, text):
    for name in inf.sections:
        for part, why in FORBIDDEN_SECTIONS.items():
            if part in name.split('.'):
                inf.error('[%s]: %s' % (name, why))
    strings = [key for key, _ in inf.sections.get('strings', [])]
    for token in re.findall(r'%([^%\s]+)%', re.sub(r'(?m)^\s*;.*|\s;.*', '', text)):
        if token.isdigit():
            if token != '13':
                inf.error('%%%s%%: only DIRID 13' % token)
        elif token.lower() not in strings:
            inf.error('%%%s%% is not in [Strings]' % token)


def check(text):
    inf = Inf(text)
    check_version(inf)
    check_files(inf)
    check_models(inf)
    check_all_sections(inf, text)
    return inf.errors


BREAKS = [ # what to replace, by what: each must be told
    (r'DefaultDestDir += +13', 'DefaultDestDir = 12'),
    (r'%13%\\', r'%12%\\'),
    (r'\.NT\]\n', '.NT]\nAddReg = R\n[R]\nHKLM,"SYSTEM",a,,b\n[X]\n'),
    (r'\.NT\]\n', '.NT]\nDelReg = R\n'),
    (r'\.NT\]\n', '.NT]\nRegisterDlls = R\n'),
    (r'\Z', '[Xenbus_Install.NT.CoInstallers]\nAddReg = R\n'),
    (r'PnpLockdown += +1', ''),
    (r'CatalogFile.*', ''),
    (r'\.sys += +1', '.dll = 1'),
    (r'\[Manufacturer\]\n.*', '[Manufacturer]\n%Casement% = Devices,NTamd64'),
    (r'(AddService = \w+,0x00000002,)\w+', r'\1Nobody'),
    (r'(AddService = .*)', r'\1,Log_Section'),
    (r'\[Strings\]\n.*\n', '[Strings]\n'),
]


def main():
    failed = False
    for path in sys.argv[1:]:
        text = open(path, encoding='utf-8').read()
        errors = check(text)
        for error in errors:
            print('%s: %s' % (path, error))
        for pattern, replacement in BREAKS:
            broken, count = re.subn(pattern, replacement, text, count=1)
            if count == 0 or (not errors and not check(broken)):
                errors.append('self')
                print('%s: broken by %r, and not noticed' % (path, pattern))
        failed |= bool(errors)
    sys.exit(failed)


main()
