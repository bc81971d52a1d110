/* check.h -- our own bugs: a check that stays on in release, and the one way out when memory ends. */
#ifndef GEOREP_BASE_CHECK_H
#define GEOREP_BASE_CHECK_H

#include <stddef.h>

/* Prints where and what, then aborts: something that only a bug of georep can make untrue. */
_Noreturn void check_failed(const char *file, int line, const char *what);

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))

/* Memory that never fails: out of memory ends the program with a message. `memory_new` zeroes (lazily: large
 * blocks are untouched pages, so a table of ten million rows costs nothing until it is used). */
void *memory_new(size_t count, size_t bytes);
void *memory_resize(void *old, size_t count, size_t bytes);
char *memory_text(const char *text);                   /* a copy; NULL stays NULL */
char *memory_text_of(const char *text, size_t length); /* a copy of the first `length` characters */

#endif
