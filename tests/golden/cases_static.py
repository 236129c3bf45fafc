"""Faults of the static part, of the policies, and of the markers VERIFY, CHECKPOINT and END."""

import policy
import xenf
from case import Case, before, behind, put, without
from guests import Hvm, Pv, passes_of
from streams import checkpointed, plain, verified
from xenf import NOTAB, Record, filled

NONE = policy.NONE
BODY = bytes(range(1, 9))  # a body that is neither empty nor text


def static_end_cases():
    hvm3, hvm2, pv3, pv2 = plain(Hvm(3)), plain(Hvm(2)), plain(Pv(3)), plain(Pv(2))
    sde, first_memory = xenf.STATIC_DATA_END, hvm3.number(xenf.PAGE_DATA)
    late_tsc = hvm3.move(hvm3.find(xenf.X86_TSC_INFO), hvm3.find(sde))
    late_vcpu = pv3.move(pv3.find(xenf.X86_PV_VCPU_BASIC, 1), pv3.find(sde))
    return [
        Case('sde-missing-hvm', 'sde-missing', without(hvm3, sde)),
        Case('sde-missing-pv', 'sde-missing', without(pv3, sde)),
        Case('sde-duplicate', 'sde-duplicate', behind(hvm3, sde, xenf.static_data_end()), record=first_memory),
        Case('sde-duplicate-pv', 'sde-duplicate', before(pv3, xenf.END, xenf.static_data_end()),
             record=len(pv3.records)),
        # Behind the place where version 2 infers it. That version 2 has no such record at all goes without saying.
        Case('sde-duplicate-inferred', 'sde-duplicate', behind(hvm2, xenf.PAGE_DATA, xenf.static_data_end()),
             may=['sde-in-v2'], record=hvm2.number(xenf.PAGE_DATA) + 1),
        Case('sde-in-v2', 'sde-in-v2', before(hvm2, xenf.PAGE_DATA, xenf.static_data_end()), record=1),
        Case('sde-in-v2-pv', 'sde-in-v2', before(pv2, xenf.X86_PV_P2M_FRAMES, xenf.static_data_end()), record=2),
        Case('sde-body', 'sde-body', put(hvm3, sde, xenf.static_data_end(BODY)), record=hvm3.number(sde)),
        # What stands before STATIC_DATA_END stands before the memory as well.
        Case('sde-late-hvm', 'sde-late', late_tsc, also=['tail-before-memory']),
        Case('sde-late-pv', 'sde-late', late_vcpu, also=['tail-before-memory']),
        # What stands there is not applied: at STATIC_DATA_END the policy is missing.
        Case('static-after-sde-msr', 'static-after-sde', hvm3.swap(1, 2), also=['msr-missing-v3'], record=3),
        Case('static-after-sde-cpuid', 'static-after-sde', hvm3.move(0, 2), also=['cpuid-missing-v3'], record=3),
        Case('static-after-sde-pvinfo', 'static-after-sde',
             pv3.move(pv3.find(xenf.X86_PV_INFO), pv3.find(sde)), record=pv3.number(sde)),
        Case('policy-in-v2', 'policy-in-v2', hvm2.insert(0, policy.cpuid_policy()), record=1),
        Case('policy-in-v2-msr', 'policy-in-v2', pv2.insert(1, policy.msr_policy()), record=2),
    ]


def policy_cases():
    hvm3, pv3 = plain(Hvm(3)), plain(Pv(3))
    leaves, cpuid, msr = policy.plain_leaves(), xenf.X86_CPUID_POLICY, xenf.X86_MSR_POLICY

    def with_leaves(changed, image=hvm3):
        return put(image, cpuid, policy.cpuid_policy(changed))

    def with_msrs(*entries):
        return put(hvm3, msr, policy.msr_policy(entries))

    unmarked = [(leaf[0], 0) + leaf[2:] if leaf[0] == 1 else leaf for leaf in leaves]
    ordered = sorted(leaves)
    few_states = policy.plain_leaves(xcr0=3)
    return [
        Case('cpuid-zero', 'cpuid-zero', put(hvm3, cpuid, Record(cpuid)), record=1),
        Case('cpuid-multiple', 'cpuid-multiple',
             put(hvm3, cpuid, Record(cpuid, policy.cpuid_policy().body[:-8])), record=1),
        Case('cpuid-duplicate-record', 'cpuid-duplicate-record', hvm3.insert(1, policy.cpuid_policy()), record=2),
        # Xen's tables have exactly as many places as it accepts entries: more can only be repeats. Xen refuses the
        # number before it looks at the leaves, and so may a checker.
        Case('cpuid-too-many', 'cpuid-too-many', with_leaves(leaves + leaves[-1:] * (121 - len(leaves))),
             may=['cpuid-duplicate-leaf'], record=1),
        Case('cpuid-unknown-leaf', 'cpuid-unknown-leaf', with_leaves(leaves + [(0x80000022, NONE, 0, 0, 0, 0)]),
             record=1),
        Case('cpuid-unknown-leaf-basic', 'cpuid-unknown-leaf', with_leaves(leaves + [(0xE, NONE, 0, 0, 0, 0)])),
        Case('cpuid-unknown-subleaf', 'cpuid-unknown-leaf', with_leaves(leaves + [(7, 3, 0, 0, 0, 0)])),
        Case('cpuid-unknown-subleaf-state', 'cpuid-unknown-leaf', with_leaves(leaves + [(0xD, 63, 0, 0, 0, 0)])),
        Case('cpuid-unknown-leaf-hypervisor', 'cpuid-unknown-leaf',
             with_leaves(leaves + [(0x40000001, NONE, 0, 0, 0, 0)])),
        Case('cpuid-subleaf-marker', 'cpuid-subleaf-marker', with_leaves(unmarked), record=1),
        Case('cpuid-duplicate-leaf', 'cpuid-duplicate-leaf', with_leaves(leaves[:2] + leaves[1:]), record=1),
        Case('cpuid-order', 'cpuid-order', with_leaves(leaves[:1] + leaves[2:4] + leaves[1:2] + leaves[4:]), record=1),
        Case('cpuid-leaf0-missing', 'cpuid-leaf0-missing', with_leaves(ordered[1:]), record=1),
        Case('cpuid-xstate-consistent-hvm', 'cpuid-xstate-consistent', with_leaves(few_states)),
        Case('cpuid-xstate-consistent-pv', 'cpuid-xstate-consistent', with_leaves(few_states, pv3)),
        Case('cpuid-missing-v3', 'cpuid-missing-v3', without(hvm3, cpuid)),
        Case('cpuid-missing-v3-both', 'cpuid-missing-v3', without(pv3, cpuid, msr), also=['msr-missing-v3']),
        Case('msr-missing-v3', 'msr-missing-v3', without(hvm3, msr)),
        Case('msr-missing-v3-pv', 'msr-missing-v3', without(pv3, msr)),
        Case('cpuid-incomplete-last', 'cpuid-incomplete', with_leaves(leaves[:-1]), record=1),
        Case('cpuid-incomplete-basic', 'cpuid-incomplete', with_leaves([x for x in leaves if x[0] != 6]), record=1),
        Case('msr-zero', 'msr-zero', put(hvm3, msr, Record(msr)), record=2),
        Case('msr-multiple', 'msr-multiple', put(hvm3, msr, Record(msr, policy.msr_policy().body[:-8])), record=2),
        Case('msr-flags', 'msr-flags', with_msrs((0xCE, 1, 0)), record=2),
        Case('msr-unknown', 'msr-unknown', with_msrs((0xCE, 0, 0), (0x123, 0, 0)), record=2),
        Case('msr-unknown-target', 'msr-unknown', with_msrs((0xCE, 0, 0), (0x10A, 0, 0)),
             options=['--for-xen', '4.14'], may=['ctx-size-target'], record=2),
        Case('msr-duplicate-record', 'msr-duplicate-record', hvm3.insert(2, policy.msr_policy()), record=3),
    ]


def verify_cases():
    guest = Hvm(3)
    image, pv = verified(guest), verified(Pv(2))
    marker, full = image.find(xenf.VERIFY), image.find(xenf.VERIFY) + 1
    other, more, fewer = dict(guest.memory), dict(guest.memory), dict(guest.memory)
    other[7] = (NOTAB, filled(7)[:-1] + b'\1')
    more[13] = (NOTAB, filled(13))
    late = Hvm(3)
    remus = checkpointed(late)
    remus_pv = checkpointed(Pv(2))
    tsc = xenf.X86_TSC_INFO
    del fewer[20]
    return [
        Case('verify-body', 'verify-body', put(image, xenf.VERIFY, xenf.verify(BODY)), record=marker + 1),
        Case('verify-present', 'verify-present', image, record=marker + 1),
        Case('verify-twice', 'verify-twice', behind(image, xenf.VERIFY, xenf.verify()), record=marker + 2),
        Case('verify-twice-later', 'verify-twice', image.insert(full + 1, xenf.verify())),
        # Comparing never ends: what the third checkpoint brings differs from what was there.
        Case('verify-in-checkpointed', 'verify-in-checkpointed',
             before(remus, tsc, xenf.verify(), *settled(late), nth=0), also=['verify-mismatch']),
        Case('verify-in-checkpointed-pv', 'verify-in-checkpointed', before(remus_pv, tsc, xenf.verify()),
             also=['verify-mismatch']),
        Case('verify-new-page', 'verify-new-page', image.replace(full, *passes_of(more, range(guest.top + 1))),
             record=full + 1),
        Case('verify-mismatch', 'verify-mismatch', image.replace(full, *passes_of(other, range(guest.top + 1))),
             record=full + 1),
        Case('verify-mismatch-zero', 'verify-mismatch',
             image.replace(full, *passes_of({**guest.memory, 7: (NOTAB, bytes(4096))}, range(guest.top + 1))),
             record=full + 1),
        Case('verify-incomplete', 'verify-incomplete', image.replace(full, *passes_of(fewer, sorted(fewer)))),
        Case('verify-incomplete-none', 'verify-incomplete', pv.drop(pv.find(xenf.VERIFY) + 1)),
    ]


def settled(guest):
    return passes_of(guest.memory, range(guest.top + 1))


def marker_cases():
    hvm3, pv2 = plain(Hvm(3)), plain(Pv(2))
    remus, guest = checkpointed(Hvm(3)), Hvm(3)
    last = len(remus.records)
    begun = remus.append(*passes_of(guest.memory, [3, 5]))
    cut = remus.append(*passes_of(guest.memory, [3, 5]), xenf.tsc_info()).octets()
    ended = remus.append(xenf.end())
    at = remus.offset(remus.find(xenf.CHECKPOINT) + 1)
    octets = remus.octets()
    page = remus.offset(last) + 8 + 16 + 100
    return [
        Case('ckpt-in-plain', 'ckpt-in-plain', hvm3.insert(hvm3.find(xenf.END), xenf.checkpoint())),
        Case('ckpt-in-plain-remus-4.6', 'ckpt-in-plain', ended),
        Case('ckpt-in-plain-pv', 'ckpt-in-plain', pv2.insert(pv2.find(xenf.END), xenf.checkpoint())),
        Case('ckpt-body', 'ckpt-body', put(remus, xenf.CHECKPOINT, xenf.checkpoint(BODY), nth=1),
             record=remus.number(xenf.CHECKPOINT, 1)),
        Case('ckpt-incomplete', 'ckpt-incomplete', begun),
        Case('ckpt-incomplete-in-header', 'ckpt-incomplete', cut[:remus.offset(last) + 3]),
        Case('ckpt-incomplete-in-body', 'ckpt-incomplete', cut[:page]),
        Case('ckpt-incomplete-in-tail', 'ckpt-incomplete', cut),
        Case('carrier-no-newheader', 'carrier-no-newheader', octets[:at] + octets[:40] + octets[at:],
             may=['ckpt-incomplete']),
        Case('carrier-gap', 'carrier-gap', remus),
        Case('end-body', 'end-body', put(hvm3, xenf.END, xenf.end(BODY)), record=len(hvm3.records)),
        Case('end-body-pv', 'end-body', put(pv2, xenf.END, xenf.end(BODY)), record=len(pv2.records)),
    ]


def dirty_list_cases():
    """A list of dirty pfns belongs to the back channel: in an image it is out of place whatever it holds."""
    hvm3 = plain(Hvm(3))
    where = hvm3.number(xenf.END)
    kind = xenf.CHECKPOINT_DIRTY_PFN_LIST
    # Xen 4.18 and later write a header of 16 octets: the last pfn is then taken for a record of that type.
    shifted = Record(kind, b'\0' * 8 + b'\5' + b'\0' * 7).octets() + (0x1234).to_bytes(8, 'little')
    octets, at = hvm3.octets(), hvm3.offset(where - 1)
    # As recorded from a COLO secondary whose dirty pfns were 1 and 2 (section 17.6).
    recorded = bytes.fromhex('0F00000010000000' '0000000000000000' '0100000000000000' '0200000000000000')
    return [
        Case('dirty-list-shifted-recorded', 'dirty-list-shifted', octets[:at] + recorded + octets[at:],
             also=['rec-type-backchannel'], may=['rec-type-guest'], record=where),
        Case('dirty-list-multiple', 'dirty-list-multiple', before(hvm3, xenf.END, Record(kind, bytes(12))),
             also=['rec-type-backchannel'], record=where),
        Case('dirty-list-range', 'dirty-list-range', before(hvm3, xenf.END, xenf.dirty_pfn_list([5, 1 << 40])),
             also=['rec-type-backchannel'], record=where),
        Case('dirty-list-shifted', 'dirty-list-shifted', octets[:at] + shifted + octets[at:],
             also=['rec-type-backchannel'], may=['rec-type-unknown-mandatory'], record=where),
    ]


def cases():
    return static_end_cases() + policy_cases() + verify_cases() + marker_cases() + dirty_list_cases()
