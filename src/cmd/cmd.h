/*
 * cmd.h - the command line: a row per command, rows per option; parser, --help and man pages read the same rows.
 *
 * Results go to stdout, everything else to stderr. Exit status: see enum gw_exit.
 */
#ifndef GW_CMD_H
#define GW_CMD_H

#include "base.h"
#include "channel.h"
#include "xenf.h"
#include "verify.h"
#include "guest.h"
#include "engine.h"
#include "chunk.h"
#include "session.h"
#include "wrap.h"
#include "salvage.h"
#include "report.h"

enum gw_exit { GW_EXIT_YES = 0, GW_EXIT_NO = 1, GW_EXIT_USAGE = 2, GW_EXIT_SYSTEM = 3 };

/* One option. Rows end with name NULL; ids are those of the command, from OPT_OWN on. */
struct gw_opt {
    char letter;      /* 0: none */
    const char *name; /* without the dashes */
    const char *arg;  /* NULL: takes none; "SIZE"; "WHEN=auto|never": one of these words */
    unsigned id;
    const char *help;
};

enum {
    OPT_HELP,
    OPT_JSON,
    OPT_QUIET,
    OPT_VERBOSE,
    OPT_COLOR,
    OPT_PROGRESS,
    OPT_MAX_GUEST,
    OPT_NO_SANDBOX,
    OPT_LEGACY_WIDTH,
    OPT_LEGACY_GUEST,
    OPT_OWN,
    OPT_MOST = 40
};

#define GW_OPT_ROOM 256 /* for an option's texts */

/* Rows of several commands. */
#define GW_OPTS_MAX_GUEST                                                                                              \
    {                                                                                                                  \
        0, "max-guest", "SIZE", OPT_MAX_GUEST, "accept guests up to that size (1T unless said)"                        \
    }
#define GW_OPTS_LEGACY                                                                                                 \
    { 0, "legacy-width", "BITS=32|64", OPT_LEGACY_WIDTH, "of the toolstack that wrote a legacy image" },               \
    {                                                                                                                  \
        0, "legacy-guest", "KIND=pv|hvm", OPT_LEGACY_GUEST, "the guest in a legacy image"                              \
    }
#define GW_OPTS_NO_SANDBOX                                                                                             \
    {                                                                                                                  \
        0, "no-sandbox", NULL, OPT_NO_SANDBOX, "give up no rights before the file is read"                             \
    }
#define GW_OPTS_VERBOSE                                                                                                \
    {                                                                                                                  \
        'v', "verbose", NULL, OPT_VERBOSE, "tell what the sandbox lacks on this system"                                \
    }
#define GW_OPTS_COLOR                                                                                                  \
    {                                                                                                                  \
        0, "color", "WHEN=auto|always|never", OPT_COLOR, "colour"                                                      \
    }
#define GW_OPTS_HELP                                                                                                   \
    {                                                                                                                  \
        'h', "help", NULL, OPT_HELP, "say how the command is used"                                                     \
    }
#define GW_OPTS_COMMON                                                                                                 \
    { 'j', "json", NULL, OPT_JSON, "write JSON lines" },                                                               \
        { 0, "progress", "HOW=auto|plain|json|none", OPT_PROGRESS, "progress on stderr" }, GW_OPTS_HELP

struct gw_args {
    bool given[OPT_MOST];
    const char *value[OPT_MOST];
    char **operand;
    int num_operands;
    int spool; /* a file for what of a legacy image has to be put aside; -1: there is none */
};

struct gw_cmd {
    const char *name;
    const char *operands; /* "FILE..." */
    const char *brief;
    const struct gw_opt *opts;
    int least, most; /* operands; most -1: any number */
    enum gw_exit (*run)(const struct gw_args *args);
};

/* In the order in which --help tells them; ends with NULL. */
extern const struct gw_cmd *const gw_cmds[];

/* options.c */
/* argv behind the command's name. False: wrong use, told on stderr. */
bool gw_args_parse(const struct gw_cmd *cmd, int argc, char **argv, struct gw_args *out);
/* The words of a choice, with that glue between them. False: it is none. room: GW_OPT_ROOM octets, here and below. */
bool gw_opt_words(const struct gw_opt *opt, const char *glue, char *room);
/* The name of what follows an option, "WHEN"; "" where nothing does. */
const char *gw_opt_arg(const struct gw_opt *opt, char *room);
/* What --help says of it, the words of a choice behind it. */
const char *gw_opt_help(const struct gw_opt *opt, char *room);
void gw_help(FILE *out, const struct gw_cmd *cmd); /* NULL: godwit as a whole */
void gw_dump_options(FILE *out, const struct gw_cmd *cmd);
/* "64M", "1T", "4096": octets. */
bool gw_size_parse(const char *text, uint64_t *out);
/* --max-guest as a pfn: the first that is refused. False: wrong use, told on stderr. */
bool gw_max_guest(const struct gw_args *args, uint64_t *max_pfn);
/* That option as the minor number of a Xen 4, 0 when it is not given. False: wrong use, told on stderr. */
bool gw_for_xen(const struct gw_args *args, unsigned option, const char *command, unsigned *minor);

/* terminal.c */
/* Prints an error, once: "godwit: ..." and its causes. */
void gw_complain(const struct gw_err *err);
/* Prints a sentence that is no error beside what a command does; "": nothing. */
void gw_remark(const char *sentence);
__attribute__((format(printf, 1, 2))) void gw_complain_usage(const char *fmt, ...);
/* --color, and whether stdout is a terminal. */
bool gw_wants_colour(const struct gw_args *args);

/* progress.c: a sink that draws a line while an image passes; NULL when nobody would see it. */
struct gw_sink *gw_progress(const struct gw_args *args, const struct gw_wrap *wrap, const char *name,
                            struct gw_err *err);
/* The same for an image that is not read but pushed: contents, octets in all, are counted as they pass. */
struct gw_sink *gw_progress_of(const struct gw_args *args, uint64_t contents, const char *name, struct gw_err *err);

/* judge.c */
/* A file to read, with what was said of it beside its name. */
struct gw_wrap *gw_open_input(const struct gw_args *args, const char *name, uint64_t max_pfn, struct gw_err *err);
struct gw_legacy_opts gw_said_of_legacy(const struct gw_args *args);
/* A file that gives the same octets when it is opened once more. What is not there is said when it is opened. */
bool gw_can_read_again(const char *name);
/* A file through the verifier. */
struct gw_judgement {
    struct gw_verdict verdict;
    char layers[64];
    bool failed; /* the system failed: err says how, and there is no verdict */
    struct gw_err err;
    struct gw_finding *findings; /* kept copies, in the order in which they were found */
    size_t num_findings, cap_findings;
};
struct gw_judge_opts {
    bool strict;
    unsigned for_xen;
    uint64_t max_pfn;
};
/* beside: a sink that gets the whole image too, once however often the verifier reads it; borrowed; may be NULL. */
void gw_judge(const char *name, const struct gw_judge_opts *opts, const struct gw_args *args, struct gw_sink *beside,
              struct gw_judgement *out);
void gw_judgement_free(struct gw_judgement *judgement);

extern const struct gw_cmd gw_cmd_info, gw_cmd_inspect, gw_cmd_verify, gw_cmd_digest, gw_cmd_save, gw_cmd_restore,
    gw_cmd_migrate, gw_cmd_receive, gw_cmd_preflight, gw_cmd_owner, gw_cmd_demo, gw_cmd_convert, gw_cmd_compare,
    gw_cmd_export, gw_cmd_index;

#endif
