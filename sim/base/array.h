/* array.h -- a growing array of any element type, as a pointer with a count and a capacity.
 *
 *     ARRAY(struct event) events = {0};
 *     *array_add(&events) = (struct event){ ... };
 *     array_each (struct event, e, &events) ...
 *     array_free(&events);
 *
 * Elements move when the array grows: keep indices, not pointers. `array_add` returns a zeroed new last
 * element.
 */
#ifndef GEOREP_BASE_ARRAY_H
#define GEOREP_BASE_ARRAY_H

#include "sim/base/check.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY(type)                                                                                          \
    struct {                                                                                                 \
        type *items;                                                                                         \
        size_t count, capacity;                                                                              \
    }

static inline void *array_room(void *items, size_t count, size_t *capacity, size_t bytes)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity != 0 ? *capacity * 2 : 8;
    return memory_resize(items, *capacity, bytes);
}

#define array_add(a)                                                                                         \
    ((a)->items = array_room((a)->items, (a)->count, &(a)->capacity, sizeof *(a)->items),                    \
     memset(&(a)->items[(a)->count], 0, sizeof *(a)->items), &(a)->items[(a)->count++])
#define array_free(a) (free((a)->items), (a)->items = NULL, (a)->count = (a)->capacity = 0)
/* An empty array has no items to point behind: 0 is never added to NULL. */
#define array_each(type, var, a)                                                                             \
    for (type *var = (a)->items; (a)->count > 0 && var < (a)->items + (a)->count; var++)

#endif
