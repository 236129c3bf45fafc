/*
 * layout_x86.h - structures that PV and HVM images share: X86_TSC_INFO and the policies (sections 9.1 to 9.3), and the
 * processor's own areas for its FPU and extended states (7.6), named as in the processor manuals.
 *
 * An XSAVE area is an FXSAVE image of 512 octets, the header xsave_hdr, and components at the places of xstate.h.
 */
#ifndef GW_LAYOUT_X86_H
#define GW_LAYOUT_X86_H

#include "layout.h"

#define GW_TSC_INFO(F, S, P)                                                                                           \
    F(P, mode, 0, 4, 1, DEC, ANY, gw_bits_tsc_mode, "how the guest's time stamp counter is made")                      \
    F(P, khz, 4, 4, 1, DEC, ANY, NO_BITS, "its frequency, in kHz")                                                     \
    F(P, nsec, 8, 8, 1, DEC, ANY, NO_BITS, "how long the guest ran, in ns")                                            \
    F(P, incarnation, 16, 4, 1, DEC, ANY, NO_BITS, "how often the guest was restored")                                 \
    F(P, _res1, 20, 4, 1, PAD, ZERO("tsc-reserved"), NO_BITS, "zero")

#define GW_CPUID_LEAF(F, S, P)                                                                                         \
    F(P, leaf, 0, 4, 1, HEX, ANY, NO_BITS, "EAX of the question")                                                      \
    F(P, subleaf, 4, 4, 1, HEX, ANY, NO_BITS, "ECX of the question; all ones: the leaf has no subleaves")              \
    F(P, a, 8, 4, 1, HEX, ANY, NO_BITS, "EAX of the answer")                                                           \
    F(P, b, 12, 4, 1, HEX, ANY, NO_BITS, "EBX of the answer")                                                          \
    F(P, c, 16, 4, 1, HEX, ANY, NO_BITS, "ECX of the answer")                                                          \
    F(P, d, 20, 4, 1, HEX, ANY, NO_BITS, "EDX of the answer")

#define GW_MSR_ENTRY(F, S, P)                                                                                          \
    F(P, idx, 0, 4, 1, HEX, ANY, NO_BITS, "the MSR's number")                                                          \
    F(P, flags, 4, 4, 1, HEX, ZERO("msr-flags"), NO_BITS, "zero")                                                      \
    F(P, val, 8, 8, 1, HEX, ANY, NO_BITS, "its value")

#define GW_X86_ST(F, S, P)                                                                                             \
    F(P, mantissa, 0, 8, 1, HEX, ANY, NO_BITS, "bits 0 to 63; the whole of an MMX register")                           \
    F(P, exponent, 8, 2, 1, HEX, ANY, NO_BITS, "sign and exponent")                                                    \
    F(P, pad, 10, 2, 3, PAD, ANY, NO_BITS, "not used")

#define GW_X86_XMM(F, S, P) F(P, part, 0, 8, 2, HEX, ANY, NO_BITS, "128 bits, the lowest first")
#define GW_X86_ZMM_HIGH(F, S, P) F(P, part, 0, 8, 4, HEX, ANY, NO_BITS, "256 bits, the lowest first")
#define GW_X86_ZMM(F, S, P) F(P, part, 0, 8, 8, HEX, ANY, NO_BITS, "512 bits, the lowest first")

#define GW_X86_FXSAVE(F, S, P)                                                                                         \
    F(P, fcw, 0, 2, 1, HEX, ANY, gw_bits_fcw, "x87 control word")                                                      \
    F(P, fsw, 2, 2, 1, HEX, ANY, gw_bits_fsw, "x87 status word")                                                       \
    F(P, ftw, 4, 1, 1, HEX, ANY, NO_BITS, "a bit for each x87 register that is in use")                                \
    F(P, rsvd0, 5, 1, 1, PAD, ANY, NO_BITS, "not used")                                                                \
    F(P, fop, 6, 2, 1, HEX, ANY, NO_BITS, "opcode of the last x87 instruction")                                        \
    F(P, fip, 8, 8, 1, HEX, ANY, NO_BITS, "its address; of the 32-bit form: offset, and selector at 12")               \
    F(P, fdp, 16, 8, 1, HEX, ANY, NO_BITS, "its operand's address, in the same form")                                  \
    F(P, mxcsr, 24, 4, 1, HEX, ANY, gw_bits_mxcsr, "SSE control and status")                                           \
    F(P, mxcsr_mask, 28, 4, 1, HEX, ANY, NO_BITS, "the bits of mxcsr that the processor has; 0: 0xffbf")               \
    S(P, st, 32, 16, 8, x86_st, "x87 registers")                                                                       \
    S(P, xmm, 160, 16, 16, x86_xmm, "SSE registers")                                                                   \
    F(P, rsvd1, 416, 96, 1, OCTETS, ANY, NO_BITS, "not used; the last 48 are left to software")

#define GW_XSAVE_HDR(F, S, P)                                                                                          \
    F(P, xstate_bv, 0, 8, 1, HEX, ANY, gw_bits_xstates, "components that are not as after a reset")                    \
    F(P, xcomp_bv, 8, 8, 1, HEX, ANY, NO_BITS, "zero: the standard form; bit 63: compacted")                           \
    F(P, reserved, 16, 8, 6, PAD, ANY, NO_BITS, "zero")

#define GW_XSTATE_AVX(F, S, P) S(P, ymm_high, 0, 16, 16, x86_xmm, "bits 128 to 255 of the AVX registers")

#define GW_X86_BOUND(F, S, P)                                                                                          \
    F(P, lower, 0, 8, 1, HEX, ANY, NO_BITS, "lower bound")                                                             \
    F(P, upper, 8, 8, 1, HEX, ANY, NO_BITS, "upper bound, its bits inverted")
#define GW_XSTATE_BNDREGS(F, S, P) S(P, bnd, 0, 16, 4, x86_bound, "MPX bound registers")
#define GW_XSTATE_BNDCSR(F, S, P)                                                                                      \
    F(P, cfgu, 0, 8, 1, HEX, ANY, NO_BITS, "MPX configuration")                                                        \
    F(P, status, 8, 8, 1, HEX, ANY, NO_BITS, "MPX status")                                                             \
    F(P, rsvd, 16, 8, 6, PAD, ANY, NO_BITS, "not used")

#define GW_XSTATE_OPMASK(F, S, P) F(P, k, 0, 8, 8, HEX, ANY, NO_BITS, "AVX-512 mask registers")
#define GW_XSTATE_ZMM_HI256(F, S, P) S(P, zmm_high, 0, 32, 16, x86_zmm_high, "bits 256 to 511 of registers 0 to 15")
#define GW_XSTATE_HI16_ZMM(F, S, P) S(P, zmm, 0, 64, 16, x86_zmm, "registers 16 to 31")
#define GW_XSTATE_PKRU(F, S, P)                                                                                        \
    F(P, pkru, 0, 4, 1, HEX, ANY, NO_BITS, "access and write disabled, two bits for each protection key")              \
    F(P, rsvd, 4, 4, 1, PAD, ANY, NO_BITS, "not used")
#define GW_XSTATE_TILECFG(F, S, P)                                                                                     \
    F(P, palette, 0, 1, 1, DEC, ANY, NO_BITS, "of the AMX tiles")                                                      \
    F(P, start_row, 1, 1, 1, DEC, ANY, NO_BITS, "where an interrupted load goes on")                                   \
    F(P, rsvd0, 2, 2, 7, PAD, ANY, NO_BITS, "not used")                                                                \
    F(P, colsb, 16, 2, 16, DEC, ANY, NO_BITS, "octets a row, by tile")                                                 \
    F(P, rows, 48, 1, 16, DEC, ANY, NO_BITS, "rows, by tile")
#define GW_XSTATE_TILEDATA(F, S, P) F(P, tiles, 0, 8192, 1, OCTETS, ANY, NO_BITS, "eight tiles of 1024 octets")

#define GW_X86_LAYOUTS(L)                                                                                              \
    L(GW_TSC_INFO, tsc_info, 24, "9.1", "the clock of the guest")                                                      \
    L(GW_CPUID_LEAF, cpuid_leaf, 24, "9.2", "an answer of CPUID")                                                      \
    L(GW_MSR_ENTRY, msr_entry, 16, "9.3", "an MSR of the policy")                                                      \
    L(GW_X86_ST, x86_st, 16, "7.6", "an x87 register")                                                                 \
    L(GW_X86_XMM, x86_xmm, 16, "7.6", "a register of 128 bits")                                                        \
    L(GW_X86_ZMM_HIGH, x86_zmm_high, 32, "7.6", "the upper half of a register of 512 bits")                            \
    L(GW_X86_ZMM, x86_zmm, 64, "7.6", "a register of 512 bits")                                                        \
    L(GW_X86_BOUND, x86_bound, 16, "7.6", "an MPX bound")                                                              \
    L(GW_X86_FXSAVE, x86_fxsave, 512, "7.6", "x87 and SSE state")                                                      \
    L(GW_XSAVE_HDR, xsave_hdr, 64, "7.6", "header of an XSAVE area")                                                   \
    L(GW_XSTATE_AVX, xstate_avx, 256, "7.6", "AVX state")                                                              \
    L(GW_XSTATE_BNDREGS, xstate_bndregs, 64, "7.6", "MPX registers")                                                   \
    L(GW_XSTATE_BNDCSR, xstate_bndcsr, 64, "7.6", "MPX configuration and status")                                      \
    L(GW_XSTATE_OPMASK, xstate_opmask, 64, "7.6", "AVX-512 masks")                                                     \
    L(GW_XSTATE_ZMM_HI256, xstate_zmm_hi256, 512, "7.6", "AVX-512 upper halves")                                       \
    L(GW_XSTATE_HI16_ZMM, xstate_hi16_zmm, 1024, "7.6", "AVX-512 upper registers")                                     \
    L(GW_XSTATE_PKRU, xstate_pkru, 8, "7.6", "protection keys")                                                        \
    L(GW_XSTATE_TILECFG, xstate_tilecfg, 64, "7.6", "AMX configuration")                                               \
    L(GW_XSTATE_TILEDATA, xstate_tiledata, 8192, "7.6", "AMX tiles")

GW_X86_LAYOUTS(GW_LAYOUT_DECLARE)

#endif
