"""rows_hvm.py - the oracle's cases about what only HVM images have."""
import struct

from cases import FAIL, HVM, OK, RECORD, Case
from changes import body, drop, move_before
from xenf import HVM_CONTEXT, HVM_PARAMS, PAGE_DATA


def count(change):
    """HVM_PARAMS with a count that its length does not bear out."""
    return body(HVM_PARAMS, lambda b: struct.pack("<I", change(struct.unpack_from("<I", b)[0])) + b[4:])


def one_more(index, value):
    return body(HVM_PARAMS, lambda b: struct.pack("<I", struct.unpack_from("<I", b)[0] + 1) + b[4:] +
                struct.pack("<QQ", index, value))


CASES = [
    Case("ctx-missing", HVM, "HVM_CONTEXT removed", drop(HVM_CONTEXT), FAIL, "Unable to restore HVM context", "ok",
         "ctx-missing"),
    Case("ctx-empty", HVM, "HVM_CONTEXT of length 0", body(HVM_CONTEXT, lambda b: b""), FAIL,
         "Unable to allocate 0 bytes for hvm context", RECORD, "ctx-empty"),
    Case("param-long", HVM, "count smaller than the body", count(lambda n: n - 1), FAIL,
         "HVM_PARAMS record truncated: header 8, count 1, expected len 16, got 4", RECORD, "param-length"),
    Case("param-short", HVM, "count larger than the body", count(lambda n: n + 1), FAIL,
         "HVM_PARAMS record truncated: header 8, count 3, expected len 48, got 4", RECORD, "param-length"),
    Case("param-empty", HVM, "count 0", body(HVM_PARAMS, lambda b: bytes(8)), OK),
    Case("param-missing", HVM, "HVM_PARAMS removed", drop(HVM_PARAMS), OK, "", "ok", "param-missing"),
    Case("param-pae", HVM, "index 4, which Xen does not pass on", one_more(4, 1), OK),
    Case("param-before-pages", HVM, "HVM_PARAMS before PAGE_DATA", move_before(HVM_PARAMS, PAGE_DATA), OK, "", "ok",
         "tail-before-memory", clean="tail-before-memory param-before-pages"),
]
