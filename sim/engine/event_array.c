/* event_array.c -- sorting of one opened bucket. Most hold a dozen entries; a large one is of a single
 * instant, whose entries mostly came in order already. */
#include "sim/base/check.h"
#include "sim/engine/event_entry.h"

#include <string.h>

void event_array_grow(struct event_array *a)
{
    a->capacity = a->capacity != 0 ? a->capacity * 2 : 64;
    a->items = memory_resize(a->items, a->capacity, sizeof *a->items);
}

static void insertion_sort(struct event_entry *e, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct event_entry moving = e[i];
        event_key key = event_entry_key(&moving);
        size_t at = i;

        for (; at > 0 && key < event_entry_key(&e[at - 1]); at--)
            e[at] = e[at - 1];
        e[at] = moving;
    }
}

static void merge(struct event_entry *to, const struct event_entry *a, const struct event_entry *a_end,
                  const struct event_entry *b, const struct event_entry *b_end)
{
    while (a < a_end && b < b_end)
        *to++ = event_entry_before(b, a) ? *b++ : *a++;
    memcpy(to, a, (size_t)(a_end - a) * sizeof *a);
    memcpy(to + (a_end - a), b, (size_t)(b_end - b) * sizeof *b);
}

void event_array_sort(struct event_array *a, struct event_array *spare)
{
    const size_t run = 32;
    size_t sorted = 1, n = a->count;

    if (n <= run) {
        insertion_sort(a->items, n);
        return;
    }
    while (sorted < n && !event_entry_before(&a->items[sorted], &a->items[sorted - 1]))
        sorted++;
    if (sorted == n)
        return;
    while (spare->capacity < n)
        event_array_grow(spare);
    for (size_t i = 0; i < n; i += run)
        insertion_sort(a->items + i, n - i < run ? n - i : run);
    for (size_t width = run; width < n; width *= 2) {
        for (size_t i = 0; i < n; i += 2 * width) {
            const struct event_entry *from = a->items + i;
            size_t left = n - i < width ? n - i : width, both = n - i < 2 * width ? n - i : 2 * width;

            merge(spare->items + i, from, from + left, from + left, from + both);
        }
        struct event_entry *swap = a->items;
        size_t capacity = a->capacity;
        a->items = spare->items;
        a->capacity = spare->capacity;
        spare->items = swap;
        spare->capacity = capacity;
    }
}
