/* check_levels.c -- is a counter linearizable whose changes all add the same amount? Exactly, in near-linear
 * time, however many are open at once.
 *
 * Such a counter has *levels*: so many changes have happened. It passes every level from the first to the
 * last, so a read is right if its level is one that the counter passes between its begin and its end. The
 * counter is followed as lazily as can be:
 *   - a change happens when it ends, if it has not before;
 *   - when a read ends whose level has not been reached, as many changes happen as are lacking, of the open
 *     ones those first that end first. If there are not enough, the read is wrong;
 *   - a read whose level was left behind before it began is wrong: what has happened by then, has to have.
 *
 * Why that is exact. Let c(t) be the level at t. Any order keeps c(end of a read) >= its level, c(begin) <=
 * it, c(t) <= the changes begun by t, and c(t) - c(s) >= the changes wholly inside (s, t). These are lower
 * bounds that go forward in time alone, so there is a least c that keeps them all; lazy is that one, and the
 * only upper bounds are those of reads' begins and of what has begun: nothing is lost by being low. Which
 * changes fill the steps is a matching of intervals to points, where the earliest deadline first is best
 * (Glover 1967). From the state of the lazy one all can be done that can be done from any other, so that a
 * history that turns out to have other changes too goes on from it (levels_leave) without losing an order.
 *
 * Cost: a heap of the open changes that have not happened; no bound on how many. */
#include "sim/observe/check_search_room.h"

bool levels_take(const struct search *s, struct levels *l, const struct entry *e)
{
    int64_t amount = e->step.f == CHECK_CHANGE ? e->step.number : 1;

    if (e->step.f == CHECK_READ)
        return true;
    if (e->step.f == CHECK_BELOW || amount == 0 || (amount < 0 && s->def.never_below_zero) ||
        (l->step != 0 && l->step != amount))
        return false;
    l->step = amount;
    return true;
}

static void sift_up(const struct search *s, struct levels *l, size_t i)
{
    uint32_t *heap = l->undone.items, moved = heap[i];
    uint64_t deadline = s->entries.items[moved].deadline;

    for (size_t up; i > 0 && s->entries.items[heap[up = (i - 1) / 2]].deadline > deadline; i = up)
        heap[i] = heap[up];
    heap[i] = moved;
}

static uint32_t take_first(const struct search *s, struct levels *l)
{
    uint32_t *heap = l->undone.items, first = heap[0], moved = heap[--l->undone.count];
    uint64_t deadline = s->entries.items[moved].deadline;
    size_t i = 0;

    for (size_t down; (down = 2 * i + 1) < l->undone.count; i = down) {
        if (down + 1 < l->undone.count &&
            s->entries.items[heap[down + 1]].deadline < s->entries.items[heap[down]].deadline)
            down++;
        if (s->entries.items[heap[down]].deadline >= deadline)
            break;
        heap[i] = heap[down];
    }
    heap[i] = moved;
    return first;
}

void levels_begin(struct search *s, struct search_key *k, uint32_t index)
{
    struct entry *e = &s->entries.items[index];

    e->happened = false;
    e->level = k->levels.now;
    if (!check_step_reads(&e->step) && e->deadline == CHECK_OPEN) {
        k->levels.maybe++; /* one is as good as the other */
        *array_add(&s->free) = index;
        return;
    }
    e->slot = (uint32_t)k->slots.count;
    *array_add(&k->slots) = index + 1;
    if (!check_step_reads(&e->step)) {
        *array_add(&k->levels.undone) = index;
        sift_up(s, &k->levels, k->levels.undone.count - 1);
    }
}

/* The level at which a counter shows this number. False: there is none. */
static bool level_of(const struct search *s, const struct levels *l, int64_t number, uint64_t *level)
{
    int64_t beyond, step = l->step != 0 ? l->step : 1;

    if (__builtin_sub_overflow(number, s->def.initial, &beyond) || beyond == INT64_MIN ||
        beyond % step != 0 || beyond / step < 0)
        return false;
    *level = (uint64_t)(beyond / step);
    return true;
}

static bool read_ends(struct search *s, struct levels *l, const struct entry *e)
{
    uint64_t level;

    if (!level_of(s, l, e->step.number, &level) || level < e->level)
        return false;
    if (level <= l->now)
        return true;
    if (level - l->now > l->undone.count + l->maybe)
        return false;
    for (; l->now < level; l->now++)
        if (l->undone.count > 0)
            s->entries.items[take_first(s, l)].happened = true;
        else
            l->maybe--;
    return true;
}

bool levels_end(struct search *s, struct search_key *k, uint32_t index)
{
    struct entry *e = &s->entries.items[index];
    bool right = true;

    if (check_step_reads(&e->step)) {
        right = read_ends(s, &k->levels, e);
    } else if (!e->happened) {
        CHECK(take_first(s, &k->levels) == index);
        k->levels.now++;
    }
    uint32_t last = k->slots.items[--k->slots.count];
    k->slots.items[e->slot] = last;
    s->entries.items[last - 1].slot = e->slot;
    *array_add(&s->free) = index;
    return right;
}

static bool has_happened(const struct search *s, const struct levels *l, const struct entry *e)
{
    uint64_t level;

    if (!check_step_reads(&e->step))
        return e->happened;
    return level_of(s, l, e->step.number, &level) && level >= e->level && level <= l->now;
}

bool levels_leave(struct search *s, struct search_key *k)
{
    struct levels *l = &k->levels;
    struct configuration c = {.state.a = (uint64_t)s->def.initial + l->now * (uint64_t)l->step};

    k->counted = false;
    if (k->slots.count + l->maybe > SLOTS)
        return false;
    for (size_t i = 0; i < k->slots.count; i++)
        if (has_happened(s, l, &s->entries.items[k->slots.items[i] - 1]))
            c.done[i / 64] |= UINT64_C(1) << i % 64;
    for (; l->maybe > 0; l->maybe--) {
        uint32_t index = (uint32_t)s->entries.count;
        *array_add(&k->slots) = index + 1;
        *array_add(&s->entries) = (struct entry){
            .step = {.f = CHECK_CHANGE, .kind = CHECK_KEY_COUNTER, .number = l->step},
            .deadline = CHECK_OPEN,
            .slot = (uint32_t)k->slots.count - 1,
            .outcome = CHECK_INFO,
            .known = true,
        };
    }
    array_free(&l->undone);
    *array_add(&k->configurations) = c;
    return true;
}
