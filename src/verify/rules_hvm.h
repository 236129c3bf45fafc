/*
 * rules_hvm.h - the rules about HVM_CONTEXT and HVM_PARAMS; what a row says stands at the head of rules.h.
 */
#ifndef GW_RULES_HVM_H
#define GW_RULES_HVM_H

#define GW_RULES_HVM(R)                                                                                                \
    R(CTX_MISSING, "ctx-missing", ERROR, "18.6", 'I', 'H', '-', "an HVM image has HVM_CONTEXT")                        \
    R(CTX_EMPTY, "ctx-empty", ERROR, "18.6", 'I', 'R', 'Y', "HVM_CONTEXT is not empty")                                \
    R(CTX_DUPLICATE, "ctx-duplicate", WARNING, "18.6", 'I', '-', '-',                                                  \
      "HVM_CONTEXT comes once in each checkpoint; the last one wins")                                                  \
    R(CTX_FRAMING, "ctx-framing", ERROR, "18.6", '-', 'H', '-',                                                        \
      "every entry of HVM_CONTEXT lies inside it, header and data")                                                    \
    R(CTX_HEADER_FIRST, "ctx-header-first", ERROR, "18.6", '-', 'H', '-',                                              \
      "HVM_CONTEXT begins with its HEADER entry of 24 octets")                                                         \
    R(CTX_MAGIC, "ctx-magic", ERROR, "18.6", '-', 'H', '-', "HVM_CONTEXT's HEADER begins with 0x54381286")             \
    R(CTX_VERSION, "ctx-version", ERROR, "18.6", '-', 'H', '-', "HVM_CONTEXT's version is 1")                          \
    R(CTX_CPUID_HOST, "ctx-cpuid-host", NOTE, "18.6", '-', 'L', '-',                                                   \
      "HVM_CONTEXT's HEADER names the processor that the CPUID policy describes")                                      \
    R(CTX_GTSC_VS_TSC, "ctx-gtsc-vs-tsc", WARNING, "18.6", '-', '-', '-',                                              \
      "HVM_CONTEXT's HEADER and X86_TSC_INFO agree on the frequency of the guest's time stamp counter")                \
    R(CTX_END, "ctx-end", ERROR, "18.6", '-', 'H', '-', "HVM_CONTEXT ends with its END entry")                         \
    R(CTX_TRAILING, "ctx-trailing", WARNING, "18.6", '-', '-', '-', "nothing stands behind HVM_CONTEXT's END entry")   \
    R(CTX_TYPE_UNKNOWN, "ctx-type-unknown", ERROR, "18.6", '-', 'H', '-',                                              \
      "the hypervisor knows every entry type of HVM_CONTEXT")                                                          \
    R(CTX_SIZE, "ctx-size", ERROR, "18.6", '-', 'H', '-',                                                              \
      "every entry of HVM_CONTEXT has a length that its type allows")                                                  \
    R(CTX_SIZE_TARGET, "ctx-size-target", ERROR, "18.6", '-', 'H', '-',                                                \
      "the receiver's release accepts the lengths of HVM_CONTEXT's entries")                                           \
    R(CTX_INSTANCE, "ctx-instance", ERROR, "18.6", '-', 'H', '-',                                                      \
      "instances fit: a vCPU's id, 0 or 1 for the PIC, else 0")                                                        \
    R(CTX_DUP_ENTRY, "ctx-dup-entry", WARNING, "18.6", '-', '-', '-',                                                  \
      "no type and instance stands in HVM_CONTEXT twice")                                                              \
    R(CTX_IRQ_ORDER, "ctx-irq-order", ERROR, "18.6", '-', '-', '-',                                                    \
      "PCI_IRQ, ISA_IRQ and PCI_LINK come in this order, or interrupt lines stay asserted")                            \
    R(CTX_CPU_NONE, "ctx-cpu-none", ERROR, "18.6", '-', '-', '-',                                                      \
      "HVM_CONTEXT has the registers of at least one vCPU, or none would come up")                                     \
    R(CTX_CPU_SET, "ctx-cpu-set", WARNING, "18.6", '-', '-', '-',                                                      \
      "the entries that every vCPU has are there for the same vCPUs")                                                  \
    R(CTX_CPU_CR0, "ctx-cpu-cr0", ERROR, "18.6", '-', 'H', '-',                                                        \
      "a vCPU's CR0 has ET, no reserved bit, and no paging without protection")                                        \
    R(CTX_CPU_CR4, "ctx-cpu-cr4", ERROR, "18.6", '-', 'H', '-',                                                        \
      "a vCPU's CR4 has only bits that a guest may have and whose features the CPUID policy has")                      \
    R(CTX_CPU_EFER, "ctx-cpu-efer", ERROR, "18.6", '-', 'H', '-',                                                      \
      "a vCPU's EFER has only known bits whose features the CPUID policy has, and LMA only with LME and paging")       \
    R(CTX_CPU_DEBUGREG, "ctx-cpu-debugreg", ERROR, "10.4", '-', 'H', '-',                                              \
      "a vCPU's DR6 and DR7 have 32 bits; newer Xen refuses more")                                                     \
    R(CTX_CPU_TSC_AUX, "ctx-cpu-tsc-aux", ERROR, "10.4", '-', 'H', '-',                                                \
      "a vCPU's TSC_AUX has 32 bits; newer Xen refuses more")                                                          \
    R(CTX_CPU_FLAGS, "ctx-cpu-flags", ERROR, "18.6", '-', 'H', '-',                                                    \
      "a CPU entry has no flag but bit 0, and zeros behind it")                                                        \
    R(CTX_CPU_RFLAGS, "ctx-cpu-rflags", WARNING, "18.6", '-', 'p', '-',                                                \
      "a vCPU's RFLAGS has bit 1 and no reserved bit; Xen sets the former itself")                                     \
    R(CTX_CPU_SEGMENTS, "ctx-cpu-segments", WARNING, "18.6", '-', 'p', '-',                                            \
      "a vCPU's CS, SS and TR fit its mode; otherwise it fails when it is entered")                                    \
    R(CTX_CPU_CR3, "ctx-cpu-cr3", WARNING, "18.6", '-', 'p', '-',                                                      \
      "a vCPU's CR3 is no wider than the CPUID policy's physical addresses, and with paging its page is in the image") \
    R(CTX_XSAVE_RULES, "ctx-xsave-rules", ERROR, "18.6", '-', 'H', '-',                                                \
      "a CPU_XSAVE entry has a legal set of states, holds none but those, and is as long as they need, not compacted") \
    R(CTX_XSAVE_LONG_TAIL, "ctx-xsave-long-tail", WARNING, "18.6", '-', 'H', '-',                                      \
      "what a CPU_XSAVE entry has behind its states is zero")                                                          \
    R(CTX_MSR_COUNT, "ctx-msr-count", ERROR, "18.6", '-', 'H', '-',                                                    \
      "a CPU_MSR entry has as many MSRs as it says, and zeros in their reserved fields")                               \
    R(CTX_MSR_KNOWN, "ctx-msr-known", ERROR, "18.6", '-', 'H', '-', "the receiver knows every MSR of CPU_MSR entries") \
    R(CTX_LAPIC_MODE, "ctx-lapic-mode", ERROR, "18.6", '-', 'H', '-',                                                  \
      "no LAPIC is in x2APIC mode while it is disabled")                                                               \
    R(CTX_LAPIC_LDR, "ctx-lapic-ldr", NOTE, "18.6", '-', 'p', '-',                                                     \
      "in x2APIC mode the logical id follows from the id; Xen up to 4.18 made others, newer ones cope with them")      \
    R(CTX_PIC_STATE, "ctx-pic-state", ERROR, "18.6", '-', 'H', '-',                                                    \
      "a PIC knows whether it is the master, and has a state that it could come to; Xen checks since 4.19")            \
    R(CTX_PIT_STATE, "ctx-pit-state", ERROR, "18.6", '-', 'H', '-',                                                    \
      "the PIT has a state that it could come to; Xen checks since 4.19")                                              \
    R(CTX_PCILINK_RANGE, "ctx-pcilink-range", ERROR, "18.6", '-', 'H', '-', "PCI links lead to ISA lines 0 to 15")     \
    R(CTX_MTRR_VCNT, "ctx-mtrr-vcnt", ERROR, "18.6", '-', 'H', '-', "a vCPU has at most 8 variable memory ranges")     \
    R(CTX_MTRR_CLONES, "ctx-mtrr-clones", NOTE, "18.6", '-', '-', '-',                                                 \
      "a vCPU's variable memory ranges are not all the first one: Xen 4.12 and later saves it in the others' place")   \
    R(CTX_VIRIDIAN_PARAM, "ctx-viridian-param", WARNING, "18.6", '-', '-', '-',                                        \
      "HVM_CONTEXT has entries of Viridian where HVM_PARAMS switches it on, and only there")                           \
    R(CTX_VIRIDIAN_PAD, "ctx-viridian-pad", ERROR, "10.2", '-', 'H', '-', "padding in VIRIDIAN_VCPU entries is zero")  \
    R(CTX_DEVICES_UNIFORM, "ctx-devices-uniform", WARNING, "18.6", '-', 'H', '-',                                      \
      "PIC, IOAPIC, PIT, RTC, HPET and PMTIMER are all there (HVM) or all absent (PVH)")                               \
    R(PARAM_SHORT, "param-short", ERROR, "18.6", 'Y', 'R', 'Y', "HVM_PARAMS has its 8 octets of header")               \
    R(PARAM_LENGTH, "param-length", ERROR, "18.6", 'Y', 'R', 'Y', "HVM_PARAMS is exactly as long as its count says")   \
    R(PARAM_RESERVED, "param-reserved", WARNING, "18.6", 'Y', '-', 'Y', "HVM_PARAMS' reserved field is zero")          \
    R(PARAM_EMPTY, "param-empty", NOTE, "18.6", 'Y', '-', 'w', "HVM_PARAMS has at least one parameter")                \
    R(PARAM_MISSING, "param-missing", WARNING, "18.6", 'I', '-', '-',                                                  \
      "an HVM image has HVM_PARAMS: without it the guest finds neither xenstore nor console")                          \
    R(PARAM_DUPLICATE, "param-duplicate", WARNING, "18.6", 'I', 'p', '-', "HVM_PARAMS names an index once")            \
    R(PARAM_DUPLICATE_RECORD, "param-duplicate-record", WARNING, "ours", 'I', '-', '-',                                \
      "HVM_PARAMS comes once in each checkpoint")                                                                      \
    R(PARAM_INDEX_KNOWN, "param-index-known", ERROR, "18.6", '-', 'H', '-',                                            \
      "the hypervisor accepts every index of HVM_PARAMS")                                                              \
    R(PARAM_PAE, "param-pae", NOTE, "18.6", '-', 'p', '-',                                                             \
      "PAE_ENABLED comes from Xen 4.13 or older; newer ones drop it")                                                  \
    R(PARAM_VM86_TSS, "param-vm86-tss", ERROR, "18.6", '-', 'H', '-',                                                  \
      "VM86_TSS is below 4 GiB, VM86_TSS_SIZED has a size of 104 octets at least")                                     \
    R(PARAM_VIRIDIAN_MASK, "param-viridian-mask", ERROR, "18.6", '-', 'H', '-',                                        \
      "VIRIDIAN has bit 0, and no bit that no Xen knows")                                                              \
    R(PARAM_X87, "param-x87", ERROR, "18.6", '-', 'H', '-', "X87_FIP_WIDTH is 0, 4 or 8")                              \
    R(PARAM_NR_IOREQ, "param-nr-ioreq", ERROR, "18.6", '-', 'H', '-', "NR_IOREQ_SERVER_PAGES is 1 to 64")              \
    R(PARAM_MCA_CAP, "param-mca-cap", ERROR, "10.9", '-', 'H', '-', "MCA_CAP has no bit but 0 (LMCE)")                 \
    R(PARAM_RING_PFN, "param-ring-pfn", NOTE, "18.6", '-', '-', '-',                                                   \
      "no ring of a paging, introspecting or sharing tool was in use: its page is not in the image")                   \
    R(PARAM_STORE_BACKED, "param-store-backed", ERROR, "18.6", 'I', '-', '-',                                          \
      "the xenstore page is memory of the image")                                                                      \
    R(PARAM_CONSOLE_BACKED, "param-console-backed", ERROR, "18.6", 'I', '-', '-',                                      \
      "the console page is memory of the image")                                                                       \
    R(PARAM_IOREQ_BACKED, "param-ioreq-backed", ERROR, "18.6", 'I', '-', '-',                                          \
      "the ioreq pages are memory of the image")                                                                       \
    R(PARAM_BEFORE_PAGES, "param-before-pages", WARNING, "18.6", 'I', '-', '-',                                        \
      "HVM_PARAMS comes behind the contents of the pages that it names, or those keep stale contents")                 \
    R(PARAM_AFTER_CONTEXT, "param-after-context", NOTE, "18.6", 'Y', '-', '-',                                         \
      "HVM_PARAMS comes behind HVM_CONTEXT, as every Xen writes it (the specification says before)")

#endif
