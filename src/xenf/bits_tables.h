/*
 * bits_tables.h - how the rows of a table of parts are written: for the files that define such tables only.
 */
#ifndef GW_BITS_TABLES_H
#define GW_BITS_TABLES_H

/* A flag, a number of several bits, a choice, and the row behind the last. */
#define FLAG(at, text)                                                                                                 \
    {                                                                                                                  \
        .low = (at), .width = 1, .name = (text)                                                                        \
    }
#define PART(at, bits, text)                                                                                           \
    {                                                                                                                  \
        .low = (at), .width = (bits), .name = (text)                                                                   \
    }
#define CHOICE(at, bits, text, names)                                                                                  \
    {                                                                                                                  \
        .low = (at), .width = (bits), .name = (text), .values = (names)                                                \
    }
#define LAST                                                                                                           \
    {                                                                                                                  \
        .width = 0                                                                                                     \
    }

#endif
