/*
 * measure.c - run one command and say what it cost: exit status, wall seconds, CPU seconds (user, system), peak memory.
 *
 *   measure OUT COMMAND...    COMMAND's stdout and stderr go to the file OUT; one line on stdout:
 *                             STATUS WALL USER SYSTEM MAXRSS_KIB
 *                             OUT '-': they stay where they are, and that line comes last
 *
 * CPU seconds are those of the command and of the children that it waited for.
 * A small program of its own, because a child's peak memory begins with what its parent had when it forked.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double seconds(struct timeval tv)
{
    return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

static void run(const char *out, char **command)
{
    bool apart = strcmp(out, "-") != 0;
    int make = strcmp(out, "/dev/null") != 0 ? O_CREAT | O_TRUNC : 0; /* a device is never made here */
    int fd = apart ? open(out, O_WRONLY | make, 0600) : -1;

    if (apart && (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0))
        _exit(126);
    execvp(command[0], command);
    _exit(127);
}

int main(int argc, char **argv)
{
    struct rusage used;
    double start = now();
    int status = -1;
    pid_t child;

    if (argc < 3)
        return 2;
    child = fork();
    if (child == 0)
        run(argv[1], argv + 2);
    if (child < 0 || wait4(child, &status, 0, &used) != child)
        return 3;
    printf("%d %.6f %.6f %.6f %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), now() - start,
           seconds(used.ru_utime), seconds(used.ru_stime), used.ru_maxrss);
    return 0;
}
