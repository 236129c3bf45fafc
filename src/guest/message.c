/*
 * message.c - the two primitives between godwit and a guest: messages with descriptors, and sleeping on a word of
 * memory.
 *
 * No errors by value here: the guest's side has nobody to tell.
 */
#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "link.h"

void futex_wait(const _Atomic uint32_t *word, uint32_t value, uint64_t ns)
{
    struct timespec most = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };
    syscall(SYS_futex, word, FUTEX_WAIT, value, &most, NULL, 0);
}

void futex_wake(const _Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* Room for the descriptors of one message, aligned as sendmsg wants it. */
union control_room {
    struct cmsghdr head;
    uint8_t mem[CMSG_SPACE(LINK_FDS * sizeof(int))];
};

int message_send(int socket, const void *mem, size_t len, const int *fds, unsigned num_fds)
{
    union control_room room = { 0 };
    struct iovec part = { .iov_len = len };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    memcpy(&part.iov_base, &mem, sizeof mem); /* sendmsg only reads */
    assert(num_fds <= LINK_FDS);
    if (num_fds > 0) {
        room.head = (struct cmsghdr){ CMSG_LEN(num_fds * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
        memcpy(CMSG_DATA(&room.head), fds, num_fds * sizeof(int));
        message.msg_control = &room;
        message.msg_controllen = CMSG_SPACE(num_fds * sizeof(int));
    }
    ssize_t put;
    do
        put = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (put < 0 && errno == EINTR);
    assert(put < 0 || (size_t)put == len);
    return put < 0 ? -1 : 0;
}

int message_receive(int socket, void *mem, size_t len, int fds[LINK_FDS], size_t *got)
{
    union control_room room = { 0 };
    struct iovec part = { mem, len };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    message.msg_control = &room;
    message.msg_controllen = sizeof room;
    for (unsigned i = 0; i < LINK_FDS; i++)
        fds[i] = -1;
    ssize_t num;
    do
        num = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (num < 0 && errno == EINTR);
    if (num < 0)
        return -1;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS)
        memcpy(fds, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
    *got = (size_t)num;
    return 0;
}
