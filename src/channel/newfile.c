/*
 * newfile.c - a file that comes to be whole or not at all: NAME.partial, fsync, rename, fsync of the directory.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"

struct gw_newfile {
    char *name, *partial;
    bool replace;
    bool is_stream; /* no regular file: written as it is */
    struct gw_chan *chan;
    int fd; /* the channel's */
};

static char *with_suffix(const char *name, const char *suffix, struct gw_err *err)
{
    size_t len = strlen(name) + strlen(suffix) + 1;
    char *text = gw_alloc(len, 1, err);
    if (text != NULL)
        snprintf(text, len, "%s%s", name, suffix);
    return text;
}

/* A device, a fifo: what is written there is not ours to rename or to remove. */
static int open_stream(struct gw_newfile *file, struct gw_err *err)
{
    file->fd = open(file->name, O_WRONLY | O_CLOEXEC);
    if (file->fd < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot open '%s'", file->name);
    file->is_stream = true;
    file->chan = gw_chan_fd(file->fd, true, err);
    return file->chan != NULL ? 0 : -1;
}

static int create(struct gw_newfile *file, struct gw_err *err)
{
    struct stat st;
    if (file->name[0] == '\0')
        return gw_fail(err, GW_E_REFUSED, "a file without a name cannot be written");
    if (stat(file->name, &st) == 0 && !S_ISREG(st.st_mode))
        return open_stream(file, err);
    if (!file->replace && lstat(file->name, &st) == 0)
        return gw_fail(err, GW_E_REFUSED, "'%s' exists; --force replaces it", file->name);
    file->fd = open(file->partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file->fd < 0 && errno == EEXIST)
        return gw_fail(err, GW_E_REFUSED,
                       "'%s' is there: another godwit writes it, or one was interrupted; remove it if none does",
                       file->partial);
    if (file->fd < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot create '%s'", file->partial);
    file->chan = gw_chan_fd(file->fd, true, err);
    if (file->chan == NULL)
        unlink(file->partial);
    return file->chan != NULL ? 0 : -1;
}

struct gw_newfile *gw_newfile_open(const char *name, bool replace, struct gw_err *err)
{
    struct gw_newfile *file = gw_alloc(1, sizeof *file, err);
    if (file == NULL)
        return NULL;
    file->replace = replace;
    file->name = gw_strdup(name, err);
    file->partial = file->name != NULL ? with_suffix(name, ".partial", err) : NULL;
    if (file->partial == NULL || create(file, err) < 0) {
        gw_newfile_close(file);
        return NULL;
    }
    return file;
}

struct gw_chan *gw_newfile_chan(struct gw_newfile *file)
{
    return file->chan;
}

int gw_sync_parent(const char *name, struct gw_err *err)
{
    const char *slash = strrchr(name, '/');
    gw_auto(gw_freep) char *dir = gw_strdup(slash != NULL ? name : ".", err);
    if (dir == NULL)
        return -1;
    if (slash != NULL)
        dir[slash == name ? 1 : slash - name] = '\0';
    gw_auto(gw_closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot make '%s' durable in its directory", name);
    return 0;
}

/*
 * Nothing that exists is replaced unless that is wanted. Some file systems, NFS among them, know no such rename: there
 * the file gets its name beside the old one, where nothing may stand either, and then loses the old one.
 */
static int rename_partial(const struct gw_newfile *file)
{
    if (renameat2(AT_FDCWD, file->partial, AT_FDCWD, file->name, file->replace ? 0 : RENAME_NOREPLACE) == 0)
        return 0;
    if (file->replace || errno != EINVAL)
        return -1;
    return linkat(AT_FDCWD, file->partial, AT_FDCWD, file->name, 0) < 0 ? -1 : unlink(file->partial);
}

int gw_newfile_commit(struct gw_newfile *file, struct gw_err *err)
{
    assert(file->chan != NULL);
    if (file->is_stream && fsync(file->fd) < 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS)
        return gw_fail(err, GW_E_SYSTEM, "cannot write to '%s'", file->name);
    if (file->is_stream)
        return 0;
    if (fsync(file->fd) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot write '%s' to its disk", file->partial);
    if (rename_partial(file) < 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot rename '%s' to '%s'", file->partial, file->name);
    gw_chan_close(file->chan);
    file->chan = NULL;
    return gw_sync_parent(file->name, err);
}

void gw_newfile_close(struct gw_newfile *file)
{
    if (file == NULL)
        return;
    if (file->chan != NULL && !file->is_stream)
        unlink(file->partial);
    gw_chan_close(file->chan);
    gw_free(file->name);
    gw_free(file->partial);
    gw_free(file);
}
