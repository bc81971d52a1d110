/* failure.h -- why something could not be done, and the exit status that it means: 2, the command or the
 * scenario is wrong; 3, the machine refused. */
#ifndef GEOREP_EXPERIMENT_FAILURE_H
#define GEOREP_EXPERIMENT_FAILURE_H

#include <stdbool.h>

enum { STATUS_DONE = 0, STATUS_BROKEN = 1, STATUS_WRONG = 2, STATUS_REFUSED = 3, STATUS_UNDECIDED = 4 };

struct failure {
    int status; /* 0: none so far */
    char *text; /* for people, without "georep: error:"; failure_clear frees it */
};

/* Sets it unless it is set already: the first cause is the one to tell. Always returns false. */
bool failure_set(struct failure *f, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void failure_clear(struct failure *f);

#endif
