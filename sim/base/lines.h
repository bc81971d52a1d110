/* lines.h -- a growing ARRAY whose elements begin where a line of memory does (64 bytes), and whose pages are
 * large: for records of whole lines that are looked up at random.
 *
 *     ARRAY(struct record) records = {0};
 *     *lines_add(&records) = (struct record){ ... };
 *     lines_free(&records);
 *
 * As array_add: `lines_add` returns a zeroed new last element, and elements move. It never becomes shorter.
 */
#ifndef GEOREP_BASE_LINES_H
#define GEOREP_BASE_LINES_H

#include "sim/base/array.h"
#include "sim/base/sparse.h"

static inline void *lines_room(void *items, size_t count, size_t *capacity, size_t bytes)
{
    size_t old = *capacity;

    if (count < old)
        return items;
    *capacity = old != 0 ? old * 2 : 16;
    return sparse_grow(items, old * bytes, count * bytes, *capacity * bytes);
}

#define lines_add(a)                                                                                         \
    ((a)->items = lines_room((a)->items, (a)->count, &(a)->capacity, sizeof *(a)->items),                    \
     &(a)->items[(a)->count++])
#define lines_free(a)                                                                                        \
    (sparse_free((a)->items, (a)->capacity * sizeof *(a)->items), (a)->items = NULL,                         \
     (a)->count = (a)->capacity = 0)

#endif
