/*
 * xstate.h - the components of an XSAVE area (section 7.6): names, layouts, and where each stands.
 *
 * An area is 512 octets of layout x86_fxsave, 64 of xsave_hdr, and behind them components in the standard form. Their
 * places are the processor's: leaf 0xd of the CPUID policy tells them. Where no policy does, the usual ones are
 * Intel's; AMD's processors without MPX put what follows AVX elsewhere.
 */
#ifndef GW_XSTATE_H
#define GW_XSTATE_H

#include "codec.h"
#include "layout.h"

#define GW_XSAVE_HEAD 576 /* FXSAVE image and header */
#define GW_NUM_XSTATES 63

/* X(bit, NAME, usual offset, size, layout): a bit of XCR0, or of XSS where the offset is 0. */
#define GW_XSTATES(X)                                                                                                  \
    X(0, X87, 0, 0, NULL)                                                                                              \
    X(1, SSE, 0, 0, NULL)                                                                                              \
    X(2, AVX, 576, 256, &gw_layout_xstate_avx)                                                                         \
    X(3, BNDREGS, 960, 64, &gw_layout_xstate_bndregs)                                                                  \
    X(4, BNDCSR, 1024, 64, &gw_layout_xstate_bndcsr)                                                                   \
    X(5, OPMASK, 1088, 64, &gw_layout_xstate_opmask)                                                                   \
    X(6, ZMM_HI256, 1152, 512, &gw_layout_xstate_zmm_hi256)                                                            \
    X(7, HI16_ZMM, 1664, 1024, &gw_layout_xstate_hi16_zmm)                                                             \
    X(8, PT, 0, 0, NULL)                                                                                               \
    X(9, PKRU, 2688, 8, &gw_layout_xstate_pkru)                                                                        \
    X(10, PASID, 0, 0, NULL)                                                                                           \
    X(11, CET_U, 0, 0, NULL)                                                                                           \
    X(12, CET_S, 0, 0, NULL)                                                                                           \
    X(17, TILECFG, 2752, 64, &gw_layout_xstate_tilecfg)                                                                \
    X(18, TILEDATA, 2816, 8192, &gw_layout_xstate_tiledata)                                                            \
    X(62, LWP, 0, 0, NULL)

enum gw_xstate_bit {
#define X(bit, name, ...) GW_XSTATE_##name = (bit),
    GW_XSTATES(X)
#undef X
};

struct gw_xstate {
    const char *name;
    uint32_t offset, size;          /* usual; 0: there is none */
    const struct gw_layout *layout; /* NULL: none is known */
};
/* NULL: no component has that bit. */
const struct gw_xstate *gw_xstate(unsigned bit);

struct gw_xstate_place {
    uint32_t offset, size;
};

/* Places as a CPUID policy tells them. All zero: there was none. */
struct gw_xstate_map {
    struct gw_xstate_place places[GW_NUM_XSTATES];
    uint64_t told; /* a bit for each component that it names */
};
/* Any leaf of the policy; those that tell no place are passed over. */
void gw_xstate_learn(struct gw_xstate_map *map, const struct gw_cpuid_leaf *leaf);
/* As told, else the usual place. False: nobody knows. */
bool gw_xstate_place(const struct gw_xstate_map *map, unsigned bit, struct gw_xstate_place *place);
/*
 * The octets of an area with these states. *sure: of all of them it is known where they stand, by the policy, or
 * because every processor has them there.
 */
uint64_t gw_xstate_size(const struct gw_xstate_map *map, uint64_t states, bool *sure);
/* A set of states that a processor accepts in XCR0 (Xen's valid_xcr0). */
bool gw_xcr0_legal(uint64_t xcr0);

#endif
