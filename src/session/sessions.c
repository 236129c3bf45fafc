/*
 * sessions.c - what sessions left files here, and what those files mean: for godwit owner show.
 */
#include <stdio.h>
#include <string.h>

#include "session.h"
#include "store.h"

struct meaning {
    unsigned has; /* words of the journal */
    bool ended;
    const char *state, *what_to_do;
};

#define SETTLE "godwit owner settle asks the destination and acts on its answer"
#define WAIT_FOR_IT "nothing; when its source surely knows, godwit owner settle SESSION forgets it"

/* The first row that fits. */
static const struct meaning of_source[] = {
    { GW_WORD_MOVED | GW_WORD_KEPT, false, "the journal says that the guest moved and that it was kept",
      "find out by hand where the guest runs, and remove the journal" },
    { GW_WORD_MOVED, false, "the guest runs at the destination; it was not taken away here",
      "godwit owner settle takes it away" },
    { GW_WORD_KEPT, true, "the guest was kept", "godwit owner settle removes the journal" },
    { GW_WORD_LETGO, false, "the guest was let go and is suspended here; it is not known whether it runs there",
      SETTLE "; where the destination is gone for ever, --destination-is-dead resumes it here" },
    { GW_WORD_SUSPEND, false, "the guest may be suspended here", "godwit owner settle resumes it" },
    { 0, true, "the guest was never suspended", "godwit owner settle removes the journal" },
};

static const struct meaning leftover = { 0, false, "left over from a session that never began, or was being forgotten",
                                         "godwit owner settle removes it" };
static const struct meaning unread = { 0, false, "the journal cannot be read", "look at it by hand" };

static const struct {
    enum gw_decision decision;
    unsigned has;
    struct meaning meaning;
} of_destination[] = {
    { GW_DECISION_DECLINED,
      STORE_RUNS,
      { 0, false, "it was declined, and the journal says that it runs", "find out by hand where the guest runs" } },
    { GW_DECISION_DECLINED,
      0,
      { 0, true, "the guest was declined; the source has not said yet that it knows", WAIT_FOR_IT } },
    { GW_DECISION_STARTED,
      STORE_RUNS,
      { 0, true, "the guest runs here; the source has not said yet that it knows", WAIT_FOR_IT } },
    { GW_DECISION_STARTED,
      0,
      { 0, false, "it was decided that the guest starts here; whether it did is not written",
        "godwit owner settle looks; when the guest surely does not run here, --guest-is-gone declines it" } },
    { GW_DECISION_NONE, STORE_RUNS, { 0, true, "the guest runs here; its decision is missing", WAIT_FOR_IT } },
    { GW_DECISION_NONE, 0, { 0, false, "a guest was coming when its godwit died", "godwit owner settle declines it" } },
};

static const struct meaning *mean_source(const struct store *store, struct store_head *head)
{
    unsigned words = 0, i = 0;
    if (!store_journal_read(store, head, &words))
        return store_has_journal(store) ? &unread : &leftover;
    while ((words & of_source[i].has) != of_source[i].has)
        i++;
    return &of_source[i];
}

static const struct meaning *mean_destination(const struct store *store, struct store_head *head)
{
    struct gw_err err = GW_ERR_NONE;
    enum gw_decision decision;
    unsigned words = 0, i = 0;
    bool journal = store_journal_read(store, head, &words);
    if (store_decision(store, &decision, &err) < 0)
        return &unread;
    if (!journal && decision != GW_DECISION_DECLINED)
        return store_has_journal(store) ? &unread : &leftover;
    while (of_destination[i].decision != decision || (words & of_destination[i].has) != of_destination[i].has)
        i++;
    return &of_destination[i].meaning;
}

static int tell_one(const char *state_dir, enum store_side side, const char *session, gw_session_fn *tell, void *arg,
                    struct gw_err *err)
{
    struct gw_session_info info = { .destination = side == STORE_DESTINATION };
    struct store_head head = { 0 };
    struct store store;
    uint8_t id[GW_CHUNK_ID_LEN];
    if (!session_parse(session, id) || store_open(&store, state_dir, side, id, err) < 0)
        return -1;
    const struct meaning *meaning = info.destination ? mean_destination(&store, &head) : mean_source(&store, &head);
    memcpy(info.session, store.id, sizeof info.session);
    memcpy(info.guest, head.guest, sizeof info.guest);
    memcpy(info.name, head.name, sizeof info.name);
    memcpy(info.peer, head.peer, sizeof info.peer);
    info.held = store_is_held(&store);
    info.ended = meaning->ended;
    info.state = info.held ? "a living godwit is at it" : meaning->state;
    info.what_to_do = info.held ? "nothing" : meaning->what_to_do;
    store_close(&store);
    return tell(arg, &info, err);
}

int gw_sessions(const char *state_dir, gw_session_fn *tell, void *arg, struct gw_err *err)
{
    int rc = 0;
    for (enum store_side side = STORE_SOURCE; side <= STORE_DESTINATION && rc == 0; side++) {
        char(*ids)[SESSION_TEXT_ROOM];
        unsigned num;
        rc = store_list(state_dir, side, &ids, &num, err);
        for (unsigned i = 0; i < num && rc == 0; i++)
            rc = tell_one(state_dir, side, ids[i], tell, arg, err);
        gw_free(ids);
    }
    return rc;
}
