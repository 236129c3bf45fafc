/*
 * convert.c - any octets as a file that is put into another wrapping.
 *
 * The first octet chooses: bits 0 to 2 the wrapping, its own from 5 on; bit 3 what it cannot carry is left out. What
 * comes out of an image without errors and warnings is read again without an error, and is the input itself where that
 * is without findings and stays in its wrapping.
 */
#include <string.h>

#include "report.h"
#include "verify.h"
#include "wrap.h"

#include "invariant.h"

#define MAX_PFN 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* NULL sinks are left out. Returns what gw_wrap_run does; *layers: what was recognised. */
static int run(const uint8_t *mem, size_t len, struct gw_sink *verifier, struct gw_sink *packer, char *layers,
               size_t room)
{
    struct gw_err err = GW_ERR_NONE, failure = GW_ERR_NONE;
    struct gw_sink *sinks[] = { verifier, packer };
    struct gw_wrap *wrap = gw_wrap_new(gw_chan_memory(mem, len, NULL, &err), MAX_PFN, &err);
    struct gw_sink *tee = gw_tee(sinks, packer != NULL ? 2 : 1, &err);
    MUST(wrap != NULL && tee != NULL);
    int rc = gw_wrap_run(wrap, tee, &failure);
    if (rc < 0)
        gw_verify_failed(verifier, &failure);
    snprintf(layers, room, "%s", gw_wrap_layers(wrap));
    gw_sink_close(tee);
    gw_wrap_close(wrap);
    if (rc == 0 && packer != NULL && gw_packer_finish(packer, &failure) < 0)
        rc = -1;
    must_be_plain(failure.msg);
    MUST(failure.code == GW_E_OK || rc < 0);
    return rc;
}

static uint64_t errors(const struct gw_verdict *v)
{
    return v->errors - v->times[GW_RULE_LIBXL_EMULATOR_MISSING];
}

static void must_be_read_again(const struct gw_buf *out, const struct gw_verdict *before)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_verify_opts opts = { .contents = true };
    struct gw_sink *verifier = gw_verifier(&opts, &err);
    char layers[64];
    MUST(run(out->mem, out->len, verifier, NULL, layers, sizeof layers) == 0);
    const struct gw_verdict *after = gw_verify_finish(verifier);
    MUST(errors(after) == 0);
    MUST(after->num_pfns == before->num_pfns && after->ended == before->ended);
    gw_sink_close(verifier);
}

/* What the command learns of the image before it writes. */
static struct gw_guest_config learn(const uint8_t *mem, size_t len)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_verify_opts opts = { 0 };
    struct gw_sink *verifier = gw_verifier(&opts, &err);
    char layers[64];
    run(mem, len, verifier, NULL, layers, sizeof layers);
    const struct gw_verdict *v = gw_verify_finish(verifier);
    struct gw_guest_config image = { .max_memkb = 4 * v->num_pfns + 1, .max_vcpus = (uint32_t)gw_max(v->vcpu_end, 1) };
    snprintf(image.type, sizeof image.type, "%s", v->pv_width > 0 ? "pv" : v->has_devices ? "hvm" : "pvh");
    gw_sink_close(verifier);
    return image;
}

static void must_fit(const struct gw_buf *out, const uint8_t *mem, size_t len, const struct gw_verdict *verdict,
                     const char *before, const char *after, bool is_same)
{
    if (verdict->errors - verdict->times[GW_RULE_LIBXL_EMULATOR_MISSING] + verdict->warnings > 0)
        return;
    must_be_read_again(out, verdict);
    if (is_same && verdict->errors + verdict->notes == 0 && strncmp(before, after, strlen(after)) == 0)
        MUST(out->len == len && memcmp(out->mem, mem, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const wrappings[8] = { "raw", "xl", "libxl", "libvirt", "xenopsd" };
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf out = { 0 };
    char layers[64];
    if (size == 0)
        return 0;
    const struct gw_guest_config image = learn(data + 1, size - 1);
    struct gw_chan *to = gw_chan_memory(NULL, 0, &out, &err);
    struct gw_verify_opts opts = { .contents = true };
    struct gw_pack_opts pack = {
        .wrapping = wrappings[data[0] & 7], .to = to, .lossy = (data[0] & 8) != 0, .image = &image
    };
    struct gw_sink *verifier = gw_verifier(&opts, &err), *packer = gw_packer(&pack, &err);
    MUST(verifier != NULL && packer != NULL);
    int rc = run(data + 1, size - 1, verifier, packer, layers, sizeof layers);
    const struct gw_verdict *verdict = gw_verify_finish(verifier);
    if (rc == 0)
        must_fit(&out, data + 1, size - 1, verdict, layers, gw_packer_wrapping(packer), pack.wrapping == NULL);
    gw_sink_close(packer);
    gw_sink_close(verifier);
    gw_chan_close(to);
    gw_buf_free(&out);
    return 0;
}
