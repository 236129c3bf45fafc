/*
 * salvage.c - any octets as a damaged image.
 *
 * Whatever they are: what is left is a stream that the readers take to its end, with the pages that were counted, and
 * every run of pages that is not sure is told once.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "salvage.h"
#include "verify.h"

#include "invariant.h"

#define MAX_PFN 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The pfns that the result names, and how often a commit came. */
struct counter {
    struct gw_sink sink;
    bool named[MAX_PFN];
    uint64_t num, commits;
};

static int count_pages(struct gw_sink *sink, const struct gw_pages *pages, struct gw_err *err)
{
    struct counter *c = (struct counter *)sink;
    (void)err;
    for (uint32_t i = 0; i < pages->count; i++) {
        uint64_t pfn = gw_entry_pfn(pages->entries[i]);
        MUST(pfn < MAX_PFN);
        c->num += !c->named[pfn];
        c->named[pfn] = true;
    }
    return 0;
}

static int count_commit(struct gw_sink *sink, struct gw_err *err)
{
    (void)err;
    ((struct counter *)sink)->commits++;
    return 0;
}

static const struct gw_sink_ops count_ops = {
    .name = "counter", .takes = GW_TAKES_WATCH, .pages = count_pages, .commit = count_commit
};

/* The octets in a file of the name that it writes. */
static int file_of(const uint8_t *data, size_t size, char *name, size_t room)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(name, room, "/proc/self/fd/%d", fd);
    return fd;
}

static void must_add_up(const struct gw_salvage *salvage)
{
    const struct gw_losses *l = gw_salvage_losses(salvage);
    struct gw_doubtful run;
    uint64_t pfn = 0, end = 0, doubtful = 0, lost = 0;
    while (gw_salvage_next(salvage, &pfn, &run)) {
        MUST(run.num > 0 && run.first >= end && run.doubt != 0);
        end = run.first + run.num;
        lost += run.doubt & GW_DOUBT_LOST ? run.num : 0;
        doubtful += run.doubt & GW_DOUBT_LOST ? 0 : run.num;
        must_be_plain(gw_doubt_text(run.doubt));
    }
    MUST(lost == l->lost && doubtful == l->doubtful);
    MUST(l->any || (l->lost == 0 && l->doubtful == 0 && l->num_holes == 0));
}

static void must_be_stream(struct gw_salvage *salvage)
{
    struct gw_err err = GW_ERR_NONE, failure = GW_ERR_NONE;
    struct counter counter = { .sink.ops = &count_ops };
    const struct gw_losses *l = gw_salvage_losses(salvage);
    struct gw_chan *stream = gw_salvage_stream(salvage, "{\"salvaged\":{}}", &err);
    struct gw_wrap *wrap = stream != NULL ? gw_wrap_new(stream, MAX_PFN, &err) : NULL;
    MUST(wrap != NULL);
    int rc = gw_wrap_run(wrap, &counter.sink, &failure);
    MUST(rc == 0 && counter.commits == 1 && counter.num == l->sure + l->doubtful);
    gw_wrap_close(wrap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gw_legacy_opts legacy = { .spool = -1 };
    struct gw_err err = GW_ERR_NONE;
    char name[64];
    int fd = file_of(data, size, name, sizeof name);
    struct gw_salvage *salvage = gw_salvage_open(name, memfd_create("spool", MFD_CLOEXEC), &legacy, MAX_PFN, &err);
    must_be_plain(err.msg);
    MUST((salvage != NULL) == (err.code == GW_E_OK));
    if (salvage != NULL && size < 1 << 20) {
        must_add_up(salvage);
        must_be_stream(salvage);
    }
    gw_salvage_close(salvage);
    close(fd);
    return 0;
}
