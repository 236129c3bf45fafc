/*
 * words.c - see words.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "words.h"

char *session_text(const uint8_t id[GW_CHUNK_ID_LEN], char *room)
{
    for (unsigned i = 0; i < GW_CHUNK_ID_LEN; i++)
        snprintf(room + 2 * i, 3, "%02x", id[i]);
    return room;
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

bool session_parse(const char *text, uint8_t id[GW_CHUNK_ID_LEN])
{
    if (strlen(text) != SESSION_TEXT_ROOM - 1)
        return false;
    for (unsigned i = 0; i < GW_CHUNK_ID_LEN; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        id[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

int session_new(uint8_t id[GW_CHUNK_ID_LEN], struct gw_err *err)
{
    ssize_t got;
    do
        got = getrandom(id, GW_CHUNK_ID_LEN, 0);
    while (got < 0 && errno == EINTR);
    return got == GW_CHUNK_ID_LEN ? 0 : gw_fail(err, GW_E_SYSTEM, "cannot get random octets for a session");
}

void totals_to_chunk(const struct gw_totals *totals, struct gw_chunk_totals *out)
{
    struct gw_totals_sum sum;
    gw_totals_sum(totals, &sum);
    memcpy(out->pages_digest, sum.pages_digest, sizeof out->pages_digest);
    memcpy(out->records_digest, sum.records_digest, sizeof out->records_digest);
    out->num_pages = sum.num_pages;
    out->num_records = sum.num_records;
}

const char *our_words(const struct gw_err *err, const char *otherwise, char *room, size_t room_len)
{
    size_t len = strcspn(err->msg, "\n");
    return gw_escape(room, room_len, len > 0 ? err->msg : otherwise, len > 0 ? len : strlen(otherwise));
}

const char *their_words(struct gw_str str, char *room, size_t room_len)
{
    return gw_escape(room, room_len, str.text, str.len);
}
