"""What stands around an image, made to cost much: texts and states as long as they may be, and full of trouble."""

import wrap
from carriers import libvirt, vm_str, xenops_record, xenopsd
from case import Case
from guests import Hvm
from savevm import small_machine, state
from streams import plain

HVM = plain(Hvm(3))
STREAM = wrap.libxl(HVM, [wrap.emulator_context()])
MOST = 16 << 20
DESCRIPTION_MOST = 1 << 18


def repeated(octets, most=MOST - 64):
    return octets * (most // len(octets))


def models():
    """Device models' states: all valid to carry, none of them quick to look at."""
    whole, _ = state(small_machine())
    text = b'{"devices":[' + repeated(b'{},', DESCRIPTION_MOST - 32) + b'{}]}'
    start = b'QEVM\0\0\0\3'
    return {
        'description': whole + b'\6' + len(text).to_bytes(4, 'big') + text,
        'headers': start + repeated(b'\4\0\0\0\1\1a' + bytes(8)) + b'\0',
        'near-headers': start + repeated(b'\4\0\0\0\1\xff' + b'a' * 255 + b'\1\1\1\1') + b'\0',
        'near-descriptions': start + repeated(b'\0\6') + b'\0',
    }


def texts():
    return {
        'attributes': b'<domain>' + b'<a ' + repeated(b"b='c' ") + b'/></domain>',
        'elements': b'<domain>' + repeated(b'<a/>') + b'</domain>',
        'text': b'<domain><name>' + repeated(b'x') + b'</name></domain>',
        'open': repeated(b'<a>'),
    }


def costly():
    found = [Case('state-' + name, set(), lambda blob=blob: xenopsd(HVM, qemu=blob)) for name, blob in models().items()]
    found += [Case('xml-' + name, set(), lambda xml=xml: libvirt(STREAM, xml)) for name, xml in texts().items()]
    found.append(Case('record-open', set(), lambda: xenopsd(HVM, repeated(b'('), models()['headers'])))
    found.append(Case('record-fields', set(), lambda: xenopsd(
        HVM, xenops_record(vm_str()[:-1] + repeated(b'(a b)', MOST // 4).decode() + ')'), wrap.qemu_state())))
    for case in found:
        case.unjudged = True  # what is found in them is no matter here
    return found
