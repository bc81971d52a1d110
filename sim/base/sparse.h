/* sparse.h -- large zeroed tables of which little may be touched: pages come when they are written. They
 * begin where a line of memory does (64 bytes), large ones where a page does. */
#ifndef GEOREP_BASE_SPARSE_H
#define GEOREP_BASE_SPARSE_H

#include <stddef.h>
#include <stdint.h>

/* `bytes` of zeros; costs address space only. Never NULL. `touches`: how often it will be looked at, about
 * and at random; 0: nobody knows. */
void *sparse_new(size_t bytes, uint64_t touches);
/* The same, one of `count` such tables that are used alike: a node's. The touches are of all. */
void *sparse_new_one_of(size_t bytes, size_t count, uint64_t touches);
/* `count` tables of `bytes` each side by side, so that small ones share large pages: *stride from one to the
 * next. sparse_free of count * *stride. */
void *sparse_new_many(size_t bytes, size_t count, uint64_t touches, size_t *stride);
/* A table of which the first `used` bytes were used becomes larger: the rest are zeros. Of what grows as it
 * is used all is soon touched, so it asks for large pages at any size. `table` NULL (of 0 bytes): a new one.
 */
void *sparse_grow(void *table, size_t bytes, size_t used, size_t bytes_new);
void sparse_free(void *table, size_t bytes);
void sparse_wipe(void *table, size_t bytes); /* zeros again, the pages given back */

#endif
