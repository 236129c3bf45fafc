/*
 * layout_tables.h - turns the X-macros of layout_*.h into struct gw_layout: for the layout_*.c only, which expand their
 * list with GW_LAYOUT_DEFINE.
 */
#ifndef GW_LAYOUT_TABLES_H
#define GW_LAYOUT_TABLES_H

#include "layout.h"

#define ANY .must = GW_MUST_ANY
#define ZERO(id) .must = GW_MUST_ZERO, .rule = (id)
#define MOST(id, most) .must = GW_MUST_MOST, .rule = (id), .bound = (most)
#define IS(id, value) .must = GW_MUST_IS, .rule = (id), .bound = (value)
#define MASK(id, mask) .must = GW_MUST_MASK, .rule = (id), .bound = (mask)
#define CANONICAL(id) .must = GW_MUST_CANONICAL, .rule = (id)
#define NO_BITS NULL
#define TO_END GW_TO_END
#define EVERY(stride, width) ((width) | (stride) << 16)

#define DATA_F(P, member, at, octets, num, as, demand, parts, text)                                                    \
    { .name = #member,                                                                                                 \
      .what = (text),                                                                                                  \
      .offset = (at),                                                                                                  \
      .width = (octets)&0xffff,                                                                                        \
      .stride = (octets) >> 16 != 0 ? (octets) >> 16 : (octets),                                                       \
      .count = (num),                                                                                                  \
      .show = GW_SHOW_##as,                                                                                            \
      demand,                                                                                                          \
      .bits = (parts) },
#define DATA_S(P, member, at, every, num, inside, text)                                                                \
    { .name = #member,                                                                                                 \
      .what = (text),                                                                                                  \
      .offset = (at),                                                                                                  \
      .width = (every),                                                                                                \
      .stride = (every),                                                                                               \
      .count = (num),                                                                                                  \
      .show = GW_SHOW_OCTETS,                                                                                          \
      .inner = &gw_layout_##inside },
#define GW_LAYOUT_DEFINE(TABLE, P, len, where, text)                                                                   \
    static const struct gw_field fields_of_##P[] = { TABLE(DATA_F, DATA_S, P) };                                       \
    const struct gw_layout gw_layout_##P = {                                                                           \
        .name = #P,                                                                                                    \
        .what = (text),                                                                                                \
        .section = (where),                                                                                            \
        .length = (len),                                                                                               \
        .fields = fields_of_##P,                                                                                       \
        .num_fields = sizeof fields_of_##P / sizeof fields_of_##P[0],                                                  \
    };

#endif
