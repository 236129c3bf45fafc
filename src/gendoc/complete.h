/*
 * complete.h - what the files that make a shell's completion share: what may stand where.
 */
#ifndef GENDOC_COMPLETE_H
#define GENDOC_COMPLETE_H

#include <stdio.h>

#include "cmd.h"

#define VALUES_ROOM 16384

/* What may stand in a place of the command line. */
struct values {
    const char *name; /* "FILE", "WHEN"; name_len octets of it */
    int name_len;
    bool files, dirs;
    bool open;               /* a word is the beginning of what is meant: no blank behind it */
    bool all;                /* an operand: all that follow are of this kind, too */
    char words[VALUES_ROOM]; /* with a blank between them */
};

/* For what stands behind an option. */
void values_of_option(const struct gw_opt *opt, struct values *out);
/* For the command's operands from 0 on; false behind the last. */
bool values_of_operand(const struct gw_cmd *cmd, unsigned place, struct values *out);

void fill_bash_commands(FILE *out, const char *unused);
void fill_bash_options(FILE *out, const char *unused);
void fill_bash_values(FILE *out, const char *unused);
void fill_fish_commands(FILE *out, const char *unused);
void fill_fish_valued(FILE *out, const char *unused);
void fill_fish_options(FILE *out, const char *unused);
void fill_zsh_commands(FILE *out, const char *unused);
void fill_zsh_arguments(FILE *out, const char *unused);

#endif
