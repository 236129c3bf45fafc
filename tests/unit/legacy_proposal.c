/*
 * legacy_proposal.c - the two beginnings of a legacy image that were proposed in 2014: told from all else, and read.
 */
#include <string.h>

#include "harness.h"
#include "legacy.h"

#define OF(text) (const uint8_t *)(text), sizeof(text) - 1
#define MARK "\xff\xff\xff\xff"

static void each_beginning_is_told_from_the_others(void)
{
    CHECK_EQ(legacy_proposal_of(OF(MARK "\0\x08\0\0\0\0\0\0")), LEGACY_PROPOSAL_A);
    CHECK_EQ(legacy_proposal_of(OF(MARK "\0\0\0\x10\0\0\0\0")), LEGACY_PROPOSAL_A);
    CHECK_EQ(legacy_proposal_of(OF(MARK "\x10\0\0\0sinf")), LEGACY_PROPOSAL_B);
    CHECK_EQ(legacy_proposal_of(OF(MARK "\x10\0\0\0ABcz")), LEGACY_PROPOSAL_B);
    CHECK_EQ(legacy_proposal_of(OF(MARK MARK "XENF")), LEGACY_PLAIN);
    CHECK_EQ(legacy_proposal_of(OF(MARK "\0\0\0\0\0\0\0\0")), LEGACY_PLAIN);
    CHECK_EQ(legacy_proposal_of(OF(MARK "\1\0\0\x10\0\0\0\0")), LEGACY_PLAIN);
    CHECK_EQ(legacy_proposal_of(OF(MARK "\7\0\0\0sinf")), LEGACY_PLAIN);
    CHECK_EQ(legacy_proposal_of(OF(MARK "\1\0\1\0sinf")), LEGACY_PLAIN);
    CHECK_EQ(legacy_proposal_of(OF(MARK "\x10\0\0\0s1nf")), LEGACY_PLAIN);
    CHECK_EQ(legacy_proposal_of(OF(MARK "\x10\0\0\0sin")), LEGACY_PLAIN);
    CHECK_EQ(legacy_proposal_of(OF("\0\x08\0\0\0\0\0\0" MARK)), LEGACY_PLAIN);
}

/* What stands behind it is left in the channel. */
static int read_form(enum legacy_form form, const uint8_t *octets, size_t len, unsigned *width, uint64_t *taken,
                     struct gw_err *err)
{
    struct legacy_walk walk = { .chan = gw_chan_memory(octets, len, NULL, err) };
    struct legacy_head head = { .form = form };
    int rc = legacy_proposal_read(&walk, &head, err);
    *width = head.width;
    *taken = walk.chan->read_pos;
    gw_chan_close(walk.chan);
    legacy_walk_free(&walk);
    return rc;
}

static void a_is_an_image_of_64_bit_words(void)
{
    struct gw_err err = GW_ERR_NONE;
    unsigned width;
    uint64_t taken;
    CHECK_EQ(read_form(LEGACY_PROPOSAL_A, OF(MARK "\0\x08\0\0\0\0\0\0"), &width, &taken, &err), 0);
    CHECK_EQ(width, 8);
    CHECK_EQ(taken, 4);
}

static void b_says_how_wide_words_are(void)
{
    struct gw_err err = GW_ERR_NONE;
    unsigned width;
    uint64_t taken;
    CHECK_EQ(
        read_form(LEGACY_PROPOSAL_B, OF(MARK "\x10\0\0\0sinf\x08\0\0\0\x04\0\0\0\0\0\0\0behind"), &width, &taken, &err),
        0);
    CHECK_EQ(width, 4);
    CHECK_EQ(taken, 24);
    CHECK_EQ(read_form(LEGACY_PROPOSAL_B,
                       OF(MARK "\x1f\0\0\0else\3\0\0\0abcsinf\x0c\0\0\0\x08\0\0\0\0\0\0\0morebehind"), &width, &taken,
                       &err),
             0);
    CHECK_EQ(width, 8);
    CHECK_EQ(taken, 39);
}

static void refuses(const uint8_t *octets, size_t len, enum gw_code code, const char *why)
{
    struct gw_err err = GW_ERR_NONE;
    unsigned width;
    uint64_t taken;
    CHECK_EQ(read_form(LEGACY_PROPOSAL_B, octets, len, &width, &taken, &err), -1);
    CHECK_FAIL(err, code, why);
}

static void b_that_does_not_say_so_is_refused(void)
{
    refuses(OF(MARK "\x08\0\0\0else\0\0\0\0"), GW_E_INVALID, "has no block 'sinf'");
    refuses(OF(MARK "\x0c\0\0\0sinf\4\0\0\0\5\0\0\0"), GW_E_INVALID, "words of 5 octets");
    refuses(OF(MARK "\x0a\0\0\0sinf\2\0\0\0\4\0"), GW_E_INVALID, "words of 0 octets");
    refuses(OF(MARK "\x0c\0\0\0sinf\5\0\0\0\5\0\0\0"), GW_E_INVALID, "does not end inside of it");
    refuses(OF(MARK "\x0c\0\0\0sinf\xff\xff\xff\xff\5\0\0\0"), GW_E_INVALID, "does not end inside of it");
    refuses(OF(MARK "\x0f\0\0\0sinf\4\0\0\0\4\0\0\0sin"), GW_E_INVALID, "does not end inside of it");
    refuses(OF(MARK "\0\0\1\1sinf"), GW_E_INVALID, "claims 16842752 octets");
    refuses(OF(MARK "\x0c\0\0\0sinf\4\0\0\0\4\0\0"), GW_E_SHORT, "ends inside the legacy image's stream info");
}

const struct test tests[] = {
    { "each-beginning-is-told-from-the-others", each_beginning_is_told_from_the_others },
    { "a-is-an-image-of-64-bit-words", a_is_an_image_of_64_bit_words },
    { "b-says-how-wide-words-are", b_says_how_wide_words_are },
    { "b-that-does-not-say-so-is-refused", b_that_does_not_say_so_is_refused },
    { NULL, NULL },
};
