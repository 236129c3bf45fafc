/*
 * library.c - which library this is, and its bounds.
 */
#include <stdio.h>

#include "api.h"

unsigned godwit_version_number(void)
{
    return GODWIT_VERSION_NUMBER;
}

const char *godwit_version(void)
{
    return GODWIT_VERSION;
}

char *godwit_libraries(char *room, size_t len)
{
    if (room != NULL && len > 0)
        snprintf(room, len, "%s; OpenSSL %s", gw_wrap_library(), gw_sha256_library());
    return room;
}

int godwit_reads_version(uint32_t version)
{
    for (unsigned i = 0; i < gw_num_versions; i++)
        if (gw_versions[i].version == version)
            return gw_versions[i].reads;
    return 0;
}

unsigned godwit_num_limits(void)
{
    return GW_NUM_LIMITS;
}

int godwit_limit_at(unsigned index, struct godwit_limit *out)
{
    if (index >= GW_NUM_LIMITS)
        return -1;
    const struct gw_limit *limit = &gw_limits[index];
    struct godwit_limit answer = {
        .size = sizeof answer, .name = limit->name, .value = limit->value, .what = limit->what
    };
    return api_answer(out, &answer, sizeof answer);
}
