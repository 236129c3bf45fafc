/*
 * fields.h - what this room shares inside: taking the fields of a chunk one by one, each with its name.
 *
 * A take that does not fit says which field of which chunk is cut, and sticks: it and all later ones give zero. So a
 * decoder takes all fields in order, says what it dislikes with field_refuse, and is asked once, at fields_end.
 */
#ifndef CHUNK_FIELDS_H
#define CHUNK_FIELDS_H

#include "chunk.h"

#define PFNS_MOST (UINT64_C(1) << 52)

struct fields {
    struct gw_cur cur; /* bad after any failure */
    uint32_t type;
    size_t len; /* octets of data */
    struct gw_err *err;
};

struct fields fields_open(uint32_t type, struct gw_cur data, struct gw_err *err);

uint8_t field_u8(struct fields *f, const char *field);
uint32_t field_be32(struct fields *f, const char *field);
uint64_t field_be64(struct fields *f, const char *field);
bool field_bool(struct fields *f, const char *field);
/* A value from 0 to most. */
uint32_t field_choice(struct fields *f, const char *field, uint32_t most);
void field_octets(struct fields *f, const char *field, uint8_t *out, size_t len);
struct gw_cur field_view(struct fields *f, const char *field, size_t len);
/* num items of size octets each; what the claim of num costs is compared before anything is taken. */
struct gw_cur field_items(struct fields *f, const char *field, uint32_t num, size_t size);
/* u32 length + UTF-8. */
struct gw_str field_str(struct fields *f, const char *field);
/* len octets of UTF-8. */
struct gw_str field_text(struct fields *f, const char *field, size_t len);

/* The sentence goes behind "HELO: ". */
__attribute__((format(printf, 2, 3))) void field_refuse(struct fields *f, const char *fmt, ...);

/* 0 when every field was there and right, and nothing is left of a critical chunk. */
int fields_end(struct fields *f);

void field_put_str(struct gw_buf *buf, struct gw_str str);
void field_put_view(struct gw_buf *buf, struct gw_cur view);

/* The body of each chunk: gw_chunk_decode and gw_chunk_encode do all that is the same for all. */
#define X(id, name, ...)                                                                                               \
    void chunk_##name##_take(struct fields *f, struct gw_chunk_##name *out);                                           \
    void chunk_##name##_put(struct gw_buf *buf, const struct gw_chunk_##name *in);
GW_CHUNKS(X)
#undef X

#endif
