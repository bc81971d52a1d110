/* diagnostics.h -- what is wrong with the user's input: FILE:LINE:COLUMN: error: what, and what would be
 * right.
 *
 * A list collects all errors of a file in one go; whoever reads input adds to it and goes on where it can. */
#ifndef GEOREP_BASE_DIAGNOSTICS_H
#define GEOREP_BASE_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A place in a file; line and column count from 1; 0: none known. `file` outlives the list. */
struct place {
    const char *file;
    unsigned line, column;
};

struct diagnostics;

struct diagnostics *diagnostics_new(void);
void diagnostics_free(struct diagnostics *d);

/* One more error or warning. Warnings do not count in diagnostics_count. An error equal to the last one is
 * dropped. */
void diagnostics_error(struct diagnostics *d, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diagnostics_warn(struct diagnostics *d, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

size_t diagnostics_count(const struct diagnostics *d); /* errors alone */
const char *diagnostics_text(const struct diagnostics *d,
                             size_t index); /* of error `index`, as it is printed */
void diagnostics_print(const struct diagnostics *d,
                       FILE *to); /* all, in the order of their places in each file */

/* The candidate nearest to `name` by edit distance (Damerau): at most a third of its length, 1 at least, and
 * none for a name of one letter; or NULL. */
const char *nearest_name(const char *name, const char *const *candidates, size_t count);

#endif
