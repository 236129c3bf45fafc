/*
 * process_child.c - the life of a guest: a process of its own that serves whoever holds it, and threads that write.
 *
 * It is forked from godwit and keeps nothing of it: no descriptor, no terminal, no mapping of another guest, and uses
 * nothing of its heap (godwit may have had threads when it forked). When godwit goes, also by SIGKILL, a guest that
 * ever ran stays; one that never ran ends, unless it was told to stay. Threads: the first one serves; each of the
 * others writes pages of its own. See link.h for what they agree on. Tests: tests/unit/guest_process.c, guest_life.c.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "link.h"
#include "pattern.h"
#include "uffd.h"

#define STACK_LEN ((size_t)256 << 10)
#define NO_END UINT64_C(3600000000000) /* an hour: then it looks again */
#define LAG_NS UINT64_C(100000000)     /* of pace that is made up for at most */
#define NAP_NS UINT64_C(1000000)       /* shorter ones do not pay */

struct child;
struct worker {
    struct child *child;
    unsigned number;
};

struct child {
    int fd[LINK_FDS]; /* only the first two are kept */
    int holder, listener;
    struct control *control;
    uint8_t *memory;
    bool fresh;
    struct worker workers[GW_PROCESS_THREADS_MAX];
};

/* --- threads ----------------------------------------------------------------------------------------------------- */

/* When the next tick is due. Counted anew after each stop. */
struct pace {
    uint64_t since, ticks; /* ns; ticks since then */
    uint32_t percent;
};

static uint64_t now(void)
{
    return gw_now(&gw_clock_real);
}

/* When the next tick is due; 0: at once. At will: rests (100 - p)/p of the time that was worked. */
static uint64_t due_at(const struct control *c, struct pace *pace, uint64_t at)
{
    if (c->rate == GW_PROCESS_AT_WILL)
        return at - pace->since < NAP_NS ? 0 : at + (at - pace->since) * (100 - pace->percent) / pace->percent;
    double ns = 1e9 * GW_PAGE_LEN * c->num_threads * 100 / ((double)c->rate * pace->percent);
    uint64_t due = pace->since + (uint64_t)((double)pace->ticks * ns);
    if (due + LAG_NS < at)
        *pace = (struct pace){ .since = at, .percent = pace->percent };
    return due <= at ? 0 : gw_max(due, at + NAP_NS);
}

/* Sleeps until the next tick is due, or until `want` is another. */
static void keep_pace(const struct child *child, struct pace *pace, uint32_t want)
{
    const struct control *c = child->control;
    uint32_t percent = atomic_load_explicit(&c->percent, memory_order_relaxed);
    if (c->rate == GW_PROCESS_AT_WILL && percent == 100)
        return;
    uint64_t at = now();
    if (percent != pace->percent)
        *pace = (struct pace){ .since = at, .percent = percent };
    uint64_t due = due_at(c, pace, at);
    if (due == 0)
        return;
    while ((at = now()) < due && atomic_load(&c->want) == want)
        futex_wait(&c->want, want, due - at);
    if (c->rate == GW_PROCESS_AT_WILL)
        pace->since = now();
}

/* Stands still between two ticks for as long as `want` is that odd number. */
static void stand(struct child *child, unsigned number, uint32_t want)
{
    struct control *c = child->control;
    atomic_store(&c->thread[number].seen, want);
    futex_wake(&c->thread[number].seen);
    while (atomic_load(&c->want) == want)
        futex_wait(&c->want, want, NO_END);
}

static void fill_share(const struct child *child, const struct pattern_share *share, unsigned number)
{
    for (uint64_t pfn = share->first; pfn < share->first + share->num; pfn++) {
        pattern_fill(child->memory + pfn * GW_PAGE_LEN, child->control->seed, pfn, 0);
        atomic_store_explicit(&child->control->thread[number].filled, pfn - share->first + 1, memory_order_relaxed);
    }
}

/* One page, whole. Nobody else counts here. */
static void tick(const struct child *child, const struct pattern_share *share, unsigned number)
{
    const struct control *c = child->control;
    _Atomic uint64_t *ticks = &child->control->thread[number].ticks;
    uint64_t tick = atomic_load_explicit(ticks, memory_order_relaxed), times;
    uint64_t pfn = pattern_visit(share, tick, &times);
    pattern_fill(child->memory + pfn * GW_PAGE_LEN, c->seed, pfn, times);
    atomic_store_explicit(ticks, tick + 1, memory_order_release);
}

static void *work(void *arg)
{
    const struct worker *worker = arg;
    struct child *child = worker->child;
    struct control *c = child->control;
    struct pattern_share share = pattern_share(c->num_pages - GW_PROCESS_SPECIAL_PAGES, c->num_threads, worker->number,
                                               c->seed, (enum gw_pattern)c->pattern);
    struct pace pace = { 0 };
    if (child->fresh)
        fill_share(child, &share, worker->number);
    for (;;) {
        uint32_t want = atomic_load(&c->want);
        if (want & 1) {
            stand(child, worker->number, want);
            pace.percent = 0;
        } else if (c->rate == 0) {
            futex_wait(&c->want, want, NO_END);
        } else {
            keep_pace(child, &pace, want);
            if (atomic_load(&c->want) != want)
                continue;
            tick(child, &share, worker->number);
            pace.ticks++;
        }
    }
    return NULL;
}

static int start_threads(struct child *child)
{
    pthread_attr_t attr;
    int failed = pthread_attr_init(&attr);
    if (failed == 0)
        failed = pthread_attr_setstacksize(&attr, STACK_LEN);
    for (unsigned i = 0; failed == 0 && i < child->control->num_threads; i++) {
        pthread_t thread;
        child->workers[i] = (struct worker){ child, i };
        failed = pthread_create(&thread, &attr, work, &child->workers[i]);
    }
    return failed;
}

/* --- serving ----------------------------------------------------------------------------------------------------- */

/* 0, or errno. */
static int load(struct child *child, bool fresh)
{
    struct control *c = child->control;
    size_t len = c->num_pages * GW_PAGE_LEN;
    assert(child->memory == NULL && c->num_threads > 0 && c->num_threads <= GW_PROCESS_THREADS_MAX);
    if (fresh && ftruncate(child->fd[LINK_MEMORY], (off_t)len) < 0)
        return errno;
    child->memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, child->fd[LINK_MEMORY], 0);
    if (child->memory == MAP_FAILED)
        return errno;
    c->address = (uint64_t)(uintptr_t)child->memory;
    child->fresh = fresh;
    return start_threads(child);
}

/* A userfaultfd of this process that only marks what is written, and the page map that shows the marks. 0, or errno. */
static int open_trackers(int *pagemap, int *uffd)
{
    struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURES_WANTED };
    *pagemap = -1;
    *uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
    if (*uffd >= 0 && ioctl(*uffd, UFFDIO_API, &api) == 0)
        *pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (*pagemap >= 0)
        return 0;
    int sys = errno;
    if (*uffd >= 0)
        close(*uffd);
    return sys;
}

/* Greets whoever holds the guest from now on. */
static int greet(struct child *child, int socket)
{
    struct greeting greeting = { .magic = LINK_MAGIC, .pid = getpid() };
    int fd[LINK_FDS] = { child->fd[LINK_MEMORY], child->fd[LINK_CONTROL] };
    greeting.track_sys = open_trackers(&fd[LINK_PAGEMAP], &fd[LINK_UFFD]);
    bool trackers = greeting.track_sys == 0;
    int result = message_send(socket, &greeting, sizeof greeting, fd, trackers ? LINK_FDS : LINK_PAGEMAP);
    if (trackers) {
        close(fd[LINK_PAGEMAP]);
        close(fd[LINK_UFFD]);
    }
    return result;
}

static void turn_away(int socket, int sys, const char *why)
{
    struct greeting greeting = { .magic = LINK_MAGIC, .pid = getpid(), .sys = sys };
    snprintf(greeting.text, sizeof greeting.text, "%s", why);
    (void)message_send(socket, &greeting, sizeof greeting, NULL, 0);
    close(socket);
}

static void lose_holder(struct child *child)
{
    close(child->holder);
    child->holder = -1;
    if (atomic_load(&child->control->want) == LINK_NEVER_RAN && atomic_load(&child->control->stay) == 0)
        _exit(0);
}

static void serve_holder(struct child *child)
{
    struct load order;
    int fds[LINK_FDS];
    size_t got = 0;
    int result = message_receive(child->holder, &order, sizeof order, fds, &got);
    if (result < 0 || got != sizeof order || order.magic != LINK_MAGIC) {
        lose_holder(child);
        return;
    }
    struct loaded answer = { LINK_MAGIC, load(child, order.fresh != 0) };
    if (message_send(child->holder, &answer, sizeof answer, NULL, 0) < 0)
        lose_holder(child);
}

/* Somebody holds the guest, and has not gone since poll looked. Who died without reading his greeting is an error. */
static bool is_held(const struct child *child)
{
    uint8_t octet;
    if (child->holder < 0)
        return false;
    ssize_t got = recv(child->holder, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && errno == EAGAIN);
}

static void serve_new(struct child *child)
{
    struct ucred who;
    socklen_t len = sizeof who;
    int socket = accept4(child->listener, NULL, NULL, SOCK_CLOEXEC);
    if (socket < 0)
        return;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0 || (who.uid != geteuid() && who.uid != 0)) {
        turn_away(socket, EPERM, "it belongs to another user");
        return;
    }
    if (is_held(child)) {
        turn_away(socket, EBUSY, "another godwit holds it");
        return;
    }
    if (child->holder >= 0)
        lose_holder(child);
    child->holder = socket;
    if (greet(child, socket) < 0)
        lose_holder(child);
}

__attribute__((noreturn)) static void serve(struct child *child)
{
    for (;;) {
        struct pollfd ready[] = { { .fd = child->holder, .events = POLLIN },
                                  { .fd = child->listener, .events = POLLIN } };
        (void)poll(ready, 2, -1);
        if (ready[0].revents != 0)
            serve_holder(child);
        if (ready[1].revents != 0)
            serve_new(child);
    }
}

/* --- birth ------------------------------------------------------------------------------------------------------- */

/* Nothing of godwit's is left: descriptors, terminal, folder, signals. */
static void cut_loose(int keep)
{
    struct sigaction usual = { .sa_handler = SIG_DFL };
    sigset_t none;
    assert(keep > STDERR_FILENO);
    setsid();
    if (keep > STDERR_FILENO + 1)
        close_range(STDERR_FILENO + 1, (unsigned)keep - 1, 0);
    close_range((unsigned)keep + 1, UINT32_MAX, 0);
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        close(fd);
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        (void)open("/dev/null", O_RDWR);
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &usual, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    (void)chdir("/");
    prctl(PR_SET_NAME, "godwit-guest");
}

static int listen_by_pid(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int socket_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int len = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, LINK_NAME, (int)getpid());
    socklen_t used = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
    if (socket_fd >= 0 && bind(socket_fd, (struct sockaddr *)&address, used) == 0 && listen(socket_fd, 4) == 0)
        return socket_fd;
    return -1;
}

static const char *prepare(struct child *child)
{
    child->fd[LINK_MEMORY] = memfd_create("godwit-guest-memory", MFD_CLOEXEC);
    child->fd[LINK_CONTROL] = memfd_create("godwit-guest-control", MFD_CLOEXEC);
    if (child->fd[LINK_MEMORY] < 0 || child->fd[LINK_CONTROL] < 0)
        return "memfd_create failed";
    if (ftruncate(child->fd[LINK_CONTROL], sizeof *child->control) < 0)
        return "its control block has no room";
    child->control = mmap(NULL, sizeof *child->control, PROT_READ | PROT_WRITE, MAP_SHARED, child->fd[LINK_CONTROL], 0);
    if (child->control == MAP_FAILED)
        return "its control block cannot be mapped";
    child->control->magic = LINK_MAGIC;
    atomic_store(&child->control->percent, 100);
    atomic_store(&child->control->want, LINK_NEVER_RAN);
    child->listener = listen_by_pid();
    return child->listener < 0 ? "it cannot listen" : NULL;
}

void process_child(int socket, unsigned life_s)
{
    struct child child = { .holder = socket, .listener = -1 };
    cut_loose(socket);
    alarm(life_s);
    const char *failed = prepare(&child);
    if (failed != NULL) {
        turn_away(socket, errno, failed);
        _exit(1);
    }
    if (greet(&child, socket) < 0)
        _exit(1);
    serve(&child);
}
