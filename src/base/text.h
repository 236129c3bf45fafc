/*
 * text.h - octets of strangers made fit for a person's terminal.
 */
#ifndef GW_TEXT_H
#define GW_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes len octets to out (room octets, always ended with a zero) with everything but printable ASCII as \xNN; cuts
 * with "..." when they do not fit. Returns out.
 */
char *gw_escape(char *out, size_t room, const void *mem, size_t len);

/* 1536 -> "1.5 KiB", 4096 -> "4 KiB", 17 -> "17 octets". Returns out. */
char *gw_size_text(char *out, size_t room, uint64_t octets);

#endif
