/*
 * main.c - finds the command, runs it, and sees to it that what was written arrived.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "stored.h"

static bool reader_gone(void)
{
    struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/* A reader that went away (`godwit digest FILE | head`) needs no sentence; a full disk does. */
static enum gw_exit finish(enum gw_exit status)
{
    struct gw_err err = GW_ERR_NONE;
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno == 0)
        errno = EIO; /* an earlier write failed; its reason is gone */
    if (!reader_gone()) {
        gw_fail(&err, GW_E_SYSTEM, "cannot write to standard output");
        gw_complain(&err);
    }
    return GW_EXIT_SYSTEM;
}

static const struct gw_cmd *command_named(const char *name)
{
    for (const struct gw_cmd *const *cmd = gw_cmds; *cmd != NULL; cmd++)
        if (strcmp((*cmd)->name, name) == 0)
            return *cmd;
    return NULL;
}

static bool reads_images(const struct gw_cmd *cmd)
{
    const struct gw_opt *opt = cmd->opts;
    while (opt->name != NULL && opt->id != OPT_LEGACY_GUEST)
        opt++;
    return opt->name != NULL;
}

static enum gw_exit run_command(const struct gw_cmd *cmd, int argc, char **argv)
{
    struct gw_args args;
    if (!gw_args_parse(cmd, argc, argv, &args))
        return GW_EXIT_USAGE;
    if (args.given[OPT_HELP]) {
        gw_help(stdout, cmd);
        return GW_EXIT_YES;
    }
    if (reads_images(cmd))
        args.spool = gw_new_spool();
    enum gw_exit status = cmd->run(&args);
    gw_closep(&args.spool);
    return status;
}

/* What is in: versions of the image, packings, guests, and the libraries that do the work. */
static void print_version(void)
{
    printf("godwit %s\nreads images of version", GODWIT_VERSION);
    for (unsigned i = 0; i < gw_num_versions; i++)
        printf("%s%u", i == 0 ? " " : " and ", gw_versions[i].version);
    printf("; unpacks gzip, xz, zstd, lz4; guests:");
    for (unsigned i = 0; gw_guest_kind(i) != NULL; i++)
        printf("%s %s", i == 0 ? "" : ",", gw_guest_kind(i)->name);
    printf("\n%s; OpenSSL %s\n", gw_wrap_library(), gw_sha256_library());
    gw_sandbox_print(stdout);
}

static enum gw_exit run(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "--help";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        gw_help(argc > 1 ? stdout : stderr, NULL);
        return argc > 1 ? GW_EXIT_YES : GW_EXIT_USAGE;
    }
    if (strcmp(word, "--version") == 0) {
        print_version();
        return GW_EXIT_YES;
    }
    if (strcmp(word, "--dump-options") == 0) { /* for tests */
        gw_dump_options(stdout, argc > 2 ? command_named(argv[2]) : NULL);
        return GW_EXIT_YES;
    }
    const struct gw_cmd *cmd = command_named(word);
    if (cmd == NULL) {
        gw_complain_usage("there is no command '%s'; godwit --help tells them", word);
        return GW_EXIT_USAGE;
    }
    return run_command(cmd, argc - 2, argv + 2);
}

/*
 * A standard descriptor that the caller has closed would be the next file that is opened: what is printed would be
 * written into it. What stands there instead can be used for nothing, as if it were still closed.
 */
static int hold_standard(struct gw_err *err)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return gw_fail(err, GW_E_SYSTEM, "cannot open /dev/null in place of a standard descriptor");
    return 0;
}

int main(int argc, char **argv)
{
    struct gw_err err = GW_ERR_NONE;
    /* A reader that goes away is an error of writing, told by finish(), not the end of the program. */
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigaction(SIGPIPE, &ignore, NULL);
    if (hold_standard(&err) < 0) {
        gw_complain(&err);
        return GW_EXIT_SYSTEM;
    }
    gw_guest_add_kind(&gw_stored_kind);
    return (int)finish(run(argc, argv));
}
