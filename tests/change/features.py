"""What an image can hold that only some releases take: how to put it in, since when it is known, how its loss is told.

The releases are those of the format's reference (7.5, 7.7, 9.1 to 9.3, 10.2, 10.7, 10.9, 13.1, 19.6), written down once
more here: not read from the program's tables.
"""
import struct

import hvm
import policy
import xenf
from guests import Hvm, Pv
from inside import build_hvm, build_pv
from streams import plain

FIRST, LAST = 6, 22
RELEASES = range(FIRST, LAST + 1)


class Feature:
    """takes(minor): that release takes it; told(minor): part of the sentence where it does not."""

    def __init__(self, name, image, takes, told, before_14=None):
        self.name, self.image, self.takes, self.sentence, self.before_14 = name, image, takes, told, before_14

    def told(self, minor):
        """What version 2 has no place for goes as a whole."""
        return self.before_14 if self.before_14 and minor < 14 else self.sentence


def since(minor):
    return lambda release: release >= minor


def old_hvm():
    """An image that every release takes as it is."""
    guest = Hvm(2, minor=6, vcpus=1)
    image = plain(guest)
    entries = build_hvm.aged(build_hvm.entries(1, cr3_pfn=4), 6)
    params = hvm.params([(hvm.P_STORE, guest.special), (hvm.P_CONSOLE, guest.special + 1), (hvm.P_VIRIDIAN, 0x1F)])
    return (image.replace(image.find(xenf.HVM_CONTEXT), hvm.context(entries))
            .replace(image.find(xenf.HVM_PARAMS), params)), entries, guest


def longer(entries, code, length, at, value):
    """The entry in a longer form, with octets where the shorter one has none."""
    def make(data):
        data = bytearray(data.ljust(length, b"\0"))
        data[at:at + len(value)] = value
        return bytes(data)
    return build_hvm.replaced(entries, code, 0, make)


def with_entries(change):
    image, entries, _ = old_hvm()
    return image.replace(image.find(xenf.HVM_CONTEXT), hvm.context(change(entries)))


def with_param(index, value):
    image, _, guest = old_hvm()
    pairs = [(hvm.P_STORE, guest.special), (hvm.P_CONSOLE, guest.special + 1), (hvm.P_VIRIDIAN, 0x1F), (index, value)]
    return image.replace(image.find(xenf.HVM_PARAMS), hvm.params(pairs))


def with_msr(index):
    def change(entries):
        entry = (hvm.C_CPU_MSR, 0, build_hvm.cpu_msr(((0x48, 1), (index, 1))))
        rest = [x for x in entries if x[0] != hvm.C_CPU_MSR]
        return rest[:-1] + [entry] + rest[-1:]
    return with_entries(change)


def with_static(record):
    """A version 3 image in which one of the policies is that record."""
    image = plain(Hvm(3, vcpus=1, minor=14))
    entries = build_hvm.aged(build_hvm.entries(1, cr3_pfn=4), 14)
    image = image.replace(image.find(xenf.HVM_CONTEXT), hvm.context(entries))
    return image.replace(image.find(record.kind), record)


def leaves(*more):
    """A policy with more leaves, and limits that name them."""
    found = [list(leaf) for leaf in policy.plain_leaves()]
    for leaf in found:
        if leaf[0] == 7:
            leaf[2] = max([0] + [x[1] for x in more if x[0] == 7])
        if leaf[0] == 0x80000000:
            leaf[2] = max([0x80000008] + [x[0] for x in more])
    found += [list(x) for x in more]
    top = max(leaf[0] for leaf in found)
    have = {leaf[0] for leaf in found}
    found += [[number, policy.NONE, 0, 0, 0, 0] for number in range(0x80000009, top + 1) if number not in have]
    found.sort(key=lambda x: (x[0], x[1] if x[1] != policy.NONE else 0))
    return policy.cpuid_policy([tuple(x) for x in found])


def old_pv(vcpu_records=None, minor=6):
    guest = Pv(2, 8, minor=minor, vcpus=1)
    guest.msrs = [(0x48, 1)]
    image = plain(guest)
    for record in vcpu_records or []:
        image = image.replace(image.find(record.kind), record)
    return image


def extended():
    blob = bytearray(build_pv.extended(0, 64, 8))
    blob[56:64] = struct.pack("<Q", 1)
    return xenf.vcpu(xenf.X86_PV_VCPU_EXTENDED, 0, bytes(blob))


def odd_xsave():
    """PKRU's 8 octets end at 2696: no multiple of 16."""
    return xenf.vcpu(xenf.X86_PV_VCPU_XSAVE, 0, build_pv.xsave(7 | 1 << 9))


def pvh():
    image = plain(Hvm(2, minor=10, pvh=True, vcpus=1))
    entries = build_hvm.aged(build_hvm.entries(1, pvh=True), 6)
    return image.replace(image.find(xenf.HVM_CONTEXT), hvm.context(entries))


def tsc_mode_3():
    image, _, _ = old_hvm()
    return image.replace(image.find(xenf.X86_TSC_INFO), xenf.tsc_info(mode=3))


def policies_of(minor):
    """Both policies as that release takes them."""
    return with_static(policy.msr_policy(((0xCE, 0, 0x80000000),)))


def features():
    octet = b"\1"
    return [
        Feature("policies", lambda: policies_of(14), since(14), "X86_CPUID_POLICY"),
        Feature("fpu-not-used", lambda: with_entries(lambda e: longer(e, hvm.C_CPU, 1032, 1024, b"")), since(7),
                "flags of CPU"),
        Feature("lapic-esr", lambda: with_entries(lambda e: longer(e, hvm.C_LAPIC, 32, 24, octet)), since(21),
                "of LAPIC"),
        Feature("rtc-offset", lambda: with_entries(lambda e: longer(e, hvm.C_RTC, 24, 16, octet)), since(14),
                "of RTC"),
        Feature("viridian-messages", lambda: with_entries(lambda e: longer(e, hvm.C_VIRIDIAN_VCPU, 216, 16, octet)),
                since(13), "simp_msr of VIRIDIAN_VCPU"),
        Feature("viridian-assist", lambda: with_entries(lambda e: longer(e, hvm.C_VIRIDIAN_VCPU, 16, 8, octet)),
                since(7), "apic_assist_pending of VIRIDIAN_VCPU"),
        Feature("vmce-lmce", lambda: with_entries(lambda e: longer(e, hvm.C_VMCE_VCPU, 32, 24, octet)), since(10),
                "mcg_ext_ctl of VMCE_VCPU"),
        Feature("msr-xss", lambda: with_msr(0xDA0), since(7), "MSR 0xda0 XSS"),
        Feature("msr-virt-spec-ctrl", lambda: with_msr(0xC001011F), since(17), "MSR 0xc001011f VIRT_SPEC_CTRL"),
        Feature("msr-pkrs", lambda: with_msr(0x6E1), since(18), "MSR 0x6e1 PKRS"),
        Feature("param-x87", lambda: with_param(36, 8), since(7), "X87_FIP_WIDTH"),
        Feature("param-mca-cap", lambda: with_param(38, 1), since(10), "MCA_CAP"),
        Feature("leaf-extended", lambda: with_static(leaves((0x80000021, policy.NONE, 1, 0, 0, 0))), since(16),
                "leaf 0x80000021", "X86_CPUID_POLICY"),
        Feature("leaf-7-2", lambda: with_static(leaves((7, 1, 0, 0, 0, 0), (7, 2, 0, 0, 0, 1))), since(17),
                "leaf 0x7, subleaf 0x2", "X86_CPUID_POLICY"),
        Feature("msr-arch-capabilities", lambda: with_static(policy.msr_policy(((0xCE, 0, 0), (0x10A, 0, 1)))),
                since(15), "MSR 0x10a ARCH_CAPABILITIES", "X86_MSR_POLICY"),
        Feature("tsc-mode-3", tsc_mode_3, lambda release: release < 12, "mode 3 of X86_TSC_INFO"),
        Feature("pv-lmce", lambda: old_pv([extended()]), since(10), "vmce_mcg_ext_ctl"),
        Feature("pv-msr-tsc-aux",
                lambda: old_pv([xenf.vcpu(xenf.X86_PV_VCPU_MSRS, 0, build_pv.msrs([(0x48, 1), (0xC0000103, 5)]))]),
                since(12), "MSR 0xc0000103 TSC_AUX"),
        Feature("pv-xsave-pkru", lambda: old_pv([odd_xsave()]), since(10), "X86_PV_VCPU_XSAVE of"),
    ]


def noted():
    """(name, image, releases in which it is told, and no loss; what is told)."""
    return [
        ("tss-without-size", with_param(37, 0x80 << 32 | 0x1000), since(9), "VM86_TSS_SIZED of HVM_PARAMS became"),
        ("pae", with_param(4, 1), lambda release: release < 14, "passes over PAE_ENABLED"),
        ("pvh", pvh(), since(10), "kind PVH"),
        ("linear-p2m", old_pv(), since(7), "p2m is linear"),
    ]
