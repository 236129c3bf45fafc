/*
 * godwit.h - libgodwit: read, check and understand images of Xen domains. This header includes all others.
 *
 * An image is opened (image.h) and run into sinks: the program's own callbacks (sink.h), a verifier (verify.h), a
 * writer (writer.h), a walker that tells what is inside of records (structure.h, layout.h), a summarizer or digester
 * (report.h). The words of the format are in record.h and names.h, failures in error.h.
 *
 * Threads: an object (image, sink, error) is used by one thread at a time; different objects by any. There is no state
 * outside of objects. The library prints nothing, ends no process, installs no signal handler, starts no thread and no
 * process, and leaves the locale, the working directory and standard streams alone.
 *
 * Stability: the soname changes when something that a program could rely on goes away or changes its meaning. Else
 * releases add functions, kinds of enumerations and members at the end of structures (base.h says how). Texts may
 * change their wording; ids of rules and names of records do not.
 *
 * libgodwit(3) says the same with an example.
 */
#ifndef GODWIT_H
#define GODWIT_H

#include <godwit/base.h>
#include <godwit/error.h>
#include <godwit/image.h>
#include <godwit/layout.h>
#include <godwit/names.h>
#include <godwit/record.h>
#include <godwit/report.h>
#include <godwit/sink.h>
#include <godwit/structure.h>
#include <godwit/verify.h>
#include <godwit/version.h>
#include <godwit/writer.h>

#endif
