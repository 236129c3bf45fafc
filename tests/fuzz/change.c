/*
 * change.c - any octets as an image that is changed: fitted to a release of Xen, its static part, squashed.
 *
 * First octet: bits 0 to 4 the release (6 to 22; else none), bit 5 losses are let pass, bits 6 and 7 the version (0:
 * what the release says). Second octet: bit 0 squash, bit 1 the static part only, bit 2 with checks, which then hold.
 * What comes out can be read again; what was right before is taken by that release. Squashed once more it is the same,
 * and its memory is the input's.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "change.h"
#include "verify.h"

#include "witness.h"

#define MAX_PFN 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct order {
    unsigned for_xen;
    uint32_t version;
    bool lossy, squash, static_only, checks;
};

/* Through the change into out: 0, or -1 with err. */
static int change(const char *name, const struct order *order, struct gw_sink *beside, struct gw_buf *out,
                  struct gw_err *err)
{
    struct gw_chan *to = gw_chan_memory(NULL, 0, out, err);
    struct gw_fit_opts fit_opts = {
        .for_xen = order->for_xen, .version = order->version, .lossy = order->lossy, .checks_anew = order->checks
    };
    struct gw_sink *writer = gw_writer(to, err);
    struct gw_sink *only = order->static_only ? gw_static_only(writer, err) : NULL;
    struct gw_sink *checks = order->checks ? gw_checks(false, writer, err) : NULL;
    struct gw_sink *fit = gw_fit(&fit_opts, only != NULL ? only : checks != NULL ? checks : writer, err);
    MUST(fit != NULL);
    int rc;
    if (order->squash) {
        struct gw_image_opts opts = { .max_pfn = MAX_PFN, .beside = beside };
        opts.spool = memfd_create("spool", MFD_CLOEXEC);
        struct gw_squash *squash = gw_squash_open(name, &opts, err);
        rc = squash != NULL ? gw_squash_run(squash, fit, err) : -1;
        gw_squash_close(squash);
    } else {
        struct gw_sink *sinks[] = { beside, fit };
        struct gw_sink *tee = gw_tee(sinks, 2, err);
        struct gw_wrap *wrap = gw_wrap_open(name, MAX_PFN, err);
        MUST(tee != NULL && wrap != NULL);
        rc = gw_wrap_run(wrap, tee, err);
        gw_wrap_close(wrap);
        gw_sink_close(tee);
    }
    gw_sink_close(fit);
    gw_sink_close(only);
    gw_sink_close(checks);
    gw_sink_close(writer);
    gw_chan_close(to);
    MUST((rc < 0) == (err->code != GW_E_OK));
    must_be_plain(err->msg);
    return rc;
}

static void name_of(int fd, const struct gw_buf *octets, char *name, size_t room)
{
    MUST(fd >= 0 && write(fd, octets->mem, octets->len) == (ssize_t)octets->len);
    snprintf(name, room, "/proc/self/fd/%d", fd);
}

/* The errors that a release would see in it; with contents also those that checks of them tell. */
static uint64_t errors_of(const char *name, unsigned for_xen, bool contents, struct gw_sink *beside)
{
    struct gw_err err = GW_ERR_NONE, failure = GW_ERR_NONE;
    struct gw_verify_opts opts = { .max_pfn = MAX_PFN, .for_xen = for_xen, .contents = contents };
    struct gw_sink *verifier = gw_verifier(&opts, &err);
    struct gw_sink *sinks[] = { verifier, beside };
    struct gw_sink *tee = gw_tee(sinks, beside != NULL ? 2 : 1, &err);
    struct gw_wrap *wrap = gw_wrap_open(name, MAX_PFN, &err);
    MUST(tee != NULL && wrap != NULL);
    if (gw_wrap_run(wrap, tee, &failure) < 0)
        gw_verify_failed(verifier, &failure);
    const struct gw_verdict *verdict = gw_verify_finish(verifier);
    uint64_t mismatches = verdict->times[GW_RULE_VERIFY_MISMATCH]; /* then the digest is of one or the other */
    uint64_t errors = verdict->errors - verdict->times[GW_RULE_LIBXL_EMULATOR_MISSING] - mismatches;
    errors -= mismatches > 0 ? verdict->times[GW_RULE_OPT_IMAGE_DIGEST_DIFFERS] : 0;
    MUST(!contents || mismatches > 0 || failure.code != GW_E_OK || verdict->digest_holds);
    MUST(failure.code == GW_E_OK || verdict->errors > 0 || verdict->commits > 0);
    gw_wrap_close(wrap);
    gw_sink_close(tee);
    gw_sink_close(verifier);
    return errors;
}

/* What came out of a change for which there was nothing to say before is right, for whom it was made. */
static void must_be_right(const struct order *order, const struct gw_buf *out, const struct gw_totals *before)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf again = { 0 };
    struct gw_totals_sum sums[2];
    char name[32];
    struct witness witness = new_witness();
    int fd = memfd_create("out", MFD_CLOEXEC);
    name_of(fd, out, name, sizeof name);
    MUST(errors_of(name, order->for_xen, order->checks, &witness.sink) == 0 || order->static_only);
    if (order->squash) {
        gw_totals_sum(before, &sums[0]);
        gw_totals_sum(witness.totals, &sums[1]);
        MUST(memcmp(&sums[0].pages_digest, &sums[1].pages_digest, sizeof sums[0].pages_digest) == 0);
        MUST(change(name, order, NULL, &again, &err) == 0);
        MUST(again.len == out->len && memcmp(again.mem, out->mem, again.len) == 0);
    }
    gw_totals_free(witness.totals);
    gw_buf_free(&again);
    close(fd);
}

static struct order order_of(const uint8_t *data)
{
    unsigned release = data[0] & 31, version = data[0] >> 6;
    struct order order = { .lossy = (data[0] & 32) != 0, .squash = (data[1] & 1) != 0 };
    order.static_only = (data[1] & 2) != 0 && !order.squash;
    order.checks = (data[1] & 4) != 0 && !order.static_only;
    order.for_xen = release >= 6 && release <= 22 ? release : 0;
    order.version = version == 1 ? 2 : version == 2 ? 3 : 0;
    if (order.for_xen != 0 && order.version != 0 && !gw_release_reads(gw_release(order.for_xen), order.version))
        order.version = 0;
    return order;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_err failure = GW_ERR_NONE;
    struct gw_buf in = { 0 }, out = { 0 };
    char name[32];
    if (size < 2)
        return 0;
    const struct order order = order_of(data);
    struct witness witness = new_witness();
    int fd = memfd_create("in", MFD_CLOEXEC);
    gw_put(&in, data + 2, size - 2);
    name_of(fd, &in, name, sizeof name);
    int rc = change(name, &order, &witness.sink, &out, &failure);
    /* a checkpointed image is judged whole, also where squash leaves what was cut behind a checkpoint */
    if (rc == 0 && errors_of(name, 0, false, NULL) == 0 && (order.lossy || order.for_xen == 0))
        must_be_right(&order, &out, witness.totals);
    gw_totals_free(witness.totals);
    gw_buf_free(&in);
    gw_buf_free(&out);
    close(fd);
    return 0;
}
