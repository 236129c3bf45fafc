/*
 * carrier_xenopsd.c - the records of a xenopsd image (xenopsd-framing sections 2, 3, 8 and 11).
 */
#include <assert.h>

#include "verifier.h"

#define QEMU_MOST UINT64_C(1048576) /* that xenopsd takes */

/* In the order in which xenopsd writes them; the bit of each in carrier.xenopsd_seen. */
static const uint32_t kinds[] = {
    GW_XENOPSD_XENOPS, GW_XENOPSD_LIBXC, GW_XENOPSD_DEMU, GW_XENOPSD_VARSTORED,
    GW_XENOPSD_SWTPM0, GW_XENOPSD_SWTPM, GW_XENOPSD_QEMU, GW_XENOPSD_END,
};

static unsigned rank_of(uint32_t kind)
{
    unsigned rank = 0;
    if (kind == GW_XENOPSD_LIBXC_LEGACY)
        kind = GW_XENOPSD_LIBXC; /* in its place */
    while (kinds[rank] != kind)
        assert(++rank < sizeof kinds / sizeof kinds[0]); /* the reader knows no other */
    return rank;
}

static bool seen(const struct verifier *v, uint32_t kind)
{
    return (v->carrier.xenopsd_seen & 1u << rank_of(kind)) != 0;
}

static void judge_place(struct verifier *v, unsigned rank)
{
    if (v->carrier.xenopsd_seen & 1u << rank)
        find(v, GW_RULE_XENOPSD_DUPLICATE, "a second %s record", gw_xenopsd_name(kinds[rank]));
    else if (v->carrier.xenopsd_seen >> rank != 0)
        find(v, GW_RULE_XENOPSD_ORDER, "%s comes behind a record that xenopsd writes after it",
             gw_xenopsd_name(kinds[rank]));
    v->carrier.xenopsd_seen |= 1u << rank;
}

static void judge_xenops(struct verifier *v, const struct gw_aside *aside)
{
    v->carrier.config = *aside->config;
    if (!aside->config->is_object)
        find(v, GW_RULE_XENOPSD_RECORD, "the Xenops record is no list with the fields time and word_size");
}

static void judge_end(struct verifier *v)
{
    if (!seen(v, GW_XENOPSD_LIBXC))
        find(v, GW_RULE_XENOPSD_LIBXC, "the xenopsd image ends without a Libxc record: there is no guest in it");
    else if (has_device_model(v) && !seen(v, GW_XENOPSD_QEMU) && v->carrier.num_emulator_context == 0)
        find(v, GW_RULE_XENOPSD_QEMU_MISSING, "the state of the guest's device model is missing");
    if (!seen(v, GW_XENOPSD_XENOPS))
        find(v, GW_RULE_XENOPSD_RECORD, "there is no Xenops record");
}

static void judge_qemu(struct verifier *v, const struct gw_aside *aside)
{
    if (aside->length > QEMU_MOST)
        find(v, GW_RULE_XENOPSD_QEMU_LIMIT, "Qemu_trad has %llu octets; xenopsd takes %llu",
             (unsigned long long)aside->length, (unsigned long long)QEMU_MOST);
    if (seen(v, GW_XENOPSD_LIBXC) && !has_device_model(v))
        find(v, GW_RULE_XENOPSD_QEMU_GUEST, "Qemu_trad stands beside a guest that has no device model");
}

void judge_xenopsd(struct verifier *v, const struct gw_aside *aside)
{
    unsigned rank = rank_of(aside->type);
    v->carrier.xenopsd = true;
    judge_place(v, rank);
    if (aside->length > 0 && aside->body_len == 0)
        find(v, GW_RULE_XENOPSD_LENGTH_FIELD, "%s announces %llu octets; its length field is 0",
             gw_xenopsd_name(kinds[rank]), (unsigned long long)aside->length);
    if (aside->type == GW_XENOPSD_XENOPS)
        judge_xenops(v, aside);
    else if (aside->type == GW_XENOPSD_QEMU)
        judge_qemu(v, aside);
    else if (aside->type == GW_XENOPSD_END)
        judge_end(v);
    else if (aside->type == GW_XENOPSD_DEMU)
        find(v, GW_RULE_XENOPSD_DEMU,
             "a vGPU's state follows, whose length nothing tells: what stands behind its "
             "header was not looked at");
}
