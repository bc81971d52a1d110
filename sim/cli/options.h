/* options.h -- the words behind a verb: options by a table, and operands.
 *
 *     struct options o = options_of(verb, argc, argv);
 *     for (int id; (id = options_next(&o)) != OPTIONS_END;)
 *         switch (id) { case 'o': folder = o.value; ... case OPTIONS_OPERAND: ... default: return
 * options_status(id); }
 *
 * `--name VALUE`, `--name=VALUE`, `-x VALUE`, `-xVALUE`, flags together as `-qf`, `--` before operands; `-`
 * alone is an operand. What is unknown is said with the nearest name. */
#ifndef GEOREP_CLI_OPTIONS_H
#define GEOREP_CLI_OPTIONS_H

#include <stdbool.h>

struct option_def {
    int id;            /* its letter, or something above 255 for one that has none */
    const char *name;  /* without the dashes; NULL ends a table */
    const char *value; /* what the value is called, NULL: a flag */
    const char *doc;
};

struct verb {
    const char *name, *operands, *summary;
    const struct option_def *options;
    const char *notes;                                          /* under the options in --help; or NULL */
    int (*run)(const struct verb *verb, int argc, char **argv); /* argv[0] is the verb; the exit status */
};

extern const struct verb verbs[]; /* ends with a NULL name */
extern const char *const program_version;

enum { OPTIONS_END = -1, OPTIONS_OPERAND = -2, OPTIONS_WRONG = -3, OPTIONS_HELP = -4 };

struct options {
    const struct verb *verb;
    int argc, at;
    char **argv;
    const char *bundle; /* the rest of -qf */
    const char *value;
    bool only_operands;
};

struct options options_of(const struct verb *verb, int argc, char **argv);
int options_next(struct options *o); /* OPTIONS_WRONG has printed why, OPTIONS_HELP has printed the help */
int options_status(int id);          /* exit status of OPTIONS_WRONG and OPTIONS_HELP */

/* A whole number from `least` to `most`; false has printed what is wrong. */
bool option_number(const struct options *o, const char *name, unsigned long long least,
                   unsigned long long most, unsigned long long *out);

void verb_help(const struct verb *verb);

#endif
