/*
 * error.h - why a call failed.
 *
 * A function that can fail takes a struct godwit_error * as its last argument; NULL says that the reason is not wanted.
 * It empties the error first, so that what stands in it afterwards is about this call alone. It returns -1 or NULL on
 * failure; 0 or an object else.
 *
 * An error belongs to the program that made it. One thread at a time.
 */
#ifndef GODWIT_ERROR_H
#define GODWIT_ERROR_H

#include <godwit/base.h>

GODWIT_BEGIN_DECLS

/* What kind of failure. Later releases may add kinds: one that a program does not know is to it a GODWIT_SYSTEM. */
enum godwit_code {
    GODWIT_OK = 0,
    GODWIT_SHORT = 1,   /* the input ends too early */
    GODWIT_INVALID = 2, /* the input is not what it must be */
    GODWIT_REFUSED = 3, /* not done, with a reason: a callback said no, a bound was met */
    GODWIT_USAGE = 4,   /* the call was wrong: a mistake of the program */
    GODWIT_SYSTEM = 5   /* the system failed: no memory, a read error */
};

struct godwit_error;

/* NULL when there is no memory, which every function takes as "not wanted". Free with godwit_error_free. */
GODWIT_API struct godwit_error *godwit_error_new(void);

/* NULL is fine. */
GODWIT_API void godwit_error_free(struct godwit_error *err);

/* GODWIT_OK: nothing failed. Of NULL: GODWIT_OK. */
GODWIT_API enum godwit_code godwit_error_code(const struct godwit_error *err);

/*
 * One sentence, what failed first; causes follow in lines that begin with "because ". No full stop, no line end. Octets
 * of the file stand in it escaped. Borrowed until the error is used again; "" when nothing failed.
 */
GODWIT_API const char *godwit_error_text(const struct godwit_error *err);

/* The id of the rule that the input breaks (see verify.h), a constant; NULL when no rule names it. */
GODWIT_API const char *godwit_error_rule(const struct godwit_error *err);

/*
 * Where. offset: octets from the start of the unpacked input; record: number of the image's record, from 1, or 0
 * outside of any. Returns the flag whether the place is known; without it neither is changed. Either pointer may be
 * NULL.
 */
GODWIT_API int godwit_error_place(const struct godwit_error *err, uint64_t *offset, uint64_t *record);

/* errno of a GODWIT_SYSTEM; 0: none. */
GODWIT_API int godwit_error_errno(const struct godwit_error *err);

/* The exit status that the godwit program gives it: 0 nothing failed, 1 the input, 2 wrong use, 3 the system. */
GODWIT_API int godwit_error_exit(const struct godwit_error *err);

/*
 * For callbacks: says why they fail. text is copied and cut at some 600 octets. GODWIT_OK is taken as GODWIT_REFUSED.
 * Always -1, so that a callback may return it. NULL is fine.
 */
GODWIT_API int godwit_error_set(struct godwit_error *err, enum godwit_code code, const char *text);

/* The same for GODWIT_SYSTEM: ": " and the text of errno number are appended. */
GODWIT_API int godwit_error_set_errno(struct godwit_error *err, int number, const char *text);

GODWIT_END_DECLS

#endif
