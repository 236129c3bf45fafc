/*
 * saved_index.h - the index file beside an image, as commands use it. Private to src/cmd.
 */
#ifndef GW_SAVED_INDEX_H
#define GW_SAVED_INDEX_H

#include "cmd.h"

/* FILE.gwi; the caller frees. */
char *gw_saved_index_name(const char *image, struct gw_err *err);
/* The octets of such a file; *there false: there is none. */
int gw_saved_index_octets(const char *name, bool *there, struct gw_buf *out, struct gw_err *err);

/* The index of an image, if it has one that was made of it as it is now; what is wrong with it is told on stderr. */
struct gw_saved_index;
struct gw_saved_index *gw_saved_index_open(const char *image);
/*
 * The pfn in *out, as gw_picker would have it; times 0: the index does not name it. False: there is no index, or the
 * image contradicts it, which is told, and then it is not asked again.
 */
bool gw_saved_index_pick(struct gw_saved_index *index, struct gw_picked *out);
void gw_saved_index_close(struct gw_saved_index *index); /* NULL is fine */

#endif
