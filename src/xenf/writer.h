/*
 * writer.h - a sink that writes the image into a channel, in canonical form.
 */
#ifndef GW_WRITER_H
#define GW_WRITER_H

#include "sink.h"

/*
 * to: borrowed. Writes the version that the headers name, reserved fields and padding as zero; inferred marks, asides
 * and commits leave no octets. Refuses records without content, which a writer must not send (section 5.2, R11). An
 * image without findings comes out as it went in, octet for octet.
 */
struct gw_sink *gw_writer(struct gw_chan *to, struct gw_err *err);

#endif
