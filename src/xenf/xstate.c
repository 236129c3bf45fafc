/*
 * xstate.c - where the components of an XSAVE area stand, and which sets of them are legal.
 */
#include <assert.h>

#include "base.h"
#include "bits_hvm.h"
#include "cpuid.h"
#include "layout_x86.h"
#include "xstate.h"

#define BIT(name) (UINT64_C(1) << GW_XSTATE_##name)

static const struct gw_xstate rows[GW_NUM_XSTATES] = {
#define X(bit, called, at, octets, inside) [bit] = { #called, at, octets, inside },
    GW_XSTATES(X)
#undef X
};

const struct gw_bits gw_bits_xstates[] = {
#define X(bit, called, ...) { .low = (bit), .width = 1, .name = #called },
    GW_XSTATES(X)
#undef X
        { .width = 0 }
};

const struct gw_xstate *gw_xstate(unsigned bit)
{
    return bit < GW_NUM_XSTATES && rows[bit].name != NULL ? &rows[bit] : NULL;
}

void gw_xstate_learn(struct gw_xstate_map *map, const struct gw_cpuid_leaf *leaf)
{
    bool names_place = leaf->leaf == GW_CPUID_XSTATE && leaf->subleaf > 1 && leaf->subleaf < GW_NUM_XSTATES;
    if (!names_place || leaf->a == 0 || leaf->b == 0)
        return; /* b is 0 for the states of XSS, which have no place in the standard form */
    map->places[leaf->subleaf] = (struct gw_xstate_place){ .offset = leaf->b, .size = leaf->a };
    map->told |= UINT64_C(1) << leaf->subleaf;
}

bool gw_xstate_place(const struct gw_xstate_map *map, unsigned bit, struct gw_xstate_place *place)
{
    assert(bit < GW_NUM_XSTATES);
    if (map->told >> bit & 1) {
        *place = map->places[bit];
        return true;
    }
    *place = (struct gw_xstate_place){ rows[bit].offset, rows[bit].size };
    return place->size > 0;
}

uint64_t gw_xstate_size(const struct gw_xstate_map *map, uint64_t states, bool *sure)
{
    uint64_t size = states == 0 ? 0 : GW_XSAVE_HEAD;
    *sure = true;
    for (unsigned bit = GW_XSTATE_AVX; bit < 64; bit++) {
        struct gw_xstate_place place;
        if (!(states >> bit & 1))
            continue;
        *sure = *sure && bit < GW_NUM_XSTATES && (bit == GW_XSTATE_AVX || (map->told >> bit & 1));
        if (bit < GW_NUM_XSTATES && gw_xstate_place(map, bit, &place))
            size = gw_max(size, (uint64_t)place.offset + place.size);
    }
    return size;
}

static bool together(uint64_t xcr0, uint64_t bits)
{
    return (xcr0 & bits) == 0 || (xcr0 & bits) == bits;
}

bool gw_xcr0_legal(uint64_t xcr0)
{
    uint64_t avx512 = BIT(OPMASK) | BIT(ZMM_HI256) | BIT(HI16_ZMM);
    if (!(xcr0 & BIT(X87)))
        return false;
    if ((xcr0 & BIT(AVX)) && !(xcr0 & BIT(SSE)))
        return false;
    if ((xcr0 & avx512) && !(xcr0 & BIT(AVX)))
        return false;
    return together(xcr0, avx512) && together(xcr0, BIT(BNDREGS) | BIT(BNDCSR)) &&
           together(xcr0, BIT(TILECFG) | BIT(TILEDATA));
}
