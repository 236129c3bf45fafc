/*
 * losses.h - what a salvage could not save, told to people, to programs, and to whoever gets the image afterwards.
 *
 * A private header of src/cmd.
 */
#ifndef GW_CMD_LOSSES_H
#define GW_CMD_LOSSES_H

#include "cmd.h"

#define FAULTS_MOST 16u

/* Rules that the image breaks still, as the verifier says. */
struct faults {
    const struct gw_rule *rules[FAULTS_MOST];
    unsigned num;
};

/* One sentence: "12 pages are lost, 3 doubtful; HVM_CONTEXT is missing". */
void losses_sentence(const struct gw_losses *losses, const struct faults *faults, char *room, size_t len);

/* The text of a PROVENANCE, written on that host, or NULL; the caller frees it. */
char *losses_provenance(const struct gw_salvage *salvage, const struct faults *faults, const char *host,
                        struct gw_err *err);

/* Everything, on stdout or where the report goes: text, or JSON lines. */
void losses_print(FILE *out, bool as_json, const struct gw_salvage *salvage, const struct faults *faults);

#endif
