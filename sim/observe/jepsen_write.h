/* jepsen_write.h -- a recorded history, written again as Jepsen writes it: EDN, a map a line, or JSON lines.
 *
 * Between the two: a keyword is a string; a set an array; nil null; a separate `key` becomes the [key value]
 * of jepsen.independent in EDN. A ratio, a big number or a character is a string in JSON. Tags, metadata and
 * comments are dropped. What is read back is judged the same. */
#ifndef GEOREP_OBSERVE_JEPSEN_WRITE_H
#define GEOREP_OBSERVE_JEPSEN_WRITE_H

#include "sim/observe/jepsen_forms.h"

#include <stdio.h>

/* `text` is what jepsen_open has read without an error. False: the file cannot be written (errno). */
bool jepsen_write(FILE *to, enum forms_syntax as, const char *file, const char *text, size_t bytes,
                  enum forms_syntax syntax);

#endif
