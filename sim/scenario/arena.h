/* arena.h -- memory that lives as long as a document: taken in small pieces, given back all at once. */
#ifndef GEOREP_SCENARIO_ARENA_H
#define GEOREP_SCENARIO_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* and all that was taken from it */

/* Zeroed, aligned for any type, never NULL. O(bytes). */
void *arena_take(struct arena *a, size_t count, size_t bytes);
void *arena_copy(struct arena *a, const void *from, size_t count, size_t bytes);
const char *arena_text(struct arena *a, const char *text);
const char *arena_text_of(struct arena *a, const char *text, size_t length);
const char *arena_format(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
