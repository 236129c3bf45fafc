/*
 * sandbox.h - what a command that only reads gives up before the first octet of a stranger's file is looked at.
 *
 * A private header of src/cmd: only a command may confine the whole process. The library never does; it belongs to
 * the program that embeds it.
 */
#ifndef GW_SANDBOX_H
#define GW_SANDBOX_H

#include "cmd.h"

/* The two that hold independently of each other. */
enum { GW_SANDBOX_LANDLOCK = 1, GW_SANDBOX_SECCOMP = 2, GW_SANDBOX_BOTH = 3 };

struct gw_sandbox {
    const char *const *reads; /* names of files that are still to be opened; "-", standard input, is open already */
    int num_reads;
    const char *writes; /* a file of gw_newfile_open(): it may still come into its place or be removed; NULL: none */
};

/* Which of the two this build and this kernel have. Changes nothing. */
unsigned gw_sandbox_has(void);

/*
 * Gives up, for ever and for all that is started from here, everything but reading those files and writing to what is
 * open: those of `parts` that the system has. 0: they hold. -1, GW_E_SYSTEM: the system has one of them and yet it
 * could not be put up; what holds is not known then, and the caller ends.
 */
int gw_sandbox(const struct gw_sandbox *what, unsigned parts, struct gw_err *err);

/* One line for --version. */
void gw_sandbox_print(FILE *out);

/*
 * For a command, behind its options and in front of its first look into a file: does the above as --no-sandbox wants.
 * What the system lacks is told on stderr with -v.
 */
int gw_confine_to(const struct gw_args *args, const struct gw_sandbox *what, struct gw_err *err);
/* The same for the operands, which are read. False: it failed, which was told on stderr. */
bool gw_confine(const struct gw_args *args);

#endif
