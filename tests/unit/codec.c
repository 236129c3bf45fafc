/*
 * codec.c - each decoder takes what is right, refuses what is not by the rule that is broken, and leaves *out alone
 * when it fails; encode(decode(x)) == x.
 *
 * Bodies lie in heap blocks of exactly their size.
 */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "xenf.h"

/*
 * A decoder in one shape: decodes, looks at *out after a failure, and encodes again after a success when `again` is
 * given.
 */
typedef int decode_fn(struct gw_cur cur, struct gw_buf *again, struct gw_err *err);

#define DECODER(name, type, decode, encode)                                                                            \
    static int name(struct gw_cur cur, struct gw_buf *again, struct gw_err *err)                                       \
    {                                                                                                                  \
        struct type out, before;                                                                                       \
        memset(&out, 0xa5, sizeof out);                                                                                \
        memset(&before, 0xa5, sizeof before);                                                                          \
        int rc = decode;                                                                                               \
        if (rc < 0)                                                                                                    \
            CHECK_MEM(&out, &before, sizeof out);                                                                      \
        else if (again != NULL)                                                                                        \
            encode;                                                                                                    \
        return rc;                                                                                                     \
    }

static void encode_frames(struct gw_buf *buf, struct gw_p2m_frames *v)
{
    uint64_t frames[8];
    CHECK(v->num <= 8);
    for (uint32_t i = 0; i < v->num; i++)
        frames[i] = gw_u64(&v->frames);
    CHECK(gw_done(&v->frames));
    gw_p2m_frames_encode(buf, v->start_pfn, v->end_pfn, frames, v->num);
}

static void encode_params(struct gw_buf *buf, struct gw_hvm_params *v)
{
    struct gw_hvm_param params[8];
    CHECK(v->count <= 8);
    for (uint32_t i = 0; i < v->count; i++)
        params[i] = gw_hvm_param_take(&v->params);
    CHECK(gw_done(&v->params));
    gw_hvm_params_encode(buf, params, v->count);
}

static void encode_checks(struct gw_buf *buf, struct gw_page_checks *v)
{
    uint64_t checks[8];
    CHECK(v->count <= 8);
    for (uint32_t i = 0; i < v->count; i++)
        checks[i] = gw_u64(&v->checks);
    CHECK(gw_done(&v->checks));
    gw_page_checks_encode(buf, checks, v->count);
}

DECODER(image_header, gw_image_header, gw_image_header_decode(cur, &out, err), gw_image_header_encode(again, &out))
DECODER(domain_header, gw_domain_header, gw_domain_header_decode(cur, &out, err), gw_domain_header_encode(again, &out))
DECODER(pv_info, gw_pv_info, gw_pv_info_decode(cur, &out, err), gw_pv_info_encode(again, &out))
DECODER(p2m_32, gw_p2m_frames, gw_p2m_frames_decode(cur, 4, &out, err), encode_frames(again, &out))
DECODER(p2m_64, gw_p2m_frames, gw_p2m_frames_decode(cur, 8, &out, err), encode_frames(again, &out))
DECODER(vcpu, gw_vcpu, gw_vcpu_decode(cur, &out, err), gw_vcpu_encode(again, out.id, out.blob.p, gw_left(&out.blob)))
DECODER(tsc_info, gw_tsc_info, gw_tsc_info_decode(cur, &out, err), gw_tsc_info_encode(again, &out))
DECODER(hvm_params, gw_hvm_params, gw_hvm_params_decode(cur, &out, err), encode_params(again, &out))
DECODER(page_checks, gw_page_checks, gw_page_checks_decode(cur, &out, err), encode_checks(again, &out))
DECODER(image_digest, gw_image_digest, gw_image_digest_decode(cur, &out, err), gw_image_digest_encode(again, &out))

#define FF8 "\xff\xff\xff\xff\xff\xff\xff\xff"
#define D16 "0123456789abcdef"
#define U32(a) a "\0\0\0"
#define U64(a) a "\0\0\0\0\0\0\0"
#define BODY(text) (text), sizeof(text) - 1

/* Bodies that are right; code and rule of the same body cut anywhere; rule of one octet more (NULL: that is right). */
static const struct right {
    const char *name;
    decode_fn *decode;
    const char *body;
    size_t len;
    enum gw_code code;
    const char *rule_short, *rule_long;
} rights[] = {
    { "image header 2", image_header, BODY(FF8 "XENF\0\0\0\2\0\0\0\0\0\0\0\0"), GW_E_SHORT, "ihdr-truncated",
      "ihdr-truncated" },
    { "image header 3, suspicious", image_header, BODY(FF8 "XENF\0\0\0\3\xff\xfe\1\2\3\4\5\6"), GW_E_SHORT,
      "ihdr-truncated", "ihdr-truncated" },
    { "domain header PV", domain_header, BODY(U32("\1") "\x0c\0\0\0" U32("\4") U32("\x11")), GW_E_SHORT,
      "dhdr-truncated", "dhdr-truncated" },
    { "domain header HVM, suspicious", domain_header,
      BODY(U32("\2") "\x0c\0\7\0"
                     "\xff\xff\xff\xff" U32("\x11")),
      GW_E_SHORT, "dhdr-truncated", "dhdr-truncated" },
    { "PV 64", pv_info, BODY("\10\4\0\0\0\0\0\0"), GW_E_INVALID, "pvinfo-length", "pvinfo-length" },
    { "PV 32", pv_info, BODY("\4\3\0\0\0\0\0\0"), GW_E_INVALID, "pvinfo-length", "pvinfo-length" },
    { "one frame, 64", p2m_64, BODY(U32("\0") "\xff\1\0\0" U64("\7")), GW_E_INVALID, "p2m-length", "p2m-length" },
    { "two frames, 64", p2m_64, BODY(U32("\0") "\0\2\0\0" U64("\7") U64("\1")), GW_E_INVALID, "p2m-length",
      "p2m-length" },
    { "two frames, not from 0", p2m_64,
      BODY("\xff\1\0\0"
           "\0\2\0\0" U64("\7") U64("\1")),
      GW_E_INVALID, "p2m-length", "p2m-length" },
    { "the last frame there is", p2m_64, BODY("\xff\xff\xff\xff\xff\xff\xff\xff" U64("\7")), GW_E_INVALID, "p2m-length",
      "p2m-length" },
    { "one frame, 32", p2m_32, BODY(U32("\0") "\xff\3\0\0" U64("\7")), GW_E_INVALID, "p2m-length", "p2m-length" },
    { "two frames, 32", p2m_32, BODY(U32("\0") "\0\4\0\0" U64("\7") U64("\1")), GW_E_INVALID, "p2m-length",
      "p2m-length" },
    { "vCPU without a blob", vcpu, BODY(U32("\7") U32("\0")), GW_E_INVALID, "vcpu-hdr-short", NULL },
    { "TSC", tsc_info, BODY(U32("\1") U32("\2") U64("\3") U32("\4") U32("\0")), GW_E_INVALID, "tsc-size", "tsc-size" },
    { "no parameters", hvm_params, BODY(U32("\0") U32("\0")), GW_E_INVALID, "param-short", "param-length" },
    { "no checks", page_checks, BODY(U32("\1") U32("\0")), GW_E_INVALID, "opt-page-checks", "opt-page-checks" },
    { "two checks", page_checks, BODY(U32("\1") U32("\2") U64("\3") U64("\4")), GW_E_INVALID, "opt-page-checks",
      "opt-page-checks" },
    { "digest", image_digest, BODY(U32("\1") U32("\0") D16 D16 U64("\3") U64("\4")), GW_E_INVALID, "opt-image-digest",
      "opt-image-digest" },
};
#define NUM_RIGHTS (sizeof rights / sizeof rights[0])

/* The body, cut or made longer to len octets, through its decoder. */
static int decode_len(const struct right *row, size_t len, struct gw_buf *again, struct gw_err *err)
{
    uint8_t *mem = calloc(1, len ? len : 1);
    CHECK(mem != NULL);
    memcpy(mem, row->body, len < row->len ? len : row->len);
    int rc = row->decode(gw_cur(mem, len), again, err);
    free(mem);
    return rc;
}

static void what_is_decoded_is_encoded_as_it_was(void)
{
    for (unsigned i = 0; i < NUM_RIGHTS; i++) {
        struct gw_buf again = { 0 };
        struct gw_err err = GW_ERR_NONE;
        CHECK_STR(decode_len(&rights[i], rights[i].len, &again, &err) < 0 ? rights[i].name : "", "");
        CHECK_EQ(again.len, rights[i].len);
        CHECK_MEM(again.mem, rights[i].body, rights[i].len);
        gw_buf_free(&again);
    }
}

static void every_cut_is_refused_by_its_rule(void)
{
    for (unsigned i = 0; i < NUM_RIGHTS; i++)
        for (size_t len = 0; len < rights[i].len; len++) {
            struct gw_err err = GW_ERR_NONE;
            CHECK_EQ(decode_len(&rights[i], len, NULL, &err), -1);
            CHECK_EQ(err.code, rights[i].code);
            CHECK_STR(err.rule, rights[i].rule_short);
        }
}

static void an_octet_too_many_is_refused_by_its_rule(void)
{
    for (unsigned i = 0; i < NUM_RIGHTS; i++) {
        struct gw_err err = GW_ERR_NONE;
        CHECK_EQ(decode_len(&rights[i], rights[i].len + 1, NULL, &err), rights[i].rule_long ? -1 : 0);
        CHECK_STR(err.rule, rights[i].rule_long);
    }
}

static const struct {
    decode_fn *decode;
    const char *body;
    size_t len;
    const char *rule, *says;
} wrongs[] = {
    { image_header, BODY("\xff\xff\xff\xff\xff\xff\xff\xfeXENF\0\0\0\2\0\0\0\0\0\0\0\0"), "ihdr-marker",
      "0xfffffffffffffffe" },
    { image_header, BODY(FF8 "XENG\0\0\0\2\0\0\0\0\0\0\0\0"), "ihdr-id", "0x58454e47" },
    { image_header, BODY(FF8 "XENF\0\0\0\1\0\0\0\0\0\0\0\0"), "ihdr-version-known", "version 1" },
    { image_header, BODY(FF8 "XENF\0\0\0\4\0\0\0\0\0\0\0\0"), "ihdr-version-known", "version 4" },
    { image_header, BODY(FF8 "XENF\2\0\0\0\0\0\0\0\0\0\0\0"), "ihdr-version-known", "version 33554432" },
    { image_header, BODY(FF8 "XENF\0\0\0\2\0\1\0\0\0\0\0\0"), "ihdr-big-endian", "big-endian" },
    { domain_header, BODY(U32("\0") "\x0c\0\0\0" U32("\4") U32("\x11")), "dhdr-type", "type is 0" },
    { domain_header, BODY(U32("\5") "\x0c\0\0\0" U32("\4") U32("\x11")), "dhdr-type", "type is 5" },
    { domain_header, BODY(U32("\3") "\x0c\0\0\0" U32("\4") U32("\x11")), "dhdr-type-dropped", "PVH" },
    { domain_header, BODY(U32("\4") "\x0c\0\0\0" U32("\4") U32("\x11")), "dhdr-type-dropped", "ARM" },
    { domain_header, BODY(U32("\1") "\x0d\0\0\0" U32("\4") U32("\x11")), "dhdr-page-shift", "page_shift is 13" },
    { domain_header, BODY(U32("\1") "\x2c\0\0\0" U32("\4") U32("\x11")), "dhdr-page-shift", "page_shift is 44" },
    { pv_info, BODY("\4\4\0\0\0\0\0\0"), "pvinfo-pair", "width of 4 with 4" },
    { pv_info, BODY("\10\3\0\0\0\0\0\0"), "pvinfo-pair", "width of 8 with 3" },
    { pv_info, BODY("\0\0\0\0\0\0\0\0"), "pvinfo-pair", "width of 0" },
    { p2m_64, BODY(U32("\2") U32("\1") U64("\7")), "p2m-order", "0x2 down to 0x1" },
    { p2m_64, BODY(U32("\0") "\xff\xff\xff\xff" U64("\7")), "p2m-length", "needs 8388608 frames" },
    { p2m_32, BODY(U32("\0") "\xff\xff\xff\xff" U64("\7")), "p2m-length", "needs 4194304 frames" },
    { hvm_params, BODY("\xff\xff\xff\xff" U32("\0")), "param-length", "4294967295 parameters needs 68719476728" },
    { hvm_params, BODY(U32("\1") U32("\0") U64("\0")), "param-length", "needs 24 octets, its body has 16" },
    { page_checks, BODY("\1\0\0\0\xff\xff\xff\xff"), "opt-page-checks", "4294967295 checks needs 34359738368" },
    { page_checks, BODY(U32("\2") U32("\0")), "opt-page-checks", "algorithm 2" },
    { image_digest, BODY(U32("\2") U32("\0") D16 D16 U64("\3") U64("\4")), "opt-image-digest", "algorithm 2" },
};

static void what_the_format_forbids_is_refused_by_its_rule(void)
{
    for (unsigned i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        struct gw_err err = GW_ERR_NONE;
        CHECK_EQ(wrongs[i].decode(gw_cur(wrongs[i].body, wrongs[i].len), NULL, &err), -1);
        CHECK_FAIL(err, GW_E_INVALID, wrongs[i].says);
        CHECK_STR(err.rule, wrongs[i].rule);
    }
}

static void values_stand_where_the_format_says(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_image_header image;
    struct gw_domain_header domain;
    struct gw_tsc_info tsc;
    struct gw_pv_info info;
    CHECK_EQ(gw_image_header_decode(gw_cur(FF8 "XENF\0\0\0\3\xff\xfe\1\2\3\4\5\6", 24), &image, &err), 0);
    CHECK(image.version == 3 && image.options == 0xfffe && image.res1 == 0x102 && image.res2 == 0x3040506);
    CHECK_EQ(gw_domain_header_decode(gw_cur(U32("\2") "\x0c\0\7\1" U32("\4") U32("\x11"), 16), &domain, &err), 0);
    CHECK(domain.type == GW_DOMAIN_HVM && domain.page_shift == 12 && domain.res1 == 0x107);
    CHECK(domain.xen_major == 4 && domain.xen_minor == 17);
    CHECK_EQ(gw_tsc_info_decode(gw_cur(U32("\1") U32("\2") U64("\3") U32("\4") U32("\5"), 24), &tsc, &err), 0);
    CHECK(tsc.mode == 1 && tsc.khz == 2 && tsc.nsec == 3 && tsc.incarnation == 4 && tsc.reserved == 5);
    CHECK_EQ(gw_pv_info_decode(gw_cur("\4\3\0\0\0\0\0\1", 8), &info, &err), 0);
    CHECK(info.width == 4 && info.levels == 3);
}

const struct test tests[] = {
    { "what-is-decoded-is-encoded-as-it-was", what_is_decoded_is_encoded_as_it_was },
    { "every-cut-is-refused-by-its-rule", every_cut_is_refused_by_its_rule },
    { "an-octet-too-many-is-refused-by-its-rule", an_octet_too_many_is_refused_by_its_rule },
    { "what-the-format-forbids-is-refused-by-its-rule", what_the_format_forbids_is_refused_by_its_rule },
    { "values-stand-where-the-format-says", values_stand_where_the_format_says },
    { NULL, NULL },
};
