/*
 * inspect_page.c - where the page of inspect --html goes: a new file, which is whole or not there, or standard output.
 *
 * It is opened before the command is confined, and written when the image has been read.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect.h"

bool gw_is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* The stream's slot; 0 says that it failed. */
static ssize_t write_page(void *cookie, const char *mem, size_t len)
{
    struct gw_page_file *page = cookie;
    if (page->err.code != GW_E_OK || gw_chan_write(page->chan, mem, len, &page->err) < 0)
        return 0;
    return (ssize_t)len;
}

static int open_channel(struct gw_page_file *page, bool replace, struct gw_err *err)
{
    if (strcmp(page->name, "-") == 0) {
        page->chan = page->standard = gw_chan_fd(STDOUT_FILENO, false, err);
        return page->chan != NULL ? 0 : -1;
    }
    page->file = gw_newfile_open(page->name, replace, err);
    if (page->file == NULL)
        return -1;
    page->chan = gw_newfile_chan(page->file);
    return 0;
}

int gw_page_open(struct gw_page_file *page, const char *name, const char *image, bool replace, struct gw_err *err)
{
    *page = (struct gw_page_file){ .name = name, .err = GW_ERR_NONE };
    if (gw_is_same_file(name, image))
        return gw_fail(err, GW_E_REFUSED, "the page would replace the image: give it a name of its own");
    if (open_channel(page, replace, err) < 0)
        return -1;
    page->out = fopencookie(page, "w", (cookie_io_functions_t){ .write = write_page });
    return page->out != NULL ? 0 : gw_fail(err, GW_E_SYSTEM, "cannot write the page");
}

int gw_page_commit(struct gw_page_file *page, struct gw_err *err)
{
    int rc = fclose(page->out);
    page->out = NULL;
    if (page->err.code != GW_E_OK)
        return gw_err_pass(err, &page->err);
    if (rc != 0)
        return gw_fail(err, GW_E_SYSTEM, "cannot write the page");
    return page->file != NULL ? gw_newfile_commit(page->file, err) : 0;
}

void gw_page_close(struct gw_page_file *page)
{
    if (page->out != NULL)
        fclose(page->out);
    gw_newfile_close(page->file);
    gw_chan_close(page->standard);
    *page = (struct gw_page_file){ 0 };
}
