#!/usr/bin/env python3
"""Are the layouts of the independent decoder right? Held against Xen's public headers, and against the builders."""

import pathlib
import subprocess
import sys
import tempfile

import hvm
from guests import Hvm, Pv
from inside import build_hvm, build_pv, image, layouts_hvm, layouts_pv, passes, structures
from inside.layout import LAYOUTS
from streams import clean_streams, plain

HEADERS = pathlib.Path('/usr/include/xen/foreign/x86_64.h')

# The C type of each layout; those that are parts of others are looked at there, and some exist in streams only.
TYPES = {name: 'struct ' + name for name in LAYOUTS if name.startswith('hvm_')}
TYPES.update({'%s_%s' % (name, width): 'struct %s_x86_%s' % (name, width) for width in ('32', '64')
              for name in ('vcpu_guest_context', 'shared_info', 'start_info')})
TYPES.update(xsave_hdr='struct hvm_hw_cpu_xsave_hdr', ext_vcpucontext='struct xen_domctl_ext_vcpucontext',
             vcpu_msr='struct xen_domctl_vcpu_msr', cpuid_leaf='struct xen_cpuid_leaf',
             msr_entry='struct xen_msr_entry')
PARTS = {'hvm_hw_pit_channel', 'hvm_hw_hpet_timer', 'hvm_param', 'hvm_params', 'hvm_hw_lapic_regs'}

# What the headers call otherwise, or (None) do not name: bit fields, padding, members newer than the headers.
CALLED = {'console.mfn': 'console.domU.mfn', 'console.evtchn': 'console.domU.evtchn',
          'fpu_sse': 'save_area.fpu_sse', 'xsave_hdr': 'save_area.xsave_hdr',
          **{'vmce_' + name: 'vmce.' + name for name in ('caps', 'mci_ctl2_bank0', 'mci_ctl2_bank1', 'mcg_ext_ctl')}}
OCTETS = {'x86_fxsave', 'xsave_hdr'}  # what the headers have as a row of octets, or by itself
UNNAMED = {('hvm_hw_vpic', 'init_state'), ('hvm_hw_vpic', 'flags'), ('hvm_hw_lapic', 'pending_esr'),
           ('hvm_hw_lapic', 'pad0'), ('hvm_msr', 'pad0'), ('ext_vcpucontext', 'pad'), ('start_info_64', 'pad')}
SHORTER = {'hvm_hw_lapic', 'hvm_msr'}  # the header's structure is older, or goes on

PROGRAM = '''#define __XEN_TOOLS__ 1
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <xen/xen.h>
#include <xen/hvm/save.h>
#include <xen/hvm/params.h>
#include <xen/domctl.h>
#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>
int main(void)
{
%s
    return 0;
}
'''


class Skip(Exception):
    """The point can not be judged here."""


def members(layout, prefix=''):
    """(path, offset, size) of every member, those of nested structures too."""
    for field in layout.fields:
        if field.count == 0:
            continue
        path = prefix + field.name
        if field.inner and field.kind not in OCTETS:
            yield from members(field.inner, path + ('.' if field.count is None else '[%d].' % (field.count - 1)))
        else:
            yield path, field.width * (1 if field.count is None else field.count)


def questions():
    """(text, C expression, answer)"""
    for name, kind in TYPES.items():
        if name in PARTS:
            continue
        layout = LAYOUTS[name]
        if name not in SHORTER:
            yield name, 'sizeof(%s)' % kind, layout.size
        for path, size in members(layout):
            if (name, path) in UNNAMED:
                continue
            member = CALLED.get(path, path)
            yield '%s.%s' % (name, path), 'offsetof(%s, %s)' % (kind, member), layout.find(path)[0]
            yield '%s.%s' % (name, path), 'sizeof(((%s *)0)->%s)' % (kind, member), size
    for index, name in structures.PARAMS.items():
        yield name, 'HVM_PARAM_' + name, index


def headers():
    if not HEADERS.exists():
        raise Skip("Xen's public headers (Debian's libxen-dev) are not installed")
    asked = list(questions())
    with tempfile.TemporaryDirectory(prefix='headers.') as folder:
        source = pathlib.Path(folder, 'ask.c')
        source.write_text(PROGRAM % '\n'.join('    printf("%%zu\\n", (size_t)(%s));' % code for _, code, _ in asked))
        made = subprocess.run(['cc', '-w', '-o', source.with_suffix(''), source], capture_output=True, text=True,
                              check=False)
        if made.returncode:
            return made.stderr.splitlines()
        out = subprocess.run([source.with_suffix('')], capture_output=True, text=True, check=True).stdout.split()
    return ['%s: %s is %s, here it is %d' % (text, code, got, want)
            for (text, code, want), got in zip(asked, out, strict=True) if int(got) != want]


def decoded(octets):
    found = image.Image(octets)
    view = structures.View(found)
    return found, {(part.name, part.instance): part.fields for record in found.records
                   for part in structures.structures(view, record)}


def built_hvm():
    """What the builder put into a context is what the decoder finds there, in the forms of every age."""
    wrong = []
    for minor in (0, 1, 4, 5, 6, 7, 10, 13, 14, 21):
        entries = build_hvm.entries(3, 4, minor=minor)
        guest = Hvm(3, vcpus=3)
        stream = plain(guest)
        stream = stream.replace(stream.find(9), hvm.context(entries))
        _, parts = decoded(stream.octets())
        cpu = parts['CPU', 0]
        if (cpu['cr3'], cpu['tsc'], cpu.get('msr_tsc_aux', 0), cpu['pending_event']) != (0x4000, 0x123456789A, 0, 0):
            wrong.append('4.%d: %r' % (minor, cpu))
        if ('rtc_offset' in parts['RTC', 0]) != (minor >= 14) or ('pending_esr' in parts['LAPIC', 0]) != (minor >= 21):
            wrong.append('4.%d: lengths' % minor)
        if parts['component 2', 0]['ymm_high'][15]['part'] != [0x0202020202020202] * 2:
            wrong.append('4.%d: XSAVE' % minor)
    return wrong


def built_pv():
    wrong = []
    for width in (4, 8):
        found, parts = decoded(plain(Pv(3, width)).octets())
        memory, view = passes.Memory(found), structures.View(found)
        info = structures.start_info(view, found, memory)[0].fields
        if (info['store_mfn'], info['console']['mfn'], info['nr_pages']) != (2, 3, 32):
            wrong.append('start_info of width %d: %r' % (width, info))
        if parts['shared_info', 0]['arch']['max_pfn'] != 32 or parts['basic', 0]['ctrlreg'][3] != 4 << 12:
            wrong.append('width %d' % width)
        if parts['extended', 1]['vmce_caps'] != build_pv.MCG_CAP:
            wrong.append('extended of width %d' % width)
    return wrong


def every_clean_stream():
    """No octet of HVM_CONTEXT but the descriptors is left out, or told twice."""
    wrong = []
    for stream in clean_streams():
        if stream.name.endswith('.xz'):
            continue
        found = image.Image(stream.octets())
        view = structures.View(found)
        for record in found.all(9):
            parts = list(structures.structures(view, record))
            told = [place for part in parts for place in range(part.at, part.at + part.length)]
            heads = sum(part.name.isupper() for part in parts) + 1  # descriptors, END's too
            if len(told) + 8 * heads != len(record.body) or len(set(told)) != len(told):
                wrong.append('%s: record %d' % (stream.name, record.number))
    return wrong


def main():
    points = {'layouts-are-those-of-xens-headers': headers, 'hvm-contexts-read-back': built_hvm,
              'pv-records-read-back': built_pv, 'clean-streams-read-whole': every_clean_stream}
    print('1..%d' % len(points))
    failed = 0
    for number, (name, point) in enumerate(points.items(), 1):
        try:
            lines = point()
        except Skip as reason:
            print('ok %d - %s # SKIP %s' % (number, name, reason))
            continue
        failed += bool(lines)
        print('%sok %d - %s' % ('not ' if lines else '', number, name))
        for line in lines[:60]:
            print('# ' + line)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
