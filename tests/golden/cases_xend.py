"""Faults of xend's file and of xapi's, which stand around legacy images."""

import struct

from case import Case
from cases_legacy import AGED
from legacy_guests import hvm_guest, pv_guest
from legacy_wraps import XEND_MAGIC, sxp, xend, xenopsd_classic


def cases():
    image, guest = hvm_guest(4, release='4.1')[0].octets(), pv_guest(4, 4, release='3.4')[0].octets()
    whole = xend(image, 'hvm')
    start = len(XEND_MAGIC) + 4

    def text(name, octets):
        return Case('xend-config-' + name, 'xend-config', xend(image, 'hvm', octets), may=AGED)

    return [
        Case('xend-truncated', 'xend-truncated', whole[:start - 1]),
        Case('xend-truncated-config', 'xend-truncated', whole[:start + 20]),
        Case('xend-length', 'xend-length', XEND_MAGIC + struct.pack('>i', (1 << 20) + 1), size=2 << 20),
        Case('xend-length-0', 'xend-length', XEND_MAGIC + struct.pack('>i', 0) + image),
        Case('xend-length-negative', 'xend-length', XEND_MAGIC + struct.pack('>i', -1) + image),
        text('empty', ' '),
        text('cut', sxp('hvm')[:-1]),
        text('two', sxp('hvm') + sxp('hvm')),
        text('quote', "(domain (name 'golden) (image (hvm ())))"),
        Case('xend-type', 'xend-type', xend(guest, 'hvm'), may=AGED),
        Case('xend-type-linux', 'xend-type', xend(image, 'pv'), may=AGED),
        Case('xapi-truncated', 'xenopsd-truncated', xenopsd_classic(image)[:14]),
        Case('xapi-truncated-image', 'legacy-truncated', xenopsd_classic(image)[:-1], may=AGED),
    ]


__all__ = ['cases']
