/*
 * sandbox.c - confines a command that reads images: Landlock for files, seccomp for all other system calls.
 *
 * seccomp kills the process at the first call that calls[] does not have: a reader that does anything else is no
 * longer ours. Landlock leaves the files named on the command line readable, and nothing else of the file system; what
 * it forbids fails with EACCES. Either holds where the other is missing. A system that has neither is told of with -v
 * and is no failure: it reads as it did before there were sandboxes. One that has a part and cannot put it up is.
 *
 * Must not know what is in a file, nor which command asks.
 * Tests: tests/unit/sandbox.c (forbidden calls die), tests/sandbox/run.py (the commands are confined), and every other
 * test, which runs the commands confined.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A sanitizer or a coverage counter makes calls of its own, at its end above all; calls[] holds for x86-64. */
#if defined GW_WITH_LIBSECCOMP && !defined GW_INSTRUMENTED && defined __x86_64__
#define WITH_SECCOMP
#include <seccomp.h>
#endif

#include "sandbox.h"

/* --- files: Landlock --------------------------------------------------------------------------------------------- */

/* As of version 6 of the kernel's interface; an older kernel takes the first members. */
struct ruleset {
    uint64_t files, net, scopes;
};

/* Rights that the kernel's interface has had since a version, and that are all given up. */
static const struct {
    int since;
    struct ruleset rights;
    size_t size; /* of struct ruleset, as far as that version knows it */
} rights[] = {
    { 1, { .files = (UINT64_C(1) << 13) - 1 }, 8 }, /* all from EXECUTE to MAKE_SYM */
    { 2, { .files = UINT64_C(1) << 13 }, 8 },       /* REFER: into another directory */
    { 3, { .files = UINT64_C(1) << 14 }, 8 },       /* TRUNCATE */
    { 4, { .net = 3 }, 16 },                        /* TCP: bind, connect */
    { 5, { .files = UINT64_C(1) << 15 }, 16 },      /* IOCTL_DEV */
    { 6, { .scopes = 3 }, 24 },                     /* abstract sockets and signals of others */
};

static int landlock_version(void)
{
#ifdef GW_INSTRUMENTED
    return 0;
#else
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
#endif
}

static int new_ruleset(int version)
{
    struct ruleset all = { 0 };
    size_t size = 0;
    for (size_t i = 0; i < sizeof rights / sizeof rights[0] && rights[i].since <= version; i++) {
        all.files |= rights[i].rights.files;
        all.net |= rights[i].rights.net;
        all.scopes |= rights[i].rights.scopes;
        size = rights[i].size;
    }
    return (int)syscall(SYS_landlock_create_ruleset, &all, size, 0);
}

/*
 * These rights on that file, or on what is below that directory. A name that leads nowhere needs no rule: opening it
 * fails as before. Nor does what is in no file system, such as a pipe under /dev/fd (EBADFD): it is not watched.
 */
static int allow(int ruleset, const char *name, uint64_t file_rights, uint64_t directory_rights)
{
    struct stat st;
    gw_auto(gw_closep) int fd = open(name, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return 0;
    struct landlock_path_beneath_attr beneath = {
        .allowed_access = S_ISDIR(st.st_mode) ? directory_rights : file_rights,
        .parent_fd = fd,
    };
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0 || errno == EBADFD)
        return 0;
    return -1;
}

/* NAME.partial becomes NAME, or goes away; the directory is then made durable, which opens it. */
static int allow_new_file(int ruleset, const char *name)
{
    const char *slash = strrchr(name, '/');
    char dir[4096] = ".";
    if (slash != NULL)
        snprintf(dir, sizeof dir, "%.*s", slash == name ? 1 : (int)(slash - name), name);
    return allow(ruleset, dir, 0,
                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
}

static int confine_files(const struct gw_sandbox *what, int version)
{
    gw_auto(gw_closep) int ruleset = new_ruleset(version);
    if (ruleset < 0)
        return -1;
    /* jansson seeds its hash tables from it: a fixed seed would let a file choose what collides */
    if (allow(ruleset, "/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE, 0) < 0)
        return -1;
    for (int i = 0; i < what->num_reads; i++)
        if (allow(ruleset, what->reads[i], LANDLOCK_ACCESS_FS_READ_FILE, LANDLOCK_ACCESS_FS_READ_DIR) < 0)
            return -1;
    if (what->writes != NULL && allow_new_file(ruleset, what->writes) < 0)
        return -1;
    return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

/* --- calls: seccomp ---------------------------------------------------------------------------------------------- */

#ifdef WITH_SECCOMP

/* What the argument of that number has to be, under a mask. */
#define ANY 0, 0, 0, 0
#define ARG(number, mask, value) 1, number, mask, value
#define TO_READ (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))
#define OURSELVES UINT64_MAX /* stands for our own process number */
#define CALL SCMP_SYS

/* Everything that a reader may ask of the kernel, and why. All else kills the process. */
static const struct call {
    int number;
    bool for_output; /* only where a new file is written */
    unsigned num_args, arg;
    uint64_t mask, value;
} calls[] = {
    /* the input: channel/fd.c */
    { CALL(read), false, ANY },
    { CALL(readv), false, ANY },
    { CALL(pread64), false, ANY },
    { CALL(lseek), false, ANY },                 /* contents that nobody looks at are skipped */
    { CALL(fstat), false, ANY },                 /* a cut is told from a skip beyond the end; stdio sizes its buffers */
    { CALL(newfstatat), false, ANY },            /* what this C library makes of fstat */
    { CALL(openat), false, ARG(2, TO_READ, 0) }, /* the next FILE, or the same again; Landlock says which */
    { CALL(open), false, ARG(1, TO_READ, 0) },
    { CALL(close), false, ANY },
    { CALL(poll), false, ANY }, /* a descriptor that somebody made non-blocking; is the reader of our output gone */
    { CALL(ppoll), false, ANY },
    { CALL(fcntl), false, ARG(1, UINT32_MAX, F_GETFL) },
    { CALL(fcntl), false, ARG(1, UINT32_MAX, F_SETFD) },
    { CALL(fcntl), false, ARG(1, UINT32_MAX, F_GETPIPE_SZ) }, /* a pipe is made larger */
    { CALL(fcntl), false, ARG(1, UINT32_MAX, F_SETPIPE_SZ) },
    { CALL(pwrite64), false, ANY },  /* contents of a packed image that are put aside; it can no more than write */
    { CALL(ftruncate), false, ANY }, /* and their room is given back; a new file's length */
    /* results, errors, the progress line */
    { CALL(write), false, ANY },
    { CALL(writev), false, ANY },
    { CALL(ioctl), false, ARG(1, UINT32_MAX, TCGETS) },     /* is it a terminal: colour, progress, line buffering */
    { CALL(ioctl), false, ARG(1, UINT32_MAX, TIOCGPGRP) },  /* are we in its foreground */
    { CALL(ioctl), false, ARG(1, UINT32_MAX, TIOCGWINSZ) }, /* how wide is it */
    { CALL(getpgrp), false, ANY },
    { CALL(clock_gettime), false, ANY }, /* rates, where the kernel lends no clock of its own */
    { CALL(gettimeofday), false, ANY },
    /* memory: never to be executed */
    { CALL(brk), false, ANY },
    { CALL(mmap), false, ARG(2, PROT_EXEC, 0) },
    { CALL(mprotect), false, ARG(2, PROT_EXEC, 0) },
    { CALL(mremap), false, ANY },
    { CALL(munmap), false, ANY },
    { CALL(madvise), false, ANY },
    { CALL(getrandom), false, ANY },                   /* seeds of hash tables */
    { CALL(futex), false, ANY },                       /* one-time initialisations of OpenSSL */
    { CALL(prlimit64), false, ARG(2, UINT64_MAX, 0) }, /* asks only: how much memory may liblzma think there is */
    { CALL(sysinfo), false, ANY },                     /* the same */
    { CALL(sched_getaffinity), false, ANY },           /* the same of processors */
    /* signals, and the end: that of an assertion too */
    { CALL(rt_sigaction), false, ANY },
    { CALL(rt_sigprocmask), false, ANY },
    { CALL(rt_sigreturn), false, ANY },
    { CALL(restart_syscall), false, ANY }, /* a poll that was stopped and continued */
    { CALL(getpid), false, ANY },
    { CALL(gettid), false, ANY },
    { CALL(tgkill), false, ARG(0, UINT64_MAX, OURSELVES) },
    { CALL(exit_group), false, ANY },
    { CALL(exit), false, ANY },
    /* contents that move on: channel/move.c. Between open descriptors, as reading and writing are */
    { CALL(splice), false, ANY },
    { CALL(copy_file_range), false, ANY },
    /* a file that becomes whole: channel/newfile.c */
    { CALL(fsync), true, ANY },
    { CALL(fallocate), true, ANY },
    { CALL(renameat2), true, ANY },
    { CALL(renameat), true, ANY }, /* what the C library makes of it where nothing is asked of it */
    { CALL(linkat), true, ANY },   /* in its place where the file system knows no rename that replaces nothing */
    { CALL(unlink), true, ANY },
    { CALL(unlinkat), true, ANY },
};

static int allow_call(scmp_filter_ctx filter, const struct call *call)
{
    uint64_t value = call->value == OURSELVES ? (uint64_t)getpid() : call->value;
    struct scmp_arg_cmp arg = SCMP_CMP(call->arg, SCMP_CMP_MASKED_EQ, call->mask, value);
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call->number, call->num_args, &arg);
}

static int load_filter(scmp_filter_ctx filter, bool output)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (rc == 0)
        rc = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
    for (size_t i = 0; rc == 0 && i < sizeof calls / sizeof calls[0]; i++)
        if (output || !calls[i].for_output)
            rc = allow_call(filter, &calls[i]);
    return rc == 0 ? seccomp_load(filter) : rc;
}

static int confine_calls(bool output)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return errno = ENOMEM, -1;
    int rc = load_filter(filter, output);
    seccomp_release(filter);
    return rc == 0 ? 0 : (errno = -rc, -1);
}

static bool has_seccomp(void)
{
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

#else

static int confine_calls(bool output)
{
    (void)output;
    return errno = ENOSYS, -1;
}

static bool has_seccomp(void)
{
    return false;
}

#endif

/* --- both -------------------------------------------------------------------------------------------------------- */

unsigned gw_sandbox_has(void)
{
    return (landlock_version() > 0 ? GW_SANDBOX_LANDLOCK : 0u) | (has_seccomp() ? GW_SANDBOX_SECCOMP : 0u);
}

int gw_sandbox(const struct gw_sandbox *what, unsigned parts, struct gw_err *err)
{
    parts &= gw_sandbox_has();
    if (parts == 0)
        return 0;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return gw_fail(err, GW_E_SYSTEM, "the sandbox cannot be put up: no_new_privs");
    if ((parts & GW_SANDBOX_LANDLOCK) && confine_files(what, landlock_version()) < 0)
        return gw_fail(err, GW_E_SYSTEM, "the sandbox cannot be put up: Landlock");
    if ((parts & GW_SANDBOX_SECCOMP) && confine_calls(what->writes != NULL) < 0)
        return gw_fail(err, GW_E_SYSTEM, "the sandbox cannot be put up: seccomp");
    return 0;
}

/* --- for the commands -------------------------------------------------------------------------------------------- */

static const char *what_is_lacking(unsigned has)
{
#ifdef GW_INSTRUMENTED
    (void)has;
    return "this build, which watches itself (a sanitizer, coverage), has no sandbox";
#elif !defined WITH_SECCOMP
    return has & GW_SANDBOX_LANDLOCK ? "this build has no seccomp"
                                     : "this build has no seccomp, this system no Landlock";
#else
    static const char *const lacking[] = { "this system has neither Landlock nor seccomp", "this system has no seccomp",
                                           "this system has no Landlock", NULL };
    return lacking[has];
#endif
}

void gw_sandbox_print(FILE *out)
{
    unsigned has = gw_sandbox_has();
    const char *lacking = what_is_lacking(has);
    fputs("sandbox: ", out);
#ifdef WITH_SECCOMP
    const struct scmp_version *version = seccomp_version();
    if (has & GW_SANDBOX_SECCOMP)
        fprintf(out, "libseccomp %u.%u.%u; ", version->major, version->minor, version->micro);
#endif
    if (has & GW_SANDBOX_LANDLOCK)
        fprintf(out, "Landlock %d%s", landlock_version(), lacking != NULL ? "; " : "");
    fprintf(out, "%s\n", lacking != NULL ? lacking : "");
}

int gw_confine_to(const struct gw_args *args, const struct gw_sandbox *what, struct gw_err *err)
{
    const char *lacking = what_is_lacking(gw_sandbox_has());
    if (args->given[OPT_NO_SANDBOX])
        return 0;
    if (args->given[OPT_VERBOSE] && lacking != NULL)
        fprintf(stderr, "godwit: the sandbox is not whole: %s\n", lacking);
    if (gw_sandbox(what, GW_SANDBOX_BOTH, err) == 0)
        return 0;
    return gw_because(err, "cannot give up what reading does not need; --no-sandbox reads without");
}

bool gw_confine(const struct gw_args *args)
{
    struct gw_err err = GW_ERR_NONE;
    const struct gw_sandbox operands = { (const char *const *)args->operand, args->num_operands, NULL };
    if (gw_confine_to(args, &operands, &err) == 0)
        return true;
    gw_complain(&err);
    return false;
}
