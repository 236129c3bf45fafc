/*
 * newfile.c - a file is whole or not there, whatever happens before its commit.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "harness.h"

static bool knows_no_flags; /* the file system, as NFS */

int __real_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);
int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags);
int __wrap_renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    if (!knows_no_flags || flags == 0)
        return __real_renameat2(from_dir, from, to_dir, to, flags);
    errno = EINVAL;
    return -1;
}

/* A directory of its own, entered. */
static void enter(char *dir)
{
    CHECK(mkdtemp(dir) != NULL);
    CHECK_EQ(chdir(dir), 0);
}

static void leave(const char *dir)
{
    CHECK_EQ(chdir("/"), 0);
    CHECK_EQ(rmdir(dir), 0); /* nothing is left behind */
}

static void put(const char *name, const char *text)
{
    FILE *out = fopen(name, "w");
    CHECK(out != NULL);
    fputs(text, out);
    fclose(out);
}

static const char *get(const char *name)
{
    static char text[64];
    FILE *in = fopen(name, "r");
    if (in == NULL)
        return "(not there)";
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    return text;
}

static void device_is_written_and_never_replaced(void)
{
    struct gw_err err = GW_ERR_NONE;
    struct stat before, after;
    CHECK_EQ(stat("/dev/null", &before), 0);
    struct gw_newfile *file = gw_newfile_open("/dev/null", true, &err);
    CHECK(file != NULL);
    CHECK_EQ(gw_chan_write(gw_newfile_chan(file), "gone", 4, &err), 0);
    CHECK_EQ(gw_newfile_commit(file, &err), 0);
    gw_newfile_close(file);
    CHECK_EQ(stat("/dev/null", &after), 0);
    CHECK_EQ(after.st_ino, before.st_ino);
    CHECK(S_ISCHR(after.st_mode));
}

static void fifo_is_written_and_stays(void)
{
    char dir[] = "/tmp/godwit-XXXXXX", got[8] = "";
    struct gw_err err = GW_ERR_NONE;
    struct stat st;
    enter(dir);
    CHECK_EQ(mkfifo("image", 0600), 0);
    int reader = open("image", O_RDONLY | O_NONBLOCK);
    struct gw_newfile *file = gw_newfile_open("image", false, &err);
    CHECK(file != NULL);
    CHECK_EQ(gw_chan_write(gw_newfile_chan(file), "whole", 5, &err), 0);
    CHECK_EQ(gw_newfile_commit(file, &err), 0);
    gw_newfile_close(file);
    CHECK_EQ(read(reader, got, sizeof got - 1), 5);
    CHECK_STR(got, "whole");
    CHECK_EQ(lstat("image", &st), 0);
    CHECK(S_ISFIFO(st.st_mode));
    close(reader);
    unlink("image");
    leave(dir);
}

static void committed_file_is_there_with_mode_600(void)
{
    char dir[] = "/tmp/godwit-XXXXXX";
    struct gw_err err = GW_ERR_NONE;
    struct stat st;
    enter(dir);
    struct gw_newfile *file = gw_newfile_open("image", false, &err);
    CHECK_EQ(gw_chan_write(gw_newfile_chan(file), "whole", 5, &err), 0);
    CHECK_STR(get("image"), "(not there)");
    CHECK_EQ(gw_newfile_commit(file, &err), 0);
    gw_newfile_close(file);
    CHECK_STR(get("image"), "whole");
    CHECK_EQ(stat("image", &st), 0);
    CHECK_EQ(st.st_mode & 0777, 0600);
    CHECK_EQ(unlink("image"), 0);
    leave(dir);
}

static void closed_without_commit_leaves_nothing(void)
{
    char dir[] = "/tmp/godwit-XXXXXX";
    struct gw_err err = GW_ERR_NONE;
    enter(dir);
    struct gw_newfile *file = gw_newfile_open("image", false, &err);
    CHECK_EQ(gw_chan_write(gw_newfile_chan(file), "half", 4, &err), 0);
    gw_newfile_close(file);
    leave(dir);
}

static void existing_file_is_refused_and_kept(void)
{
    char dir[] = "/tmp/godwit-XXXXXX";
    struct gw_err err = GW_ERR_NONE;
    enter(dir);
    put("image", "old");
    CHECK(gw_newfile_open("image", false, &err) == NULL);
    CHECK_FAIL(err, GW_E_REFUSED, "'image' exists");
    CHECK_STR(get("image"), "old");
    unlink("image");
    leave(dir);
}

static void existing_file_is_replaced_only_by_commit(void)
{
    char dir[] = "/tmp/godwit-XXXXXX";
    struct gw_err err = GW_ERR_NONE;
    enter(dir);
    put("image", "old");
    struct gw_newfile *file = gw_newfile_open("image", true, &err);
    CHECK_EQ(gw_chan_write(gw_newfile_chan(file), "new", 3, &err), 0);
    CHECK_STR(get("image"), "old");
    CHECK_EQ(gw_newfile_commit(file, &err), 0);
    gw_newfile_close(file);
    CHECK_STR(get("image"), "new");
    unlink("image");
    leave(dir);
}

static void file_that_came_meanwhile_is_kept(void)
{
    char dir[] = "/tmp/godwit-XXXXXX";
    struct gw_err err = GW_ERR_NONE;
    enter(dir);
    struct gw_newfile *file = gw_newfile_open("image", false, &err);
    put("image", "theirs");
    CHECK_EQ(gw_newfile_commit(file, &err) < 0, 1);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot rename 'image.partial' to 'image'");
    gw_newfile_close(file);
    CHECK_STR(get("image"), "theirs");
    unlink("image");
    leave(dir);
}

static void file_system_without_such_a_rename_does(void)
{
    knows_no_flags = true;
    committed_file_is_there_with_mode_600();
    existing_file_is_replaced_only_by_commit();
    file_that_came_meanwhile_is_kept();
}

static void file_without_a_name_is_refused(void)
{
    struct gw_err err = GW_ERR_NONE;
    CHECK(gw_newfile_open("", true, &err) == NULL);
    CHECK_FAIL(err, GW_E_REFUSED, "without a name");
}

static void leftover_partial_is_named_and_kept(void)
{
    char dir[] = "/tmp/godwit-XXXXXX";
    struct gw_err err = GW_ERR_NONE;
    enter(dir);
    put("image.partial", "left");
    CHECK(gw_newfile_open("image", false, &err) == NULL);
    CHECK_FAIL(err, GW_E_REFUSED, "'image.partial' is there");
    CHECK_STR(get("image.partial"), "left");
    unlink("image.partial");
    leave(dir);
}

static void missing_directory_is_the_systems_failure(void)
{
    struct gw_err err = GW_ERR_NONE;
    CHECK(gw_newfile_open("/nowhere/at/all/image", false, &err) == NULL);
    CHECK_FAIL(err, GW_E_SYSTEM, "cannot create '/nowhere/at/all/image.partial'");
}

const struct test tests[] = {
    { "device-is-written-and-never-replaced", device_is_written_and_never_replaced },
    { "fifo-is-written-and-stays", fifo_is_written_and_stays },
    { "committed-file-is-there-with-mode-600", committed_file_is_there_with_mode_600 },
    { "closed-without-commit-leaves-nothing", closed_without_commit_leaves_nothing },
    { "existing-file-is-refused-and-kept", existing_file_is_refused_and_kept },
    { "existing-file-is-replaced-only-by-commit", existing_file_is_replaced_only_by_commit },
    { "file-that-came-meanwhile-is-kept", file_that_came_meanwhile_is_kept },
    { "file-system-without-such-a-rename-does", file_system_without_such_a_rename_does },
    { "file-without-a-name-is-refused", file_without_a_name_is_refused },
    { "leftover-partial-is-named-and-kept", leftover_partial_is_named_and_kept },
    { "missing-directory-is-the-systems-failure", missing_directory_is_the_systems_failure },
    { NULL, NULL },
};
