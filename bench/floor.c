/*
 * floor.c - what moving or saving memory costs when nothing else is done: the floor that godwit is measured against.
 *
 *   floor save FILE MEMORY KIB              MEMORY, a guest's memfd, into FILE by writes of KIB
 *   floor move unix|tcp MEMORY KIB LANDING  MEMORY from one process to another one, over a socket, by writes of KIB
 *
 * LANDING, where the octets land in the other process:
 *     fresh       in a mapping of a new memfd, as a destination's do
 *     populated   the same, but every page was there before: that is not counted
 *     buffer      in a small buffer, and from there into a new memfd by pwrite
 * With '+check' behind it, both processes take XXH3-64 of each page, in pieces of 256 KiB while these are warm.
 * One line on stdout: WALL SOURCE_CPU DESTINATION_CPU, in seconds. MEMORY stays; giving a new memfd back is not
 * counted.
 * It knows nothing of images, records and guests: it is what is left without them.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h> /* the widest instructions of the processor at hand */
#else
#include <xxhash.h>
#endif

#define PAGE_LEN ((size_t)4096)
#define WARM_LEN ((size_t)256 << 10) /* stays in a processor's own cache from the hash to the write */
#define NUM_SIDES 2

enum side { SOURCE, DESTINATION };

/* What is measured, in memory that all processes share. */
struct told {
    double wall, cpu[NUM_SIDES];
};

/* What both sides agree on. */
struct work {
    const char *landing;
    int memory, fresh; /* memfds */
    int link[NUM_SIDES];
    size_t len, piece;
    bool checks;
    struct told *told;
    uint64_t hash; /* so that no hash is left out by the compiler */
};

static double seconds_of(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void want(bool holds, const char *what)
{
    if (holds)
        return;
    perror(what);
    exit(1);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static uint8_t *map(int fd, size_t len, int prot)
{
    uint8_t *mem = mmap(NULL, len, prot, MAP_SHARED, fd, 0);

    want(mem != MAP_FAILED, "mmap");
    return mem;
}

static void check(struct work *work, const uint8_t *mem, size_t len)
{
    for (size_t at = 0; work->checks && at < len; at += PAGE_LEN)
        work->hash ^= XXH3_64bits(mem + at, PAGE_LEN);
}

static void write_all(int fd, const uint8_t *mem, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, mem + done, len - done);
        want(n > 0, "write");
        done += (size_t)n;
    }
}

static void read_all(int fd, uint8_t *mem, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = read(fd, mem + done, len - done);
        want(n > 0, "read");
        done += (size_t)n;
    }
}

/* --- both sides -------------------------------------------------------------------------------------------------- */

static void send_memory(struct work *work, int to)
{
    uint8_t *mem = map(work->memory, work->len, PROT_READ);

    for (size_t at = 0, len; at < work->len; at += len) {
        len = least(work->len - at, work->piece);
        check(work, mem + at, len);
        write_all(to, mem + at, len);
    }
    munmap(mem, work->len);
}

static void land(struct work *work, uint8_t *mem)
{
    for (size_t at = 0, len; at < work->len; at += len) {
        len = least(work->len - at, work->piece);
        read_all(work->link[DESTINATION], mem + at, len);
        check(work, mem + at, len);
    }
    munmap(mem, work->len);
}

static void land_by_buffer(struct work *work)
{
    static uint8_t buffer[WARM_LEN];

    for (size_t at = 0, len; at < work->len; at += len) {
        len = least(work->len - at, sizeof buffer);
        read_all(work->link[DESTINATION], buffer, len);
        check(work, buffer, len);
        want(pwrite(work->fresh, buffer, len, (off_t)at) == (ssize_t)len, "pwrite");
    }
}

static bool lands(const struct work *work, const char *word)
{
    return strncmp(work->landing, word, strlen(word)) == 0;
}

/* Memory of the destination, before it is ready. */
static uint8_t *prepare(const struct work *work)
{
    uint8_t *mem = map(work->fresh, work->len, PROT_READ | PROT_WRITE);

    if (lands(work, "populated"))
        want(madvise(mem, work->len, MADV_POPULATE_WRITE) == 0, "populate");
    return mem;
}

static void run_source(struct work *work)
{
    uint8_t ready;

    read_all(work->link[SOURCE], &ready, 1);
    send_memory(work, work->link[SOURCE]);
    work->told->cpu[SOURCE] = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

static void run_destination(struct work *work)
{
    uint8_t *mem = lands(work, "buffer") ? NULL : prepare(work);
    double cpu = lands(work, "populated") ? seconds_of(CLOCK_PROCESS_CPUTIME_ID) : 0;
    double start = seconds_of(CLOCK_MONOTONIC);

    write_all(work->link[DESTINATION], (const uint8_t *)"", 1);
    if (mem == NULL)
        land_by_buffer(work);
    else
        land(work, mem);
    work->told->wall = seconds_of(CLOCK_MONOTONIC) - start;
    work->told->cpu[DESTINATION] = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
}

/* --- links ------------------------------------------------------------------------------------------------------- */

static void tcp_pair(int link[NUM_SIDES])
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    link[SOURCE] = socket(AF_INET, SOCK_STREAM, 0);
    want(bind(listener, (struct sockaddr *)&address, len) == 0 && listen(listener, 1) == 0 &&
             getsockname(listener, (struct sockaddr *)&address, &len) == 0 &&
             connect(link[SOURCE], (struct sockaddr *)&address, len) == 0,
         "tcp");
    link[DESTINATION] = accept(listener, NULL, NULL);
    close(listener);
}

static void start(struct work *work, void (*run)(struct work *work))
{
    pid_t child = fork();

    want(child >= 0, "fork");
    if (child > 0)
        return;
    run(work);
    _exit(0);
}

static bool both_ended_well(void)
{
    bool well = true;
    int status;

    for (int i = 0; i < NUM_SIDES; i++)
        well = wait(&status) > 0 && status == 0 && well;
    return well;
}

/* --- what was asked for ------------------------------------------------------------------------------------------ */

static void open_memory(struct work *work, const char *memory, const char *kib)
{
    struct stat st;

    work->memory = open(memory, O_RDONLY);
    want(work->memory >= 0 && fstat(work->memory, &st) == 0, memory);
    work->len = (size_t)st.st_size;
    work->piece = (size_t)strtoul(kib, NULL, 10) << 10;
}

static bool save(struct work *work, const char *name)
{
    bool device = strncmp(name, "/dev/null", sizeof "/dev/null") == 0; /* where it is missing, it is not made */
    int fd = open(name, device ? O_WRONLY : O_WRONLY | O_CREAT | O_TRUNC, 0600);
    double begin = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    struct stat st;

    want(fd >= 0 && fstat(fd, &st) == 0, name);
    want(S_ISCHR(st.st_mode) == device, "/dev/null is no device");
    send_memory(work, fd);
    want(!S_ISREG(st.st_mode) || fsync(fd) == 0, "fsync");
    work->told->wall = seconds_of(CLOCK_MONOTONIC) - begin;
    work->told->cpu[SOURCE] = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    return true;
}

static bool move(struct work *work, const char *link, const char *landing)
{
    work->landing = landing;
    work->checks = strstr(landing, "+check") != NULL;
    work->piece = work->checks ? WARM_LEN : work->piece;
    work->fresh = memfd_create("floor", MFD_CLOEXEC);
    want(work->fresh >= 0 && ftruncate(work->fresh, (off_t)work->len) == 0, "memfd");
    if (strcmp(link, "tcp") == 0)
        tcp_pair(work->link);
    else
        want(socketpair(AF_UNIX, SOCK_STREAM, 0, work->link) == 0, "socketpair");
    start(work, run_destination);
    start(work, run_source);
    return both_ended_well();
}

int main(int argc, char **argv)
{
    struct work work = { 0 };
    bool moves = argc == 6 && strcmp(argv[1], "move") == 0, well;

    if (!moves && (argc != 5 || strcmp(argv[1], "save") != 0))
        return 2;
    work.told = mmap(NULL, sizeof *work.told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    want(work.told != MAP_FAILED, "mmap");
    open_memory(&work, argv[3], argv[4]);
    well = moves ? move(&work, argv[2], argv[5]) : save(&work, argv[2]);
    printf("%.6f %.6f %.6f\n", work.told->wall, work.told->cpu[SOURCE], work.told->cpu[DESTINATION]);
    return well ? 0 : 1;
}
