/*
 * model.h - guests that exist only in memory and do what they are told: for tests.
 *
 * A source, model:KEY=VALUE,...
 *     pages=N         pfns, 64 to 262144; 1024
 *     holes=K         so many of them are holes, evenly spread; 0
 *     zeros=K         so many pages are zero until they are written, evenly spread; 0
 *     seed=S          of the contents and of which pages are written; 1
 *     dirty=A/B/C     pages written before the first, second, third ... collect or suspend; the last one stays; 0
 *     live=0          the guest says that it cannot be tracked; 1
 *     fail=SLOT:N     the N-th call of that slot fails; may come more than once
 * A destination, model:KEY=VALUE,...
 *     fail=SLOT:N     as above
 *     sure=0          when start fails, it is not certain that the guest never ran; 1
 *
 * Nothing happens by itself: a guest writes when it is collected while it runs, and when it is suspended.
 */
#ifndef GW_MODEL_H
#define GW_MODEL_H

#include "guest.h"

struct gw_source *gw_model_source(const char *name, struct gw_err *err);
struct gw_destination *gw_model_destination(const char *name, struct gw_err *err);

/* The slots called so far: their names, a blank before each but the first. Borrowed until the next call of a slot. */
const char *gw_model_source_log(struct gw_source *source);
const char *gw_model_destination_log(struct gw_destination *dest);

/* Pfns of the source, holes included. */
uint64_t gw_model_source_pages(const struct gw_source *source);
/* Entry of a pfn now, its contents at *page (borrowed; NULL when it has none). */
uint64_t gw_model_source_page(const struct gw_source *source, uint64_t pfn, const uint8_t **page);
/* The same at a destination; false: the pfn was never named. */
bool gw_model_destination_page(const struct gw_destination *dest, uint64_t pfn, uint64_t *entry, const uint8_t **page);

/*
 * All pages of the source, and none else, are at the destination with their contents. *bad_pfn: the first that is not.
 */
bool gw_model_same(const struct gw_source *source, const struct gw_destination *dest, uint64_t *bad_pfn);

/* Every record that came, in order: type and length (u32 each), body, without padding. */
struct gw_cur gw_model_records(const struct gw_destination *dest);

#endif
