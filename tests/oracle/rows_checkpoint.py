"""rows_checkpoint.py - the oracle's cases about images of Remus and COLO.

The restorer ran as the receiver of a checkpointed stream: the end of the file is then the primary's death, and it goes
on with the last complete checkpoint.
"""
from cases import FAIL, HVM, IO, OK, RECORD, STREAM, Case
from changes import page_record, remus, tail_again, without_end, word
from xenf import PAGE_DATA, Record, checkpoint, end

LOST = "Failed to read Record Header from stream"
OPTIONAL = Record(0x80000001, b"abc")
PLAIN = "one of Remus that ends with END came from Xen 4.6 alone; a plain restore refuses it"


def second(*between, close=True):
    """Two checkpoints: what stands between them, then the tail again."""
    def run(image):
        more = list(between) + tail_again(image) + ([checkpoint()] if close else [])
        return remus(*more)(image)
    return run


def good_page():
    return page_record(word(0))


def bad_page():
    record = good_page()
    return Record(PAGE_DATA, bytes(4) + record.body[4:])


CASES = [
    Case("remus-eof-before-first", HVM, "Remus: the end before the first CHECKPOINT", without_end, FAIL, LOST, IO,
         "rec-end-missing"),
    Case("remus-eof-after-first", HVM, "the end behind it", remus(), OK, LOST, IO),
    Case("remus-two", HVM, "two checkpoints, the end", second(good_page()), OK, LOST, IO, against=second()),
    Case("remus-opt-buffered", HVM, "an optional record between them", second(OPTIONAL), FAIL,
         "Mandatory record 0xe (Checkpoint) not handled", STREAM, "rec-optional-in-checkpoint",
         against=second()),
    Case("remus-end-buffered", HVM, "END instead of the second", remus(good_page(), end()), OK, "", "ok",
         "ckpt-in-plain", PLAIN),
    Case("remus-bad-buffered", HVM, "a PAGE_DATA with count 0 between them", second(bad_page()), FAIL,
         "Expected at least 1 pfn in PAGE_DATA record", RECORD, "page-count-zero"),
    Case("colo-one", HVM, "COLO: one checkpoint, the end", remus(), OK, LOST, IO),
    Case("colo-two", HVM, "two checkpoints", second(good_page()), OK, LOST, IO, against=second()),
]
