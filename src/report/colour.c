/*
 * colour.c - the few colours that a terminal shows.
 */
#include "report.h"

const char *gw_colour(bool on, enum gw_colour colour)
{
    static const char *const sequences[] = {
        [GW_PLAIN] = "\033[0m",  [GW_RED] = "\033[31m", [GW_YELLOW] = "\033[33m",
        [GW_GREEN] = "\033[32m", [GW_DIM] = "\033[2m",  [GW_BOLD] = "\033[1m",
    };
    return on ? sequences[colour] : "";
}
