/*
 * man.h - what the files that fill man pages share. Nobody else in the room needs it.
 */
#ifndef GENDOC_MAN_H
#define GENDOC_MAN_H

#include <stdio.h>

struct gw_bits;

/* Text of ours as mdoc: a minus stays a minus. */
void man_put(FILE *out, const char *text);
/* The same with its full stop, and the end of the line. */
void man_put_sentence(FILE *out, const char *text);

/* man.c: what a filler makes stands in the place of its line in the template; name: a command. */
void fill_options(FILE *out, const char *name);
void fill_limits(FILE *out, const char *unused);
void fill_exits(FILE *out, const char *unused);
void fill_commands(FILE *out, const char *unused);

/* man_rules.c */
void fill_rules(FILE *out, const char *unused);

/* man_stream.c: the tables of godwit-stream(5); group: which structures. */
void fill_versions(FILE *out, const char *unused);
void fill_records(FILE *out, const char *unused);
void fill_page_types(FILE *out, const char *unused);
void fill_structures(FILE *out, const char *group);

/* man_names.c */
void man_put_parts(FILE *out, const struct gw_bits *parts);
void fill_features(FILE *out, const char *unused);
void fill_hvm_entries(FILE *out, const char *unused);
void fill_hvm_params(FILE *out, const char *unused);
void fill_msrs(FILE *out, const char *unused);
void fill_wrappings(FILE *out, const char *unused);
void fill_xstates(FILE *out, const char *unused);

/* man_talk.c: the tables of godwit-chunks(5). No filler here looks at its argument. */
void fill_chunks(FILE *out, const char *unused);
void fill_source_rows(FILE *out, const char *unused);
void fill_source_events(FILE *out, const char *unused);
void fill_source_journals(FILE *out, const char *unused);
void fill_destination_rows(FILE *out, const char *unused);
void fill_destination_events(FILE *out, const char *unused);
void fill_destination_files(FILE *out, const char *unused);
void fill_actions(FILE *out, const char *unused);
void fill_outcomes(FILE *out, const char *unused);

#endif
