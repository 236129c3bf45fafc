/*
 * saved.c - any octets as the saved index of an image, and as the image that it says it is of.
 *
 * The first two octets say how many that follow are the index; its check is made right, for no fuzzer finds that. What
 * it finds lies in the image, in a record that names the pfn.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image.h"

#include "invariant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct gw_saved *saved, int fd, size_t len, uint64_t pfn)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_saved_page page;
    bool named;
    int rc = gw_saved_find(saved, fd, pfn, &named, &page, &err);
    MUST((rc < 0) == (err.code != GW_E_OK));
    must_be_plain(err.msg);
    if (rc == 0 && named && page.has_contents)
        MUST(page.times > 0 && page.offset + GW_PAGE_LEN <= len && gw_type_has_contents(page.type));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gw_err err = GW_ERR_NONE;
    struct gw_buf index = { 0 };
    if (size < 2)
        return 0;
    size_t len = (size_t)gw_min(data[0] | (size_t)data[1] << 8, size - 2);
    int fd = memfd_create("image", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, data + 2 + len, size - 2 - len) == (ssize_t)(size - 2 - len));
    gw_put(&index, data + 2, len);
    gw_put_u64(&index, gw_check(data + 2, len));
    struct gw_saved *saved = gw_saved_read(&index, &err);
    MUST((saved == NULL) == (err.code != GW_E_OK));
    must_be_plain(err.msg);
    for (uint64_t pfn = 0; saved != NULL && pfn < 16; pfn++)
        ask(saved, fd, size - 2 - len, pfn);
    if (saved != NULL)
        ask(saved, fd, size - 2 - len, gw_limit(PFN_MOST) - 1);
    gw_saved_free(saved);
    close(fd);
    return 0;
}
