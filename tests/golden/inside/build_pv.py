"""Sane contents of PV records, of both widths: vCPU contexts, shared_info, start_info, the p2m's frames, page tables.

Contexts and pages are octets; change a member by its name with put():

    blob = build_pv.put('vcpu_guest_context_64', build_pv.basic(8, 0, 4), gdt_ents=7169)
    blob = build_pv.put('vcpu_guest_context_64', blob, **{'ctrlreg[3]': 99 << 12})
"""

import struct

from inside import layouts_pv as layouts
from inside.layout import LAYOUTS
from inside.memory import A, D, P, PAGE, RW, US, fxsave, table, xsave_area

KERNEL = {8: 0xFFFFFFFF80000000, 4: 0xC0000000}  # where the tables of guest_tables() place the guest's memory
SELECTORS = {8: (0xE033, 0xE02B), 4: (0xE019, 0xE021)}  # code, data: Xen's flat ones
MCG_CAP = 2
GUEST_KERNEL = 1 << 52  # Xen's own mark of a 64-bit kernel's pages, beside USER (section 14.7)
MFN = 0x34000  # pfn n is machine frame MFN + n wherever a stale machine frame is left


def put(name, octets, **members):
    return LAYOUTS[name].put(octets, **members)


def cr3(width, pfn):
    """64-bit: plain; 32-bit: the frame's high bits folded into the low ones."""
    return pfn << 12 if width == 8 else (pfn << 12 | pfn >> 20) & 0xFFFFFFFF


def basic(width, number, root, start_info=0, gdt=(), gdt_ents=None, user_root=None):
    """The vcpu_guest_context of a kernel that asked to be suspended. gdt: the pfns of its frames."""
    code, data = SELECTORS[width]
    home = KERNEL[width]
    ents = 512 * len(gdt) if gdt_ents is None else gdt_ents
    control = [0x8005003B, 0 if user_root is None else user_root << 12 | 1, 0, cr3(width, root), 0x660]
    common = dict(fpu_ctxt=fxsave(), flags=0x24, gdt_frames=list(gdt), gdt_ents=ents, kernel_ss=data,
                  kernel_sp=home + 0x3000, ctrlreg=control, debugreg=[0, 0, 0, 0, 0, 0, 0xFFFF0FF0, 0x400],
                  event_callback_eip=home + 0x1100, failsafe_callback_eip=home + 0x1180)
    traps = {'trap_ctxt[%d].%s' % (vector, name): value for vector in (0, 3, 6, 13, 14, 0x80)
             for name, value in dict(vector=vector, flags=3 if vector in (3, 0x80) else 4, cs=code,
                                     address=home + 0x1000 + 16 * vector).items()}
    regs = {'user_regs.cs': code, 'user_regs.ss': data, 'user_regs.saved_upcall_mask': 1}
    if width == 8:
        regs.update({'user_regs.rip': home + 0x10CA, 'user_regs.rsp': home + 0x2FC0, 'user_regs.rflags': 0x246,
                     'user_regs.rbx': 0x1122334455667788, 'user_regs.rdx': start_info if number == 0 else 0})
        more = dict(syscall_callback_eip=home + 0x1200, gs_base_kernel=home + 0x9000, fs_base=0x7F0000001000,
                    vm_assist=0x20)
        return layouts.BASIC_64.make(**common, **traps, **regs, **more)
    regs.update({'user_regs.eip': home + 0x10CA, 'user_regs.esp': home + 0x2FC0, 'user_regs.eflags': 0x246,
                 'user_regs.ds': data, 'user_regs.es': data, 'user_regs.edx': start_info if number == 0 else 0})
    more = dict(event_callback_cs=code, failsafe_callback_cs=code, vm_assist=0x28)
    return layouts.BASIC_32.make(**common, **traps, **regs, **more)


def extended(number, size=64, width=8):
    """size: 64, or 56 up to Xen 4.9."""
    home = KERNEL[width]
    blob = layouts.EXTENDED.make(vcpu=number, size=size, sysenter_callback_eip=home + 0x1300,
                                 sysenter_callback_cs=SELECTORS[width][0], vmce_caps=MCG_CAP)
    return blob[:size]


def xsave(accum=7, xcr0=None):
    """accum 0: the form of 16 octets."""
    head = struct.pack('<QQ', accum if xcr0 is None else xcr0, accum)
    return head + (xsave_area(accum) if accum else b'')


def msrs(entries=((0xC0000103, 5),)):
    return b''.join(struct.pack('<IIQ', index, 0, value) for index, value in entries)


def shared_info(width, max_pfn, root=None):
    """A page with every event channel masked; root: the pfn whose machine frame the guest named as p2m_cr3."""
    layout = layouts.SHARED_INFO_64 if width == 8 else layouts.SHARED_INFO_32
    linear = {}
    if root is not None:
        linear = {'arch.p2m_cr3': cr3(width, MFN + root), 'arch.p2m_vaddr': KERNEL[width] + 0x1000,
                  'arch.p2m_generation': 6}
    clock = {'vcpu_info[0].time.' + name: value for name, value in dict(
        version=4, tsc_timestamp=2440904030, system_time=8156857518, tsc_to_system_mul=3308759957,
        tsc_shift=-1).items()}
    masks = {'vcpu_info[%d].evtchn_upcall_mask' % number: 1 for number in range(32)}
    masks['evtchn_mask'] = b'\xff' * (512 if width == 8 else 128)
    page = layout.make(wc_version=2, wc_sec=1795257229, wc_nsec=896959506, evtchn_pending=b'\x06', **masks, **clock,
                       **linear, **{'arch.max_pfn': max_pfn, 'arch.pfn_to_mfn_frame_list_list': MFN + 9})
    return page.ljust(PAGE, b'\0')


def start_info(width, nr_pages, store, console, root=4, num_tables=4):
    """The page, as a guest leaves it that is being suspended: store and console are pfns."""
    layout = layouts.START_INFO_64 if width == 8 else layouts.START_INFO_32
    magic = b'xen-3.0-x86_64' if width == 8 else b'xen-3.0-x86_32p'
    home = KERNEL[width]
    page = layout.make(magic=magic, nr_pages=nr_pages, shared_info=0x3BEEF000, store_mfn=store, store_evtchn=1,
                       pt_base=home + (root << 12), nr_pt_frames=num_tables, mfn_list=home + 0x1000,
                       cmd_line=b'root=/dev/xvda1 ro console=hvc0',
                       **{'console.mfn': console, 'console.evtchn': 2})
    return page.ljust(PAGE, b'\0')


def p2m_page(width, first, populated):
    """One of the p2m's frames, with stale machine frames; populated: the pfns that are there."""
    code, none = ('<512Q', (1 << 64) - 1) if width == 8 else ('<1024I', 0xFFFFFFFF)
    per_page = PAGE // width
    return struct.pack(code, *[MFN + pfn if pfn in populated else none for pfn in range(first, first + per_page)])


def guest_tables(width, writable, readable, l4=4, l3=5, l2=6, l1=7, user_l4=None):
    """pfn -> (level, page) of tables that place pfn n at KERNEL + n * 4096, for the pfns named.

    A 64-bit guest's root is l4; a 32-bit one's l3, and l4 is not used. user_l4: a second root, for the user's half,
    which is empty.
    """
    kernel = P | A | D | (GUEST_KERNEL | US if width == 8 else 0)
    leaf = {pfn: (pfn, kernel | RW) for pfn in writable}
    leaf.update({pfn: (pfn, kernel) for pfn in readable})
    found = {l1: (1, table(leaf))}
    if width == 4:
        found[l2] = (2, table({0: (l1, P | RW | US | A | D)}))
        found[l3] = (3, table({3: (l2, P)}))
        return found
    found[l2] = (2, table({0: (l1, P | RW | US | A | D)}))
    found[l3] = (3, table({510: (l2, P | RW | US | A | D)}))
    found[l4] = (4, table({511: (l3, P | RW | US | A | D)}))
    if user_l4 is not None:
        found[user_l4] = (4, table({}))
    return found
