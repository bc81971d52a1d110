/* event_array.c -- sorting of a part of an opened bucket: a few entries, or many of a single instant, which
 * mostly came in order already. */
#include "sim/base/check.h"
#include "sim/engine/event_entry.h"

#include <string.h>

enum { RANK_MOST = 16 };

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

/* Each entry goes behind those that come before it: no branch that could be guessed wrong. Of two equal ones
 * the later stays the later. */
static void rank_sort(struct event_entry *e, size_t count)
{
    struct event_entry copy[RANK_MOST];
    uint8_t rank[RANK_MOST] = {0};

    for (size_t i = 1; i < count; i++) {
        event_key key = event_entry_key(&e[i]);
        uint8_t before = 0;
        for (size_t k = 0; k < i; k++) {
            bool later = key < event_entry_key(&e[k]);
            rank[k] = (uint8_t)(rank[k] + later);
            before = (uint8_t)(before + !later);
        }
        rank[i] = before;
    }
    memcpy(copy, e, count * sizeof *e);
    for (size_t i = 0; i < count; i++)
        e[rank[i]] = copy[i];
}

static void merge(struct event_entry *to, const struct event_entry *a, const struct event_entry *a_end,
                  const struct event_entry *b, const struct event_entry *b_end)
{
    while (a < a_end && b < b_end)
        *to++ = event_entry_before(b, a) ? *b++ : *a++;
    memcpy(to, a, (size_t)(a_end - a) * sizeof *a);
    memcpy(to + (a_end - a), b, (size_t)(b_end - b) * sizeof *b);
}

void event_array_sort(struct event_array *a, size_t first, size_t count, struct event_array *spare)
{
    const size_t run = 32;
    struct event_entry *from = a->items + first, *to;
    size_t sorted = 1, n = count;

    if (n <= RANK_MOST) {
        rank_sort(from, n);
        return;
    }
    if (n <= run) {
        insertion_sort(from, n);
        return;
    }
    while (sorted < n && !event_entry_before(&from[sorted], &from[sorted - 1]))
        sorted++;
    if (sorted == n)
        return;
    while (spare->capacity < n)
        event_array_grow(spare);
    to = spare->items;
    for (size_t i = 0; i < n; i += run)
        insertion_sort(from + i, n - i < run ? n - i : run);
    for (size_t width = run; width < n; width *= 2) {
        for (size_t i = 0; i < n; i += 2 * width) {
            const struct event_entry *at = from + i;
            size_t left = n - i < width ? n - i : width, both = n - i < 2 * width ? n - i : 2 * width;

            merge(to + i, at, at + left, at + left, at + both);
        }
        struct event_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != a->items + first)
        memcpy(a->items + first, from, n * sizeof *from);
}
