"""cases.py - what Xen's own code makes of changed images: the oracle's cases, as data.

Each case changes one image. 'restorer' and 'error' are what xc_domain_restore() of Xen's master returned and first
logged, compiled alone over stubbed hypercalls (reference, section 19.4); 'python' is how Xen's verifier of 4.17 ends.
'rules' are the errors and warnings that godwit has to report beyond those of the unchanged image. Where godwit refuses
what the restorer accepts, or the other way round, 'why' says so; run.py fails without it.
"""
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "golden"))

PV64, PV32, HVM = "pv64", "pv32", "hvm"
PV64_V2, PV32_V2, HVM_V2 = "pv64-v2", "pv32-v2", "hvm-v2"
OK, FAIL, CRASH, ABORT = "ok", "fail", "crash", "abort"
STREAM, RECORD, IO, DRAFT = "StreamError", "RecordError", "IOError", "DeprecationWarning"

HARMS = "the restore goes through and harms the guest"
HYPERVISOR = "the stub took what every hypervisor refuses"
SPECIFIED = "the specification forbids it, and a receiver may rely on that"
OUTSIDE = "it is not the image that is wrong"


def unchanged(image):
    return image


class Case:
    """clean: the rules of the changed image that had no findings before, where they are not those of the worked
    example; against: what makes the image that the worked example's rules are counted beyond, if not itself."""

    def __init__(self, name, base, mutation, change, restorer, error="", python="ok", rules="", why="", clean=None,
                 against=None, options=()):
        self.name, self.base, self.mutation, self.change = name, base, mutation, change
        self.restorer, self.error, self.python = restorer, error, python
        self.rules = frozenset(rules.split())
        self.why = why
        self.clean = self.rules if clean is None else frozenset(clean.split())
        self.against = against or unchanged
        self.options = list(options)

    def make(self, image):
        changed = self.change(image)
        return changed if isinstance(changed, bytes) else changed.octets()


def bases():
    """name -> (the reference's worked example, an image without findings), both as Images."""
    from examples import examples
    from guests import Hvm, Pv
    from streams import plain
    worked = examples()
    found = {}
    for version in (3, 2):
        suffix = "" if version == 3 else "-v2"
        for name, guest in (("pv64", Pv(version, 8)), ("pv32", Pv(version, 4)), ("hvm", Hvm(version))):
            found[name + suffix] = worked["example-%s-v%d" % (name, version)], plain(guest)
    return found


def cases():
    """Every case, in the reference's order as far as groups allow."""
    import rows_checkpoint
    import rows_framing
    import rows_hvm
    import rows_memory
    import rows_pv
    return (rows_framing.CASES + rows_memory.CASES + rows_pv.CASES + rows_hvm.CASES + rows_checkpoint.CASES)
