/*
 * socket.c - two programs on a link: tcp://HOST:PORT and unix:PATH, both ends, and exec:COMMAND (exec.c).
 *
 * Each address kind is a row: how to reach it, how to wait on it, how it is written down. A connection is a descriptor
 * channel like any other.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "channel.h"
#include "exec.h"
#include "wait.h"

#define BACKLOG 8
#define CONNECT_S UINT64_C(10) /* so long we wait for an answer, for all addresses of a host together */
#define ADDRESS_MAX 280

struct gw_listener {
    int fd;
    char address[ADDRESS_MAX];
    char path[sizeof((struct sockaddr_un){ 0 }.sun_path)]; /* to remove; "": none */
};

struct kind {
    const char *prefix;
    struct gw_chan *(*connect)(const char *rest, struct gw_err *err);
    int (*listen)(const char *rest, struct gw_listener *out, struct gw_err *err); /* NULL: nobody can */
};

static uint64_t answer_by(void)
{
    return gw_now(&gw_clock_real) + CONNECT_S * GW_NS_PER_S;
}

static void say_not_connected(const char *prefix, const char *rest, struct gw_err *err)
{
    if (errno == ETIMEDOUT)
        gw_fail(err, GW_E_SYSTEM, "'%s%s' did not answer for %u s", prefix, rest, (unsigned)CONNECT_S);
    else
        gw_fail(err, GW_E_SYSTEM, "cannot connect to '%s%s'", prefix, rest);
}

/* --- tcp --------------------------------------------------------------------------------------------------------- */

/* "host:port" or "[::1]:port". */
static int split(const char *rest, char *host, size_t host_max, const char **port, struct gw_err *err)
{
    const char *colon = strrchr(rest, ':');
    size_t len = colon != NULL ? (size_t)(colon - rest) : 0;
    bool bracketed = len >= 2 && rest[0] == '[' && rest[len - 1] == ']';
    if (colon == NULL || colon[1] == '\0' || len >= host_max)
        return gw_fail(err, GW_E_USAGE, "'tcp://%s' is not tcp://HOST:PORT", rest);
    snprintf(host, host_max, "%.*s", (int)(bracketed ? len - 2 : len), bracketed ? rest + 1 : rest);
    *port = colon + 1;
    return 0;
}

static struct addrinfo *look_up(const char *rest, int flags, struct gw_err *err)
{
    char host[ADDRESS_MAX];
    const char *port = NULL;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags }, *found = NULL;
    if (split(rest, host, sizeof host, &port, err) < 0)
        return NULL;
    int rc = getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &found);
    if (rc != 0)
        gw_fail(err, GW_E_USAGE, "'tcp://%s' names no host and port: %s", rest, gai_strerror(rc));
    return found;
}

typedef int use_fn(int fd, const struct sockaddr *addr, socklen_t len, uint64_t until_ns);

/* Of the time that is left, so much that the addresses behind this one get as much. */
static uint64_t share(const struct addrinfo *at, uint64_t end_ns)
{
    uint64_t now = gw_now(&gw_clock_real), num = 0;
    for (; at != NULL; at = at->ai_next)
        num++;
    return end_ns > now ? now + (end_ns - now) / num : now;
}

/* The first of the addresses that works; its failure is the last one's. Cancelled: no other is tried. */
static int first_that(const struct addrinfo *list, use_fn *use, uint64_t end_ns)
{
    int fd = -1;
    errno = 0;
    for (const struct addrinfo *at = list; at != NULL && fd < 0 && errno != EINTR; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && use(fd, at->ai_addr, at->ai_addrlen, share(at, end_ns)) < 0) {
            gw_closep(&fd);
            fd = -1;
        }
    }
    return fd;
}

static struct gw_chan *tcp_connect(const char *rest, struct gw_err *err)
{
    struct addrinfo *list = look_up(rest, 0, err);
    int one = 1;
    if (list == NULL)
        return NULL;
    int fd = first_that(list, wait_connect, answer_by());
    if (fd < 0)
        say_not_connected("tcp://", rest, err);
    else
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    freeaddrinfo(list);
    return fd >= 0 ? gw_chan_fd(fd, true, err) : NULL;
}

/* Answers at once, whatever the time. */
static int bind_and_listen(int fd, const struct sockaddr *addr, socklen_t len, uint64_t until_ns)
{
    int one = 1;
    (void)until_ns;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    return bind(fd, addr, len) == 0 ? listen(fd, BACKLOG) : -1;
}

static int tcp_listen(const char *rest, struct gw_listener *out, struct gw_err *err)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    char host[NI_MAXHOST], port[NI_MAXSERV];
    struct addrinfo *list = look_up(rest, AI_PASSIVE, err);
    if (list == NULL)
        return -1;
    out->fd = first_that(list, bind_and_listen, 0);
    freeaddrinfo(list);
    if (out->fd < 0 || getsockname(out->fd, (struct sockaddr *)&addr, &len) < 0 ||
        getnameinfo((struct sockaddr *)&addr, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot listen on 'tcp://%s'", rest);
    bool brackets = strchr(host, ':') != NULL;
    snprintf(out->address, sizeof out->address, "tcp://%s%.200s%s:%s", brackets ? "[" : "", host, brackets ? "]" : "",
             port);
    return 0;
}

/* --- unix -------------------------------------------------------------------------------------------------------- */

static int unix_address(const char *path, struct sockaddr_un *out, struct gw_err *err)
{
    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (path[0] == '\0' || strlen(path) >= sizeof out->sun_path)
        return gw_fail(err, GW_E_USAGE, "'unix:%s': a path of 1 to %zu octets is wanted", path,
                       sizeof out->sun_path - 1);
    snprintf(out->sun_path, sizeof out->sun_path, "%s", path);
    return 0;
}

static struct gw_chan *unix_connect(const char *path, struct gw_err *err)
{
    struct sockaddr_un addr;
    if (unix_address(path, &addr, err) < 0)
        return NULL;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && wait_connect(fd, (const struct sockaddr *)&addr, sizeof addr, answer_by()) == 0)
        return gw_chan_fd(fd, true, err);
    say_not_connected("unix:", path, err);
    gw_closep(&fd);
    return NULL;
}

/*
 * A socket's file that nobody listens on is left over from a death; anything else is somebody's, also when he is too
 * busy to answer.
 */
static void remove_leftover(const struct sockaddr_un *addr)
{
    struct stat st;
    if (lstat(addr->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof *addr) < 0 && errno == ECONNREFUSED)
        unlink(addr->sun_path);
    gw_closep(&fd);
}

static int unix_listen(const char *path, struct gw_listener *out, struct gw_err *err)
{
    struct sockaddr_un addr;
    if (unix_address(path, &addr, err) < 0)
        return -1;
    remove_leftover(&addr);
    out->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (out->fd < 0 || bind_and_listen(out->fd, (const struct sockaddr *)&addr, sizeof addr, 0) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot listen on 'unix:%s'", path);
    snprintf(out->path, sizeof out->path, "%s", path);
    snprintf(out->address, sizeof out->address, "unix:%s", path);
    return 0;
}

/* --- each -------------------------------------------------------------------------------------------------------- */

static const struct kind kinds[] = {
    { "tcp://", tcp_connect, tcp_listen },
    { "unix:", unix_connect, unix_listen },
    { "exec:", exec_connect, NULL },
};

const char *gw_address_prefix(unsigned number, bool *listens)
{
    if (number >= sizeof kinds / sizeof kinds[0])
        return NULL;
    *listens = kinds[number].listen != NULL;
    return kinds[number].prefix;
}

static const struct kind *kind_of(const char *address, const char **rest, struct gw_err *err)
{
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len = strlen(kinds[i].prefix);
        if (strncmp(address, kinds[i].prefix, len) == 0) {
            *rest = address + len;
            return &kinds[i];
        }
    }
    gw_fail(err, GW_E_USAGE, "'%s' is none of tcp://HOST:PORT, unix:PATH and exec:COMMAND", address);
    return NULL;
}

struct gw_listener *gw_listen(const char *address, struct gw_err *err)
{
    const char *rest;
    const struct kind *kind = kind_of(address, &rest, err);
    if (kind == NULL)
        return NULL;
    if (kind->listen == NULL)
        return gw_fail(err, GW_E_USAGE, "'%s' starts a program: nobody can listen there", address), NULL;
    struct gw_listener *listener = gw_alloc(1, sizeof *listener, err);
    if (listener == NULL)
        return NULL;
    listener->fd = -1;
    if (kind->listen(rest, listener, err) < 0) {
        gw_listener_close(listener);
        return NULL;
    }
    return listener;
}

const char *gw_listener_address(const struct gw_listener *listener)
{
    return listener->address;
}

int gw_listener_fd(const struct gw_listener *listener)
{
    return listener->fd;
}

struct gw_chan *gw_accept(struct gw_listener *listener, struct gw_err *err)
{
    int fd, one = 1;
    do
        fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC);
    while (fd < 0 && (errno == ECONNABORTED || (errno == EINTR && !gw_cancelled())));
    if (fd < 0) {
        gw_fail(err, GW_E_SYSTEM, "cannot accept a connection on '%s'", listener->address);
        return NULL;
    }
    if (listener->path[0] == '\0')
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return gw_chan_fd(fd, true, err);
}

void gw_listener_leave(struct gw_listener *listener)
{
    listener->path[0] = '\0';
    gw_listener_close(listener);
}

void gw_listener_close(struct gw_listener *listener)
{
    if (listener == NULL)
        return;
    gw_closep(&listener->fd);
    if (listener->path[0] != '\0')
        unlink(listener->path);
    gw_free(listener);
}

struct gw_chan *gw_connect(const char *address, struct gw_err *err)
{
    const char *rest;
    const struct kind *kind = kind_of(address, &rest, err);
    return kind != NULL ? kind->connect(rest, err) : NULL;
}
