/*
 * sexp.h - as much of S-expressions as a xenopsd record needs: is it whole, and what does a field of it say.
 */
#ifndef GW_SEXP_H
#define GW_SEXP_H

#include "xml.h" /* struct span */

#define SEXP_DEPTH 256

/* One list, whole, with nothing but blanks around it. */
bool sexp_is_list(struct span text);
/* Of ((name value...)...): what stands behind the name, up to the end of that list. */
bool sexp_field(struct span text, const char *name, struct span *out);
/*
 * The first atom in it, wherever it nests, as the octets it means: to out, cut where room ends, without a zero.
 * Returns how many octets it has, 0 when there is none.
 */
size_t sexp_atom(struct span text, char *out, size_t room);
/* A field's first atom, cut where room ends, with a zero behind it; "" when there is none. */
void sexp_text(struct span list, const char *name, char *out, size_t room);
/* A field's first atom as a decimal number; 0 when it is none, or too large. */
uint64_t sexp_number(struct span list, const char *name);

#endif
