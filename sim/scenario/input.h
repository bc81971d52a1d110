/* input.h -- the files that a scenario is read from: each once, bounded, and kept for the results' inputs/.
 */
#ifndef GEOREP_SCENARIO_INPUT_H
#define GEOREP_SCENARIO_INPUT_H

#include "sim/base/diagnostics.h"

#include <stddef.h>

struct inputs;

struct input {
    const char *name; /* as in messages: lives as long as the program */
    char *path;       /* absolute; "-" of standard input */
    char *contents;   /* with a zero behind them */
    size_t bytes;
};

struct inputs *inputs_new(void);
void inputs_free(struct inputs *all);

/* The file at `path` ("-": standard input), read at its first asking; NULL after an error at `at`, which
 * names it. Only regular files of up to 64 MiB: neither a folder nor a device nor a pipe can make it hang.
 * Valid until inputs_free. */
const struct input *inputs_read(struct inputs *all, const char *path, struct place at, struct diagnostics *d);
const struct input *inputs_at(const struct inputs *all, size_t index); /* NULL past the end */

/* The file `name` beside the file `beside` (or as it is, if absolute). Caller frees. */
char *path_beside(const char *beside, const char *name);

/* The same text for as long as the program runs: what places point to. */
const char *name_kept(const char *name);

#endif
