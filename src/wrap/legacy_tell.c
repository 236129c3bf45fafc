/*
 * legacy_tell.c - what is said of a legacy image beside its records: what it is, and what is odd in it.
 */
#include <stdarg.h>
#include <stdio.h>

#include "legacy.h"

int legacy_odd(struct gw_sink *sink, enum gw_legacy_oddity oddity, uint64_t offset, struct gw_err *err, const char *fmt,
               ...)
{
    char sentence[400];
    struct gw_aside aside = { .kind = GW_ASIDE_LEGACY_ODD, .type = oddity, .offset = offset, .name = sentence };
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);
    return gw_sink_aside(sink, &aside, err);
}

#define BIT(id) (1u << -(id))

/* The youngest feature that is there; the rows from young to old (section 16). */
static const struct {
    unsigned chunks; /* any of them */
    const char *release;
} releases[] = {
    { BIT(LEGACY_X87_FIP_WIDTH), "4.5.4 or a later 4.5" },
    { BIT(LEGACY_IOREQ_SERVER_PFN) | BIT(LEGACY_NR_IOREQ_PAGES), "4.5" },
    { BIT(LEGACY_COMPRESSED) | BIT(LEGACY_ENABLE_COMPRESSION) | BIT(LEGACY_GENERATION_ID) | BIT(LEGACY_PAGING_RING) |
          BIT(LEGACY_ACCESS_RING) | BIT(LEGACY_SHARING_RING) | BIT(LEGACY_TOOLSTACK),
      "4.2 to 4.5" },
    { BIT(LEGACY_CONSOLE_PFN) | BIT(LEGACY_LAST_CHECKPOINT) | BIT(LEGACY_ACPI_IOPORTS) | BIT(LEGACY_VIRIDIAN),
      "4.1 to 4.5" },
    { BIT(LEGACY_TSC_INFO) | BIT(LEGACY_TMEM) | BIT(LEGACY_TMEM_EXTRA), "4.0, or a later one's checkpoints" },
    { BIT(LEGACY_VM86_TSS), "3.4" },
    { BIT(LEGACY_IDENT_PT), "3.3" },
};

const char *legacy_release(const struct legacy_head *head, unsigned chunks)
{
    for (unsigned i = 0; i < sizeof releases / sizeof releases[0]; i++)
        if ((chunks & releases[i].chunks) != 0)
            return releases[i].release;
    if (head->xsave_len > 0)
        return "4.1 to 4.5";
    if (head->has_extended)
        return "3.2 to 3.4";
    if ((chunks & BIT(LEGACY_VCPU_INFO)) == 0)
        return "3.0";
    return head->is_hvm ? "3.1 or 3.2" : "3.1";
}
