/*
 * layout_hvm_devices.h - the platform's devices inside HVM_CONTEXT (section 10.5), named as in Xen's
 * public/arch-x86/hvm/save.h; bit fields there are parts of a number here.
 */
#ifndef GW_LAYOUT_HVM_DEVICES_H
#define GW_LAYOUT_HVM_DEVICES_H

#include "layout.h"

#define GW_HVM_HW_VPIC(F, S, P)                                                                                        \
    F(P, irr, 0, 1, 1, BITMAP, ANY, NO_BITS, "lines that ask")                                                         \
    F(P, imr, 1, 1, 1, BITMAP, ANY, NO_BITS, "lines that are masked")                                                  \
    F(P, isr, 2, 1, 1, BITMAP, ANY, NO_BITS, "lines in service")                                                       \
    F(P, irq_base, 3, 1, 1, HEX, ANY, NO_BITS, "vector of line 0")                                                     \
    F(P, init_state, 4, 1, 1, HEX, ANY, gw_bits_pic_init, "step of the initialisation; line of highest priority")      \
    F(P, flags, 5, 1, 1, HEX, ANY, gw_bits_pic_flags, "modes")                                                         \
    F(P, elcr, 6, 1, 1, BITMAP, ANY, NO_BITS, "lines that are level-triggered")                                        \
    F(P, int_output, 7, 1, 1, DEC, MOST("ctx-pic-state", 1), NO_BITS, "the chip's output")

#define GW_HVM_HW_VIOAPIC(F, S, P)                                                                                     \
    F(P, base_address, 0, 8, 1, HEX, ANY, NO_BITS, "where the guest sees it")                                          \
    F(P, ioregsel, 8, 4, 1, HEX, ANY, NO_BITS, "register that is selected")                                            \
    F(P, id, 12, 4, 1, HEX, ANY, NO_BITS, "of the chip")                                                               \
    F(P, redirtbl, 16, 8, 48, HEX, ANY, gw_bits_redirection, "redirections: 16 ISA lines, 32 others")

#define GW_HVM_HW_LAPIC(F, S, P)                                                                                       \
    F(P, apic_base_msr, 0, 8, 1, HEX, ANY, gw_bits_apic_base, "APIC_BASE")                                             \
    F(P, disabled, 8, 4, 1, HEX, ANY, gw_bits_apic_disabled, "who disabled it")                                        \
    F(P, timer_divisor, 12, 4, 1, DEC, ANY, NO_BITS, "of the timer")                                                   \
    F(P, tdt_msr, 16, 8, 1, HEX, ANY, NO_BITS, "TSC_DEADLINE")                                                         \
    F(P, pending_esr, 24, 4, 1, HEX, ANY, NO_BITS, "errors to be latched, since Xen 4.21 (4.18.5, 4.19.2, 4.20.1)")    \
    F(P, pad0, 28, 4, 1, PAD, ANY, NO_BITS, "not used")

/* The registers stand every 16 octets, as in the page that the guest sees. */
#define GW_HVM_HW_LAPIC_REGS(F, S, P)                                                                                  \
    F(P, id, 0x020, 4, 1, HEX, ANY, NO_BITS, "of the APIC; outside x2APIC mode in bits 24 to 31")                      \
    F(P, version, 0x030, 4, 1, HEX, ANY, gw_bits_apic_version, "of the APIC")                                          \
    F(P, tpr, 0x080, 4, 1, HEX, ANY, NO_BITS, "priority of the task")                                                  \
    F(P, apr, 0x090, 4, 1, HEX, ANY, NO_BITS, "priority in arbitration")                                               \
    F(P, ppr, 0x0a0, 4, 1, HEX, ANY, NO_BITS, "priority of the processor")                                             \
    F(P, eoi, 0x0b0, 4, 1, HEX, ANY, NO_BITS, "end of interrupt, written only")                                        \
    F(P, rrd, 0x0c0, 4, 1, HEX, ANY, NO_BITS, "remote read")                                                           \
    F(P, ldr, 0x0d0, 4, 1, HEX, ANY, NO_BITS, "logical destination")                                                   \
    F(P, dfr, 0x0e0, 4, 1, HEX, ANY, NO_BITS, "form of the destination")                                               \
    F(P, svr, 0x0f0, 4, 1, HEX, ANY, gw_bits_apic_svr, "spurious vector")                                              \
    F(P, isr, 0x100, EVERY(16, 4), 8, BITMAP, ANY, NO_BITS, "vectors in service")                                      \
    F(P, tmr, 0x180, EVERY(16, 4), 8, BITMAP, ANY, NO_BITS, "vectors that are level-triggered")                        \
    F(P, irr, 0x200, EVERY(16, 4), 8, BITMAP, ANY, NO_BITS, "vectors that ask")                                        \
    F(P, esr, 0x280, 4, 1, HEX, ANY, NO_BITS, "errors")                                                                \
    F(P, lvtcmci, 0x2f0, 4, 1, HEX, ANY, gw_bits_apic_lvt, "corrected machine checks")                                 \
    F(P, icr, 0x300, 4, 1, HEX, ANY, gw_bits_apic_icr, "interrupt command")                                            \
    F(P, icr2, 0x310, 4, 1, HEX, ANY, NO_BITS, "its destination")                                                      \
    F(P, lvtt, 0x320, 4, 1, HEX, ANY, gw_bits_apic_lvt, "timer")                                                       \
    F(P, lvtthmr, 0x330, 4, 1, HEX, ANY, gw_bits_apic_lvt, "thermal sensor")                                           \
    F(P, lvtpc, 0x340, 4, 1, HEX, ANY, gw_bits_apic_lvt, "performance counters")                                       \
    F(P, lvt0, 0x350, 4, 1, HEX, ANY, gw_bits_apic_lvt, "LINT0")                                                       \
    F(P, lvt1, 0x360, 4, 1, HEX, ANY, gw_bits_apic_lvt, "LINT1")                                                       \
    F(P, lvterr, 0x370, 4, 1, HEX, ANY, gw_bits_apic_lvt, "errors")                                                    \
    F(P, tmict, 0x380, 4, 1, HEX, ANY, NO_BITS, "count that the timer begins with")                                    \
    F(P, tmcct, 0x390, 4, 1, HEX, ANY, NO_BITS, "count that the timer is at")                                          \
    F(P, tdcr, 0x3e0, 4, 1, HEX, ANY, NO_BITS, "timer's divisor")

#define GW_HVM_HW_PCI_IRQS(F, S, P) F(P, i, 0, 8, 2, BITMAP, ANY, NO_BITS, "wires that are asserted: 4 * device + INTx")
#define GW_HVM_HW_ISA_IRQS(F, S, P) F(P, i, 0, 8, 1, BITMAP, ANY, NO_BITS, "wires that are asserted, 16 of them used")
#define GW_HVM_HW_PCI_LINK(F, S, P)                                                                                    \
    F(P, route, 0, 1, 4, DEC, MOST("ctx-pcilink-range", 15), NO_BITS, "ISA line of each link; 0: none")                \
    F(P, pad0, 4, 1, 4, PAD, ZERO("ctx-pcilink-range"), NO_BITS, "zero")

#define GW_HVM_HW_PIT_CHANNEL(F, S, P)                                                                                 \
    F(P, count, 0, 4, 1, DEC, MOST("ctx-pit-state", 65536), NO_BITS, "that it begins with")                            \
    F(P, latched_count, 4, 2, 1, DEC, ANY, NO_BITS, "to be read")                                                      \
    F(P, count_latched, 6, 1, 1, DEC, MOST("ctx-pit-state", 4), NO_BITS, "how the latched count is read")              \
    F(P, status_latched, 7, 1, 1, DEC, ANY, NO_BITS, "a status waits to be read")                                      \
    F(P, status, 8, 1, 1, HEX, ANY, NO_BITS, "that waits")                                                             \
    F(P, read_state, 9, 1, 1, DEC, MOST("ctx-pit-state", 4), NO_BITS, "octet to be read next")                         \
    F(P, write_state, 10, 1, 1, DEC, MOST("ctx-pit-state", 4), NO_BITS, "octet to be written next")                    \
    F(P, write_latch, 11, 1, 1, HEX, ANY, NO_BITS, "the first octet of two")                                           \
    F(P, rw_mode, 12, 1, 1, DEC, MOST("ctx-pit-state", 3), NO_BITS, "how the count is read and written")               \
    F(P, mode, 13, 1, 1, DEC, ANY, NO_BITS, "of counting; 255 before it was set")                                      \
    F(P, bcd, 14, 1, 1, DEC, MOST("ctx-pit-state", 1), NO_BITS, "counts decimals")                                     \
    F(P, gate, 15, 1, 1, DEC, MOST("ctx-pit-state", 1), NO_BITS, "it may count")
#define GW_HVM_HW_PIT(F, S, P)                                                                                         \
    S(P, channels, 0, 16, 3, hvm_hw_pit_channel, "channels")                                                           \
    F(P, speaker_data_on, 48, 4, 1, DEC, MOST("ctx-pit-state", 1), NO_BITS, "the speaker hears channel 2")             \
    F(P, pad0, 52, 4, 1, PAD, ZERO("ctx-pit-state"), NO_BITS, "zero")

#define GW_HVM_HW_RTC(F, S, P)                                                                                         \
    F(P, cmos_data, 0, 14, 1, OCTETS, ANY, NO_BITS, "time, alarm and registers A to D")                                \
    F(P, cmos_index, 14, 1, 1, HEX, ANY, NO_BITS, "octet that is selected")                                            \
    F(P, pad0, 15, 1, 1, PAD, ANY, NO_BITS, "not used")                                                                \
    F(P, rtc_offset, 16, 8, 1, SIGNED, ANY, NO_BITS, "from the host's time, in seconds, since Xen 4.14")

#define GW_HVM_HW_HPET_TIMER(F, S, P)                                                                                  \
    F(P, config, 0, 8, 1, HEX, ANY, gw_bits_hpet_timer, "configuration and capabilities")                              \
    F(P, cmp, 8, 8, 1, HEX, ANY, NO_BITS, "comparator")                                                                \
    F(P, fsb, 16, 8, 1, HEX, ANY, NO_BITS, "route over the bus, not supported")                                        \
    F(P, res4, 24, 8, 1, PAD, ANY, NO_BITS, "not used")
#define GW_HVM_HW_HPET(F, S, P)                                                                                        \
    F(P, capability, 0, 8, 1, HEX, ANY, gw_bits_hpet_capability, "capabilities")                                       \
    F(P, res0, 8, 8, 1, PAD, ANY, NO_BITS, "not used")                                                                 \
    F(P, config, 16, 8, 1, HEX, ANY, gw_bits_hpet_config, "configuration")                                             \
    F(P, res1, 24, 8, 1, PAD, ANY, NO_BITS, "not used")                                                                \
    F(P, isr, 32, 8, 1, HEX, ANY, NO_BITS, "timers that ask")                                                          \
    F(P, res2, 40, 8, 25, PAD, ANY, NO_BITS, "not used")                                                               \
    F(P, mc64, 240, 8, 1, DEC, ANY, NO_BITS, "main counter")                                                           \
    F(P, res3, 248, 8, 1, PAD, ANY, NO_BITS, "not used")                                                               \
    S(P, timers, 256, 32, 3, hvm_hw_hpet_timer, "timers")                                                              \
    F(P, res5, 352, 8, 84, PAD, ANY, NO_BITS, "not used")                                                              \
    F(P, period, 1024, 8, 3, DEC, ANY, NO_BITS, "last value written to the timer's comparator")

#define GW_HVM_HW_PMTIMER(F, S, P)                                                                                     \
    F(P, tmr_val, 0, 4, 1, DEC, ANY, NO_BITS, "counter")                                                               \
    F(P, pm1a_sts, 4, 2, 1, HEX, ANY, gw_bits_pm1, "events that came")                                                 \
    F(P, pm1a_en, 6, 2, 1, HEX, ANY, gw_bits_pm1, "events that interrupt")

#define GW_HVM_DEVICE_LAYOUTS(L)                                                                                       \
    L(GW_HVM_HW_VPIC, hvm_hw_vpic, 8, "10.5", "interrupt controller of a PC")                                          \
    L(GW_HVM_HW_VIOAPIC, hvm_hw_vioapic, 400, "10.5", "interrupt router")                                              \
    L(GW_HVM_HW_LAPIC, hvm_hw_lapic, 32, "10.5", "a vCPU's interrupt controller, what is behind its registers")        \
    L(GW_HVM_HW_LAPIC_REGS, hvm_hw_lapic_regs, 1024, "10.5", "a vCPU's interrupt controller, its registers")           \
    L(GW_HVM_HW_PCI_IRQS, hvm_hw_pci_irqs, 16, "10.5", "interrupt wires of the PCI bus")                               \
    L(GW_HVM_HW_ISA_IRQS, hvm_hw_isa_irqs, 8, "10.5", "interrupt wires of ISA devices")                                \
    L(GW_HVM_HW_PCI_LINK, hvm_hw_pci_link, 8, "10.5", "from PCI wires to ISA lines")                                   \
    L(GW_HVM_HW_PIT_CHANNEL, hvm_hw_pit_channel, 16, "10.5", "a channel of the PIT")                                   \
    L(GW_HVM_HW_PIT, hvm_hw_pit, 56, "10.5", "interval timer of a PC")                                                 \
    L(GW_HVM_HW_RTC, hvm_hw_rtc, 24, "10.5", "real-time clock of a PC")                                                \
    L(GW_HVM_HW_HPET_TIMER, hvm_hw_hpet_timer, 32, "10.5", "a timer of the HPET")                                      \
    L(GW_HVM_HW_HPET, hvm_hw_hpet, 1048, "10.5", "high precision event timer")                                         \
    L(GW_HVM_HW_PMTIMER, hvm_hw_pmtimer, 8, "10.5", "ACPI's timer and event registers")

GW_HVM_DEVICE_LAYOUTS(GW_LAYOUT_DECLARE)

#endif
