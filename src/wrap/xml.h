/*
 * xml.h - as much of XML as a domain's definition needs: tokens, one after the other, that nest as they must.
 *
 * No document type, so no entities but the five; no namespaces. libxml2 would be ten times the size of godwit's own
 * code for four elements of one document, and a parser of strangers' octets that we do not bound.
 */
#ifndef GW_XML_H
#define GW_XML_H

#include "base.h"

#define XML_DEPTH 64

/* Octets inside of the text that is read; borrowed. */
struct span {
    const char *p;
    size_t len;
};

enum xml_kind { XML_DONE, XML_OPEN, XML_CLOSE, XML_TEXT, XML_WRONG };

struct xml {
    const char *p, *end;
    struct span names[XML_DEPTH]; /* of the elements that are open, outermost first */
    unsigned depth;
    bool begun;         /* there was a root */
    bool closing;       /* the element that was opened last is an empty one: its end comes next */
    struct span inside; /* OPEN: the element's attributes, as they stand there; TEXT: the text */
    const char *why;    /* WRONG: what is wrong, for people */
};

struct xml xml_text(const void *mem, size_t len);
/* Behind XML_OPEN and XML_TEXT depth counts the element that is meant; behind XML_CLOSE it does not any more. */
enum xml_kind xml_next(struct xml *xml);
/* The elements that are open are these and no other: "domain/os/type". */
bool xml_is_at(const struct xml *xml, const char *path);
/* An attribute's value among those of xml->inside; an empty span when it is not there. */
struct span xml_attribute(struct span inside, const char *name);
/* A text's characters, entities resolved and blanks around it gone, ended with a zero and cut where room ends. */
void xml_copy(struct span text, char *out, size_t room);

#endif
