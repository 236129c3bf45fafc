/*
 * chunks.h - one sample of each chunk, for the unit tests of src/chunk, and ways to say and to hear it.
 *
 * What is heard lies in heap blocks of exactly its size, so that the address sanitizer sees one octet too far.
 */
#ifndef UNIT_CHUNKS_H
#define UNIT_CHUNKS_H

#include <stdlib.h>
#include <string.h>

#include "chunk.h"
#include "harness.h"

#define NUM(array) (sizeof(array) / sizeof(array)[0])
#define STR(t)                                                                                                         \
    {                                                                                                                  \
        .text = (t), .len = sizeof(t) - 1                                                                              \
    }
#define VIEW(array)                                                                                                    \
    {                                                                                                                  \
        .p = (array), .end = (array) + sizeof(array)                                                                   \
    }
#define ID                                                                                                             \
    {                                                                                                                  \
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xf0                                                        \
    }
#define DIGEST                                                                                                         \
    {                                                                                                                  \
        0xd0, 0xd1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xdf                                                        \
    }
#define PFN(n) 0, 0, 0, 0, 0, 0, 0, (n)
#define CHECK8(n) (n), 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7

static const uint8_t reasons[] = { 0, 0, 0, 7, 0, 0, 0, 2, 'n', 'o', 0, 0, 1, 0, 0, 0, 0, 0 };
/* Plain, zero, held, a pinned L4 table, a hole. */
static const uint8_t entries[] = { PFN(1),    CHECK8(1), 0,    0x10, 0, 0, 0, 0,        0,         2,
                                   CHECK8(2), 0,         0x20, 0,    0, 0, 0, 0,        3,         CHECK8(3),
                                   0xc0,      0,         0,    0,    0, 0, 0, 4,        CHECK8(4), 0xf0,
                                   0,         0,         0,    0,    0, 0, 5, CHECK8(5) };
static const uint8_t ranges[] = { PFN(8), PFN(1), PFN(3), PFN(2) };
static const uint8_t image[] = { 0xff, 0xff, 0xff, 0, 'X' };

static const struct gw_message samples[] = {
    { .type = GW_CHUNK_HELO,
      .helo = { 1, 1 << 20, STR("godwit"), STR("0.2"), STR("zero have multi=4 r\xc3\xa9sum\xc3\xa9") } },
    { .type = GW_CHUNK_OFFR, .offr = { ID, 3, STR("db 1"), STR("pv"), 4096, 4000, true, VIEW(image) } },
    { .type = GW_CHUNK_ACPT, .acpt = { ID, STR("zero multi=2"), DIGEST } },
    { .type = GW_CHUNK_DENY, .deny = { 2, VIEW(reasons) } },
    { .type = GW_CHUNK_PAGE, .page = { 2, 5, GW_ENCODING_PLAIN, 8192, 2, VIEW(entries) } },
    { .type = GW_CHUNK_ROUN, .roun = { 2, 5, 8192, 17, UINT64_C(123456789012) } },
    { .type = GW_CHUNK_SEEN, .seen = { 2, 3, 8192, 2, VIEW(ranges) } },
    { .type = GW_CHUNK_RECD, .recd = { 9, VIEW(image) } },
    { .type = GW_CHUNK_DONE, .done = { { DIGEST, ID, 4000, 12 } } },
    { .type = GW_CHUNK_REDY, .redy = { { ID, DIGEST, 4000, 12 } } },
    { .type = GW_CHUNK_COMM, .comm = { ID, 3 } },
    { .type = GW_CHUNK_RUNS, .runs = { ID, UINT64_MAX, 30000000 } },
    { .type = GW_CHUNK_ASKS, .asks = { ID, 3, true } },
    { .type = GW_CHUNK_TELL, .tell = { ID, GW_TELL_UNSURE, STR("toolstack fell silent") } },
    { .type = GW_CHUNK_STOP, .stop = { 5, STR("cancelled") } },
    { .type = GW_CHUNK_ALIV, .aliv = { 0 } },
    { .type = GW_CHUNK_PROG, .prog = { STR("{\"round\":2}") } },
    { .type = GW_CHUNK_CPUS, .cpus = { STR("Godwit 9000") } },
    { .type = GW_CHUNK_TIME, .time = { 1, 2 } },
};

/* A copy that ends where its memory ends; the caller frees it. */
static inline uint8_t *exact(const void *mem, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    CHECK(copy != NULL);
    if (len > 0)
        memcpy(copy, mem, len);
    return copy;
}

static inline void say(struct gw_buf *buf, const struct gw_message *message)
{
    struct gw_err err = GW_ERR_NONE;
    CHECK_EQ(gw_chunk_encode(buf, message, &err), 0);
    CHECK_EQ(err.code, GW_E_OK);
}

static inline struct gw_buf said(const struct gw_message *message)
{
    struct gw_buf buf = { 0 };
    say(&buf, message);
    return buf;
}

/* Data without their frame. */
static inline int hear_data(uint32_t type, const void *mem, size_t len, struct gw_message *out, struct gw_err *err)
{
    *err = GW_ERR_NONE;
    return gw_chunk_decode(&(struct gw_chunk){ .type = type, .data = gw_cur(mem, len) }, out, err);
}

static inline int hear_cut(uint32_t type, const void *mem, size_t len, struct gw_err *err)
{
    struct gw_message out, before;
    uint8_t *copy = exact(mem, len);
    memset(&out, 0xa5, sizeof out);
    memset(&before, 0xa5, sizeof before);
    int rc = hear_data(type, copy, len, &out, err);
    if (rc < 0)
        CHECK_MEM(&out, &before, sizeof out);
    free(copy);
    return rc;
}

static inline void check_refused(const struct gw_message *sample, const void *mem, size_t len, const char *part)
{
    struct gw_err err;
    char name[GW_CHUNK_NAME_ROOM];
    CHECK_EQ(hear_cut(sample->type, mem, len, &err), -1);
    CHECK_FAIL(err, GW_E_INVALID, part);
    CHECK_HAS(err.msg, gw_chunk_name(sample->type, name));
}

static inline const struct gw_message *sample_of(uint32_t type)
{
    for (unsigned i = 0; i < NUM(samples); i++)
        if ((uint32_t)samples[i].type == type)
            return &samples[i];
    test_fail(__FILE__, __LINE__, "no sample of type 0x%x", type);
}

#endif
