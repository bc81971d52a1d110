/* event_entry.c -- sorting of a part of an opened bucket: a few entries mostly. */
#include "sim/engine/event_entry.h"

#include "sim/base/check.h"

#include <string.h>

enum { RANK_MOST = 16 };

void event_run_grow(struct event_run *r, size_t count)
{
    size_t left = event_run_count(r), room = (size_t)(r->limit - r->items), next = 0;

    if (room > 0 && left + count <= room / 2) {
        memmove(r->items, r->next, (left + 1) * sizeof *r->items);
    } else {
        next = (size_t)(r->next - r->items);
        for (room = room > 0 ? room : 31; room < next + left + count;)
            room = 2 * room + 1;
        r->items = memory_resize(r->items, room + 1, sizeof *r->items);
    }
    r->next = r->items + next;
    r->end = r->next + left;
    r->limit = r->items + room;
}

static void insertion_sort(struct event_entry *e, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct event_entry moving = e[i];
        size_t at = i;

        for (; at > 0 && moving.time < e[at - 1].time; at--)
            e[at] = e[at - 1];
        e[at] = moving;
    }
}

/* Each entry goes behind those that come before it: no branch that could be guessed wrong. */
static void rank_sort(struct event_entry *e, size_t count)
{
    struct event_entry copy[RANK_MOST];
    uint8_t rank[RANK_MOST] = {0};

    for (size_t i = 1; i < count; i++) {
        uint64_t time = e[i].time;
        uint8_t before = 0;
        for (size_t k = 0; k < i; k++) {
            bool later = time < e[k].time;
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
        *to++ = b->time < a->time ? *b++ : *a++;
    memcpy(to, a, (size_t)(a_end - a) * sizeof *a);
    memcpy(to + (a_end - a), b, (size_t)(b_end - b) * sizeof *b);
}

void event_sort(struct event_entry *e, size_t count, struct event_entry *spare)
{
    const size_t run = 32;
    struct event_entry *from = e, *to = spare;
    size_t sorted = 1;

    if (count <= RANK_MOST) {
        rank_sort(e, count);
        return;
    }
    while (sorted < count && e[sorted - 1].time <= e[sorted].time)
        sorted++;
    if (sorted == count)
        return;
    for (size_t i = 0; i < count; i += run)
        insertion_sort(from + i, count - i < run ? count - i : run);
    for (size_t width = run; width < count; width *= 2) {
        for (size_t i = 0; i < count; i += 2 * width) {
            const struct event_entry *at = from + i;
            size_t left = count - i < width ? count - i : width,
                   both = count - i < 2 * width ? count - i : 2 * width;

            merge(to + i, at, at + left, at + left, at + both);
        }
        struct event_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != e)
        memcpy(e, from, count * sizeof *from);
}
