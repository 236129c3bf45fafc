/*
 * export.c - an image's memory into a file of the format that was asked for.
 */
#include "exporter.h"

const char *gw_export_format_name(enum gw_export_format format)
{
    static const char *const names[] = {
#define X(name, word, ...) word,
        GW_EXPORT_FORMATS(X)
#undef X
    };
    return names[format];
}

static int write_format(struct output *output, const struct memory *memory, struct gw_sink *inspector,
                        enum gw_export_format format, struct gw_exported *out, struct gw_err *err)
{
    if (format == GW_EXPORT_RAW)
        return export_raw(output, memory, err);
    return format == GW_EXPORT_LIME ? export_lime(output, memory, err)
                                    : export_elf(output, memory, inspector, out, err);
}

int gw_export(struct gw_image *image, struct gw_sink *inspector, const struct gw_export_opts *opts,
              struct gw_exported *out, struct gw_err *err)
{
    struct memory memory = { 0 };
    struct output output = { 0 };
    *out = (struct gw_exported){ 0 };
    int rc = memory_init(&memory, image, out, err) < 0 || output_init(&output, opts, err) < 0 ? -1 : 0;
    if (rc == 0)
        rc = write_format(&output, &memory, inspector, opts->format, out, err);
    if (rc == 0)
        rc = output_end(&output, out->sha256, err);
    out->octets = output.at;
    output_free(&output);
    memory_free(&memory);
    return rc;
}
