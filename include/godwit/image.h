/*
 * image.h - a stored image, whatever is around it: opened from a file, a descriptor, memory or a callback, and run once
 * into sinks.
 *
 * What is around an image is recognised by itself: gzip, xz, zstd and lz4 (up to four times over), xl's file, libxl's
 * stream, libvirt's save file, xenopsd's suspend image, or nothing. Nothing is read into memory as a whole: a run needs
 * less than 64 MiB and what its sinks need.
 *
 * An image belongs to the program that opened it. One thread at a time; different images in different threads are
 * independent. A callback may call any function but those that say otherwise.
 */
#ifndef GODWIT_IMAGE_H
#define GODWIT_IMAGE_H

#include <godwit/base.h>
#include <godwit/error.h>
#include <godwit/sink.h>

GODWIT_BEGIN_DECLS

struct godwit_image;

/* How to read. An order (see base.h); NULL for a pointer to it: as if all were zero. */
struct godwit_image_options {
    size_t size;
    /* pfns at or above it are refused, so that memory is bounded; 0: the limit PFN (2^28, a guest of 1 TiB). At most
     * the limit PFN_MOST. */
    uint64_t max_pfn;
};

/*
 * Where octets come from, when it is the program that reads. An order (see base.h). Callbacks run on the thread that
 * runs the image; arg is theirs.
 */
struct godwit_input {
    size_t size;
    void *arg;
    /*
     * Up to len octets (not 0) to mem. The number of octets; 0: the input ended; -1: failed, with err set
     * (godwit_error_set). After 0 or -1 it is not called again. Mandatory.
     */
    int64_t (*read)(void *arg, void *mem, size_t len, struct godwit_error *err);
    /*
     * Passes over up to len octets (not 0) that nobody wants to see. Answers as read does. NULL: they are read.
     */
    int64_t (*skip)(void *arg, uint64_t len, struct godwit_error *err);
    /* Once, when the image is closed, or when opening it failed. NULL: nothing is to be done. */
    void (*close)(void *arg);
};

/* A file by its name. NULL on failure; the error does not repeat the name. */
GODWIT_API struct godwit_image *godwit_image_open_file(const char *name, const struct godwit_image_options *options,
                                                       struct godwit_error *err);

/*
 * A descriptor, from where it stands: a file, a pipe, a socket. Borrowed until the image is closed. Where it stands
 * afterwards is not defined: look-ahead may have taken what stands behind the image.
 */
GODWIT_API struct godwit_image *godwit_image_open_fd(int fd, const struct godwit_image_options *options,
                                                     struct godwit_error *err);

/* len octets at mem, borrowed until the image is closed. */
GODWIT_API struct godwit_image *godwit_image_open_memory(const void *mem, size_t len,
                                                         const struct godwit_image_options *options,
                                                         struct godwit_error *err);

/* What the callbacks read. *input is copied. */
GODWIT_API struct godwit_image *godwit_image_open_input(const struct godwit_input *input,
                                                        const struct godwit_image_options *options,
                                                        struct godwit_error *err);

/*
 * Reads everything into num sinks (borrowed; each takes part in one run), in an order in which a page is looked at
 * before it is written. Once: an image that was run, successfully or not, has to be opened anew (GODWIT_USAGE).
 *
 * 0: the input was read to its end and every sink took all. That may be the end of a complete checkpoint, as Remus
 * leaves an image. -1: it could not be read further, or a callback failed; what a verifier found until then is its
 * verdict (godwit_verifier_finish).
 *
 * Not to be called from a callback of the same run (GODWIT_USAGE).
 */
GODWIT_API int godwit_image_run(struct godwit_image *image, struct godwit_sink *const *sinks, unsigned num,
                                struct godwit_error *err);

/* Most sinks of one run. */
#define GODWIT_SINKS_MOST 8

/* "xz > xl > libxl": what was recognised so far, outermost first; "" before the run. Borrowed until close. */
GODWIT_API const char *godwit_image_layers(const struct godwit_image *image);

/*
 * Contents that no sink looks at cost nothing: the input is a plain file, which is skipped through, and which can be
 * opened again. A flag.
 */
GODWIT_API int godwit_image_skips(const struct godwit_image *image);

/* Octets of the input that were taken so far, and how many it has; *size 0: not known. May be asked in callbacks. */
GODWIT_API void godwit_image_progress(const struct godwit_image *image, uint64_t *taken, uint64_t *size);

/* Closes what was opened and frees. NULL is fine. In a callback of its own run: done when the run returns. */
GODWIT_API void godwit_image_close(struct godwit_image *image);

GODWIT_END_DECLS

#endif
