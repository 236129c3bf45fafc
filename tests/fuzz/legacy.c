/*
 * legacy.c - any octets as a file that may hold a legacy image: a plain file, which is read twice, and a pipe, from
 * which what has to be read twice is put aside. Either way it is told to its end, or what is wrong gets a name.
 *
 * The bound on pfns is small, as --max-guest would make it.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "channel.h"
#include "wrap.h"
#include "xenf.h"

#include "invariant.h"

#define MAX_PFN 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int new_file(void)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    MUST(fd >= 0);
    return fd;
}

static void judge(struct gw_wrap *wrap)
{
    struct gw_err err = GW_ERR_NONE;
    const struct gw_verify_opts opts = { .max_pfn = MAX_PFN, .contents = true };
    struct gw_sink *verifier = gw_verifier(&opts, &err);
    MUST(wrap != NULL && verifier != NULL);
    int rc = gw_wrap_run(wrap, verifier, &err);
    must_be_told(rc, &err);
    must_be_plain(err.msg);
    must_be_plain(gw_wrap_layers(wrap));
    MUST(rc == 0 || gw_verify_failed(verifier, &err));
    const struct gw_verdict *verdict = gw_verify_finish(verifier);
    MUST(rc == 0 || verdict->errors + verdict->warnings > 0);
    gw_sink_close(verifier);
    gw_wrap_close(wrap);
}

static void as_file(const uint8_t *data, size_t size, int spool)
{
    struct gw_err err = GW_ERR_NONE;
    const struct gw_legacy_opts said = { .spool = spool };
    int fd = new_file();
    MUST(write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    struct gw_wrap *wrap = gw_wrap_fd(fd, true, MAX_PFN, &err);
    MUST(wrap != NULL);
    gw_wrap_legacy(wrap, &said);
    judge(wrap);
}

static void as_pipe(const uint8_t *data, size_t size, int spool)
{
    struct gw_err err = GW_ERR_NONE;
    const struct gw_legacy_opts said = { .spool = spool };
    struct gw_chan *chan = gw_chan_memory(data, size, NULL, &err);
    MUST(chan != NULL);
    struct gw_wrap *wrap = gw_wrap_new(chan, MAX_PFN, &err);
    MUST(wrap != NULL);
    gw_wrap_legacy(wrap, &said);
    judge(wrap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int spool = new_file();
    as_file(data, size, spool);
    as_pipe(data, size, spool);
    close(spool);
    return 0;
}
