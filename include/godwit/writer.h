/*
 * writer.h - an image into a wrapping: a sink that writes.
 *
 * What is written is canonical: an image, and what was around it, that a verifier finds nothing in comes out octet for
 * octet as it went in, where the wrapping is the same. Nothing is lost in silence: what the wrapping has no place for
 * is refused, or left out and told (sentences name the options of godwit-convert(1): --lossy, --config). A verifier in
 * the same run says whether what was written is right.
 *
 * What was written before a failure is no image: the program throws it away.
 */
#ifndef GODWIT_WRITER_H
#define GODWIT_WRITER_H

#include <godwit/base.h>
#include <godwit/error.h>
#include <godwit/sink.h>

GODWIT_BEGIN_DECLS

/* A wrapping. An answer (see base.h); its texts are constants. */
struct godwit_wrapping {
    size_t size;
    const char *name; /* "raw", "xl" ...: what struct godwit_writer_options and layers are named by */
    const char *what;
    int is_written; /* a flag: or only read */
};

/* How many there are. */
GODWIT_API unsigned godwit_num_wrappings(void);

/* Number index, from 0. -1 when there is none, or out->size is too small to be one. */
GODWIT_API int godwit_wrapping_at(unsigned index, struct godwit_wrapping *out);

/*
 * Where octets go, when it is the program that writes. An order (see base.h). Callbacks run on the thread that runs the
 * image, or finishes the writer; arg is theirs.
 */
struct godwit_output {
    size_t size;
    void *arg;
    /* Some of len octets (not 0) at mem. The number of octets taken, at least 1; or -1, with err set. Mandatory. */
    int64_t (*write)(void *arg, const void *mem, size_t len, struct godwit_error *err);
    /* Once, when the writer is closed, or when making it failed. NULL: nothing is to be done. */
    void (*close)(void *arg);
};

/* How to write. An order (see base.h); NULL for a pointer to it: as if all were zero. */
struct godwit_writer_options {
    size_t size;
    /* The wrapping, one that is written; NULL: the outermost such that the image comes out of. */
    const char *wrapping;
    /*
     * What stands at its head, config_length octets in its own language (xl's JSON, libvirt's XML, xenopsd's record),
     * borrowed until the writer is closed; NULL: what the image came with, or what can be made of known.
     */
    const void *config;
    size_t config_length;
    int lossy; /* a flag: what the wrapping has no place for is left out and told; else it is refused */
    /*
     * A verifier that gave a verdict on the same image before, borrowed for the call; NULL: none did. Without it
     * nothing can be made of the image alone where the wrapping needs a configuration and there is none.
     */
    const struct godwit_sink *known;
    /* Told what is left out, and what had to be made: a sentence. May be NULL. */
    void (*tell)(void *arg, const char *sentence);
    void *arg;
};

/* A sink that writes through the program's callbacks. *output and *options are copied. NULL on failure. */
GODWIT_API struct godwit_sink *godwit_writer_new(const struct godwit_output *output,
                                                 const struct godwit_writer_options *options, struct godwit_error *err);

/*
 * One that writes to a descriptor, from where it stands: borrowed until the writer is closed. A pipe or socket whose
 * reader is gone raises SIGPIPE, as write(2) does.
 */
GODWIT_API struct godwit_sink *godwit_writer_new_fd(int fd, const struct godwit_writer_options *options,
                                                    struct godwit_error *err);

/*
 * After the run, once: writes what stands behind everything. 0: all was written. -1: the run failed (the error is the
 * run's), writing failed, or the sink is no writer. It syncs nothing to disk.
 */
GODWIT_API int godwit_writer_finish(struct godwit_sink *writer, struct godwit_error *err);

/* The wrapping, once it is known; NULL before, and of what is no writer. A constant. */
GODWIT_API const char *godwit_writer_wrapping(const struct godwit_sink *writer);

GODWIT_END_DECLS

#endif
