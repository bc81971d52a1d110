/* say.h -- what goes to standard error, and how streams may look: colour only on a terminal and never with
 * NO_COLOR, UTF-8 only where the locale says so. */
#ifndef GEOREP_CLI_SAY_H
#define GEOREP_CLI_SAY_H

#include "sim/experiment/failure.h"

#include <stdbool.h>
#include <stdio.h>

void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));   /* georep: error: ... */
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2))); /* georep: warning: ... */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));         /* georep: ... */

int say_failure(struct failure *f); /* as an error; clears it and gives its status */

bool stream_has_colour(FILE *stream);
bool stream_has_utf8(void);

/* Flushes standard output: STATUS_DONE, or STATUS_REFUSED having said why (a full disk). */
int output_finish(void);

#endif
