"""Two small guests, from whose parts the clean images are put together: memory, passes, tail of a checkpoint."""

import hvm
import policy
import xenf
from inside import build_pv, memory
from xenf import NOTAB, PIN, XTAB, filled


def passes_of(memory, pfns):
    """PAGE_DATA records of one pass; memory: pfn -> (type, contents or None); at most 1024 entries each."""
    pfns = list(pfns)
    records = []
    for at in range(0, len(pfns), 1024):
        records.append(xenf.page_data([(pfn, *memory[pfn]) for pfn in pfns[at:at + 1024]]))
    return records


class Hvm:
    """Guest memory from 0 to top; the special pages are the last eight pfns but one.

    The page tables of vCPU 0, a 64-bit kernel's, are the four pages from 4 on.
    """

    pv = False

    def __init__(self, version=3, minor=None, vcpus=2, pvh=False, top=31, special=None):
        self.version, self.vcpus, self.pvh, self.top = version, vcpus, pvh, top
        self.minor = minor if minor is not None else (17 if version == 3 else 13)
        self.special = top - 7 if special is None else special
        self.memory = {}
        for pfn in range(top + 1):
            ram = pfn < 12 or 16 <= pfn < 24 or self.special <= pfn < self.special + 6
            self.memory[pfn] = (NOTAB, filled(pfn)) if ram else (XTAB, None)
        for pfn, page in memory.identity(4, 12).items():
            self.memory[pfn] = (NOTAB, page)

    def static(self):
        if self.version == 2:
            return []
        return [policy.cpuid_policy(), policy.msr_policy(), xenf.static_data_end()]

    def full_pass(self):
        return passes_of(self.memory, range(self.top + 1))

    def context(self):
        return hvm.context(hvm.context_entries(self.vcpus, self.pvh, self.version == 2, not self.pvh, cr3_pfn=4))

    def params(self):
        first = self.special
        if self.minor < 9:  # no parameter above 36 yet; the TSS without its size, and PAE_ENABLED
            return hvm.params([(hvm.P_STORE, first), (hvm.P_IOREQ, first + 2), (hvm.P_BUFIOREQ, first + 3),
                               (hvm.P_OLD_TSS, 0x1000), (hvm.P_CONSOLE, first + 1), (hvm.P_VIRIDIAN, 0x1F),
                               (hvm.P_PAE, 1)])
        if self.pvh:
            return hvm.params(hvm.param_list(first, first + 1, viridian=False))
        return hvm.params(hvm.param_list(first, first + 1, first + 2, first + 3, first + 4))

    def tail(self):
        return [xenf.tsc_info(), self.context(), self.params()]

    def image(self, records):
        return xenf.Image(xenf.HVM, self.version, self.minor, records)


class Pv:
    """Guest memory from 0 to top: start_info, p2m, store, console, then the page tables, the GDT, memory and holes.

    A 64-bit guest's tables are at 4 (L4, pinned), 5 (L3), 6 (L2), 7 (L1); a 32-bit guest's at 4 (L3, pinned), 5 (L2),
    7 (L1), and pfn 6 is ordinary memory there.
    """

    pv = True

    def __init__(self, version=3, width=8, minor=None, vcpus=2, top=31):
        self.version, self.width, self.vcpus, self.top = version, width, vcpus, top
        self.minor = minor if minor is not None else (17 if version == 3 else 13)
        # TSC_AUX since 4.12; images of version 2 are held against older receivers too, and have SPEC_CTRL.
        self.msrs = [(0xC0000103, 5)] if version == 3 else [(0x48, 1)]
        self.memory = {}
        for pfn in range(top + 1):
            self.memory[pfn] = (NOTAB, filled(pfn)) if pfn < 12 or 16 <= pfn < 28 else (XTAB, None)
        self.memory[0] = (NOTAB, build_pv.start_info(width, top + 1, 2, 3))
        self.place_tables()
        self.place_p2m([1])
        self.memory[8] = (NOTAB, bytes(8) + bytes.fromhex('FFFF000000FBCF00') * 31 + bytes(xenf.PAGE - 256))

    def place_tables(self):
        l3, l2, spare = (5, 6, []) if self.width == 8 else (4, 5, [6])
        tables = build_pv.guest_tables(self.width, [0, 1, 2, 3, 9, 10, 11] + spare, [4, 5, 7, 8], l3=l3, l2=l2)
        for pfn, (level, page) in tables.items():
            self.memory[pfn] = (level | PIN if pfn == 4 else level, page)

    def place_p2m(self, frames):
        self.frames = frames
        populated = {pfn for pfn, (kind, _) in self.memory.items() if kind != XTAB}
        per_page = xenf.PAGE // self.width
        for index, pfn in enumerate(frames):
            self.memory[pfn] = (NOTAB, build_pv.p2m_page(self.width, index * per_page, populated))

    def static(self):
        info = xenf.pv_info(self.width, 4 if self.width == 8 else 3)
        p2m = xenf.p2m_frames(self.top, self.frames)
        if self.version == 2:
            return [info, p2m]
        return [info, policy.cpuid_policy(), policy.msr_policy(), xenf.static_data_end(), p2m]

    def full_pass(self):
        return passes_of(self.memory, range(self.top + 1))

    def basic(self, number, res=0):
        return xenf.vcpu(xenf.X86_PV_VCPU_BASIC, number, build_pv.basic(self.width, number, root=4, gdt=[8]), res)

    def vcpu(self, number):
        """vCPU 1 has never touched extended state, and so the short XSAVE form."""
        extended = build_pv.extended(number, 64 if self.minor >= 10 else 56, self.width)
        return [self.basic(number), xenf.vcpu(xenf.X86_PV_VCPU_EXTENDED, number, extended),
                xenf.vcpu(xenf.X86_PV_VCPU_XSAVE, number, build_pv.xsave(0 if number else 7)),
                xenf.vcpu(xenf.X86_PV_VCPU_MSRS, number, build_pv.msrs(self.msrs))]

    def shared_info(self):
        return xenf.Record(xenf.SHARED_INFO, build_pv.shared_info(self.width, self.top + 1, root=4))

    def tail(self):
        records = [xenf.tsc_info(), self.shared_info()]
        for number in range(self.vcpus):
            records += self.vcpu(number)
        return records

    def image(self, records):
        return xenf.Image(xenf.PV, self.version, self.minor, records)
