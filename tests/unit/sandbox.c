/*
 * The sandbox: what is given up is gone. Every forbidden call is made in a child of its own, which seccomp kills
 * (SIGSYS); what Landlock alone forbids fails with EACCES; and what reading needs goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "sandbox.h"

#define DONE 0       /* the call was let through, whatever came of it */
#define DENIED 77    /* it failed with EACCES or EPERM */
#define BROKEN 99    /* there was no sandbox to try it in */
#define WRITES "new" /* in the folder of the row */

static char named[] = "named", other[] = "other", folder[] = "/tmp/godwit-sandbox-XXXXXX";

static int called(long result)
{
    return result < 0 && (errno == EACCES || errno == EPERM) ? DENIED : DONE;
}

/* --- what may not be done ---------------------------------------------------------------------------------------- */

static int starts_a_program(void)
{
    char name[] = "/bin/true", *args[] = { name, NULL };
    return called(execv(name, args));
}

static int makes_a_process(void)
{
    return called(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int makes_a_socket(void)
{
    return called(socket(AF_INET, SOCK_STREAM, 0));
}

static int pairs_sockets(void)
{
    int pair[2];
    return called(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

static int opens_to_write(void)
{
    return called(open(named, O_WRONLY));
}

static int opens_to_read_and_write(void)
{
    return called(open(named, O_RDWR));
}

static int creates_a_file(void)
{
    return called(open("created", O_RDONLY | O_CREAT, 0600));
}

static int truncates_by_opening(void)
{
    return called(open(named, O_RDONLY | O_TRUNC));
}

static int makes_a_nameless_file(void)
{
    return called(open(".", O_TMPFILE | O_RDWR, 0600));
}

static int truncates(void)
{
    return called(truncate(named, 0));
}

static int removes(void)
{
    return called(unlink(named));
}

static int renames(void)
{
    return called(rename(named, "else"));
}

static int links(void)
{
    return called(link(named, "else"));
}

static int changes_a_mode(void)
{
    return called(chmod(named, 0777));
}

static int makes_a_folder(void)
{
    return called(mkdir("fresh", 0700));
}

static int signals_its_parent(void)
{
    return called(kill(getppid(), 0));
}

static int signals_a_thread_of_another(void)
{
    return called(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int traces(void)
{
    return called(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int maps_code(void)
{
    return called((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int makes_memory_code(void)
{
    static _Alignas(4096) char page[4096];
    return called(mprotect(page, sizeof page, PROT_READ | PROT_EXEC));
}

static int asks_a_device(void)
{
    int octets;
    return called(ioctl(STDIN_FILENO, FIONREAD, &octets));
}

static int changes_a_limit(void)
{
    const uint64_t limits[2] = { 1, 1 };
    return called(syscall(SYS_prlimit64, 0, 7, limits, NULL));
}

static int sets_up_a_ring(void)
{
    return called(syscall(SYS_io_uring_setup, 1, NULL));
}

static int loads_a_program_into_the_kernel(void)
{
    return called(syscall(SYS_bpf, 0, NULL, 0));
}

static int calls_what_no_kernel_knows(void)
{
    return called(syscall(4000));
}

static int calls_as_32_bits_do(void)
{
#ifdef __x86_64__
    long result = 20; /* getpid there */
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    return called(result);
#else
    return called(syscall(4000));
#endif
}

static const struct attempt {
    const char *name;
    int (*run)(void);
} forbidden[] = {
#define ATTEMPT(name)                                                                                                  \
    {                                                                                                                  \
#name, name                                                                                                    \
    }
    ATTEMPT(starts_a_program),
    ATTEMPT(makes_a_process),
    ATTEMPT(makes_a_socket),
    ATTEMPT(pairs_sockets),
    ATTEMPT(opens_to_write),
    ATTEMPT(opens_to_read_and_write),
    ATTEMPT(creates_a_file),
    ATTEMPT(truncates_by_opening),
    ATTEMPT(makes_a_nameless_file),
    ATTEMPT(truncates),
    ATTEMPT(removes),
    ATTEMPT(renames),
    ATTEMPT(links),
    ATTEMPT(changes_a_mode),
    ATTEMPT(makes_a_folder),
    ATTEMPT(signals_its_parent),
    ATTEMPT(signals_a_thread_of_another),
    ATTEMPT(traces),
    ATTEMPT(maps_code),
    ATTEMPT(makes_memory_code),
    ATTEMPT(asks_a_device),
    ATTEMPT(changes_a_limit),
    ATTEMPT(sets_up_a_ring),
    ATTEMPT(loads_a_program_into_the_kernel),
    ATTEMPT(calls_what_no_kernel_knows),
    ATTEMPT(calls_as_32_bits_do),
};
#define NUM_FORBIDDEN (sizeof forbidden / sizeof forbidden[0])

/* --- what may ---------------------------------------------------------------------------------------------------- */

static int reads_what_is_named(void)
{
    char octets[8] = "";
    int fd = open(named, O_RDONLY | O_CLOEXEC);
    struct stat st;
    bool right = fd >= 0 && fstat(fd, &st) == 0 && read(fd, octets, sizeof octets) == 5 &&
                 memcmp(octets, "named", 5) == 0 && lseek(fd, 0, SEEK_SET) == 0;
    return fd >= 0 && close(fd) == 0 && right ? DONE : BROKEN;
}

static int reads_what_is_not_named(void)
{
    return called(open(other, O_RDONLY));
}

static int reads_passwords(void)
{
    return called(open("/etc/passwd", O_RDONLY));
}

static int takes_memory_and_prints(void)
{
    for (unsigned i = 0; i < 100; i++) {
        char *mem = malloc((size_t)1 << (10 + i % 14));
        if (mem == NULL)
            return BROKEN;
        mem[100] = 1;
        free(mem);
    }
    return printf("as it should\n") > 0 && fflush(stdout) == 0 ? DONE : BROKEN;
}

static int aborts(void)
{
    abort();
}

static int finishes_a_new_file(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_newfile *file = gw_newfile_open(WRITES, false, &err);
    if (file == NULL || gw_sandbox(&(struct gw_sandbox){ .writes = WRITES }, GW_SANDBOX_BOTH, &err) < 0)
        return BROKEN;
    if (gw_chan_write(gw_newfile_chan(file), named, 5, &err) < 0 || gw_newfile_commit(file, &err) < 0)
        return BROKEN;
    gw_newfile_close(file);
    return DONE;
}

static int removes_a_new_file(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_newfile *file = gw_newfile_open(WRITES, false, &err);
    if (file == NULL || gw_sandbox(&(struct gw_sandbox){ .writes = WRITES }, GW_SANDBOX_BOTH, &err) < 0)
        return BROKEN;
    gw_newfile_close(file);
    return DONE;
}

/* --- in a child -------------------------------------------------------------------------------------------------- */

static void make_file(const char *name)
{
    FILE *file = fopen(name, "w");
    CHECK(file != NULL && fputs(name, file) >= 0 && fclose(file) == 0);
}

static void begin(unsigned parts)
{
    if ((gw_sandbox_has() & parts) != parts)
        SKIP("this build or this system lacks Landlock or seccomp; godwit --version says which");
    CHECK(mkdtemp(folder) != NULL && chdir(folder) == 0);
    make_file(named);
    make_file(other);
}

static void end(void)
{
    CHECK(unlink(named) == 0 && unlink(other) == 0 && chdir("/") == 0 && rmdir(folder) == 0);
}

/* How the attempt ends in a process that only reads: as waitpid says it. parts 0: without a sandbox of ours. */
static int attempt(int (*run)(void), unsigned parts)
{
    const char *reads[] = { named };
    struct gw_err err = GW_ERR_NONE;
    int how;
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        if (parts != 0 && gw_sandbox(&(struct gw_sandbox){ reads, 1, NULL }, parts, &err) < 0)
            _exit(BROKEN);
        _exit(run());
    }
    CHECK_EQ(waitpid(pid, &how, 0), pid);
    return how;
}

static bool killed(int how)
{
    return WIFSIGNALED(how) && WTERMSIG(how) == SIGSYS;
}

static bool ended(int how, int status)
{
    return WIFEXITED(how) && WEXITSTATUS(how) == status;
}

/* --- rows -------------------------------------------------------------------------------------------------------- */

static void forbidden_calls_kill(void)
{
    begin(GW_SANDBOX_SECCOMP);
    for (size_t i = 0; i < NUM_FORBIDDEN; i++) {
        int how = attempt(forbidden[i].run, GW_SANDBOX_SECCOMP);
        if (!killed(how))
            test_fail(__FILE__, __LINE__, "%s: not killed, but 0x%x", forbidden[i].name, (unsigned)how);
    }
    end();
}

/* The attempts show something: outside of the sandbox none of them kills. */
static void without_a_sandbox_they_do_not(void)
{
    begin(0);
    for (size_t i = 0; i < NUM_FORBIDDEN; i++) {
        int how = attempt(forbidden[i].run, 0);
        if (killed(how))
            test_fail(__FILE__, __LINE__, "%s: killed without a sandbox of ours", forbidden[i].name);
        make_file(named); /* some of them succeed */
    }
    CHECK(unlink("created") == 0 && unlink("else") == 0 && rmdir("fresh") == 0);
    end();
}

static void landlock_alone_keeps_files(void)
{
    static int (*const denied[])(void) = { opens_to_write, creates_a_file, truncates_by_opening,    removes,
                                           renames,        makes_a_folder, reads_what_is_not_named, reads_passwords };
    begin(GW_SANDBOX_LANDLOCK);
    for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++)
        CHECK(ended(attempt(denied[i], GW_SANDBOX_LANDLOCK), DENIED));
    CHECK(ended(attempt(reads_what_is_named, GW_SANDBOX_LANDLOCK), DONE));
    end();
}

static void reading_goes_on(void)
{
    begin(GW_SANDBOX_SECCOMP);
    CHECK(ended(attempt(reads_what_is_named, GW_SANDBOX_BOTH), DONE));
    CHECK(ended(attempt(takes_memory_and_prints, GW_SANDBOX_BOTH), DONE));
    int how = attempt(aborts, GW_SANDBOX_BOTH);
    CHECK(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
    end();
}

static void other_files_are_out_of_reach(void)
{
    begin(GW_SANDBOX_BOTH);
    CHECK(ended(attempt(reads_what_is_not_named, GW_SANDBOX_BOTH), DENIED));
    CHECK(ended(attempt(reads_passwords, GW_SANDBOX_BOTH), DENIED));
    end();
}

static void a_new_file_becomes_whole(void)
{
    begin(GW_SANDBOX_BOTH);
    CHECK(ended(attempt(finishes_a_new_file, 0), DONE));
    CHECK(access(WRITES, F_OK) == 0 && unlink(WRITES) == 0);
    CHECK(ended(attempt(removes_a_new_file, 0), DONE));
    CHECK(access(WRITES, F_OK) != 0 && access(WRITES ".partial", F_OK) != 0);
    end();
}

const struct test tests[] = {
    { "forbidden-calls-kill", forbidden_calls_kill },
    { "without-a-sandbox-they-do-not", without_a_sandbox_they_do_not },
    { "landlock-alone-keeps-files", landlock_alone_keeps_files },
    { "reading-goes-on", reading_goes_on },
    { "other-files-are-out-of-reach", other_files_are_out_of_reach },
    { "a-new-file-becomes-whole", a_new_file_becomes_whole },
    { NULL, NULL },
};
