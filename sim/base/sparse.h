/* sparse.h -- large zeroed tables of which little may be touched: pages come when they are written. They
 * begin where a line of memory does (64 bytes), large ones where a page does. */
#ifndef GEOREP_BASE_SPARSE_H
#define GEOREP_BASE_SPARSE_H

#include <stddef.h>

/* `bytes` of zeros; costs address space only. Never NULL. */
void *sparse_new(size_t bytes);
/* The same, one of `count` such tables that are used alike: a node's. */
void *sparse_new_one_of(size_t bytes, size_t count);
/* `count` tables of `bytes` each side by side, so that small ones share large pages: *stride from one to the
 * next. sparse_free of count * *stride. */
void *sparse_new_many(size_t bytes, size_t count, size_t *stride);
/* A table of which the first `used` bytes were used becomes larger: the rest are zeros. Of what grows as it
 * is used all is soon touched, so it asks for large pages at any size. `table` NULL (of 0 bytes): a new one.
 */
void *sparse_grow(void *table, size_t bytes, size_t used, size_t bytes_new);
void sparse_free(void *table, size_t bytes);
void sparse_wipe(void *table, size_t bytes); /* zeros again, the pages given back */

#endif
