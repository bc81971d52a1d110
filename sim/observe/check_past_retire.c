/* check_past_retire.c -- which writes the causal checker lets go of, and which give back their vectors: see
 * the top of check_past.c. */
#include "sim/base/expect.h"
#include "sim/observe/check_past_room.h"

static void lower(const struct past *p, uint32_t *least, const struct vector *known, uint32_t width)
{
    uint32_t all = (uint32_t)p->lane_last.count;

    if (width > 0)
        vector_lower(&p->vectors, least, known, width);
    if (width < all)
        memset(least + width, 0, (all - width) * sizeof *least);
}

/* What every session and every open operation knows: the least of all, by lane. */
static uint32_t *known_by_all(const struct past *p)
{
    uint32_t width = (uint32_t)p->lane_last.count, *least = memory_new(width + 1, sizeof *least);

    memset(least, 0xff, (width + 1) * sizeof *least);
    array_each (struct past_session, s, &p->sessions) {
        if (s->born == 0)
            continue;
        lower(p, least, s->known, s->width);
        array_each (const struct past_epoch, e, &s->epochs)
            lower(p, least, e->known, e->width);
    }
    return least;
}

/* The oldest write of its key, known to all: its vector is not needed, neither to learn from nor to compare
 * others with. */
static bool teaches_nobody(struct past *p, struct past_write *w)
{
    if (w->known == NULL || w->end == CHECK_OPEN)
        return false;
    vector_give(&p->vectors, w->known, w->width);
    w->known = NULL;
    w->width = 0;
    return true;
}

static void remember(struct past *p, const uint32_t *least)
{
    uint32_t width = (uint32_t)p->lane_last.count;

    if (p->known_before == NULL || p->width_before < width) {
        p->known_before = memory_resize(p->known_before, width, sizeof *p->known_before);
        memset(p->known_before + p->width_before, 0, (width - p->width_before) * sizeof *p->known_before);
        p->width_before = width;
    }
    for (uint32_t i = 0; i < width; i++)
        p->known_before[i] = least[i] > p->known_before[i] ? least[i] : p->known_before[i];
}

/* True: a write gave back its vector. */
static bool sweep_key(struct past *p, struct check_key_line *line, const uint32_t *least, uint64_t now)
{
    struct past_key *k = past_key_of(p, line);
    uint32_t width = (uint32_t)p->lane_last.count, stable[4], stables = 0;
    struct past_entry *entries = past_entries(k);
    uint32_t kept = k->count;
    bool gave = false;

    /* From the newest to the oldest, so that what covers is met first; what stays is moved to the end. */
    for (uint32_t i = k->count; i-- > 0;) {
        struct past_entry e = entries[i];
        bool covered = false;
        for (uint32_t j = 0; j < stables && e.seq != 0; j++) {
            const struct past_write *newer = &p->writes.items[stable[j]];
            covered |= known_of(p, newer->known, newer->width, e.lane) >= e.seq;
        }
        if (covered && p->writes.items[e.write].end != CHECK_OPEN) {
            past_write_free(p, e.write);
            k->retired = now;
            continue;
        }
        bool known = e.seq != 0 && e.lane < width && least[e.lane] >= e.seq;
        if (stables < 4 && known)
            stable[stables++] = e.write;
        if (known && e.write == line->newest) {
            line->newest_seq = line->newest_lane = 0;
            line->newest_early = p->has_early = true;
        }
        entries[--kept] = e;
    }
    if (stables > 0 && stable[stables - 1] == entries[kept].write)
        gave = teaches_nobody(p, &p->writes.items[entries[kept].write]);
    memmove(entries, entries + kept, (k->count - kept) * sizeof *entries);
    past_entries_leave(p, k, k->count - kept);
    return gave;
}

/* The writes are in no cache, nor are the lines of their keys, nor these. */
static inline void expect_ahead(const struct past *p, size_t i)
{
    enum { WRITES = 24, LINES = 16, KEYS = 8 };
    const struct past_teaching *t = &p->teaching.items[i];
    size_t ahead = p->teaching.count - i;

    if (ahead <= WRITES)
        return;
    expect_line(&p->writes.items[t[WRITES].write]);
    expect_line(&p->lines->all.items[p->writes.items[t[LINES].write].key]);
    expect_line(&p->lines->places.items[p->lines->all.items[p->writes.items[t[KEYS].write].key].place]);
}

/* Looks at the keys of writes that still have a vector. */
void past_retire(struct past *p, uint64_t now)
{
    uint32_t *least = known_by_all(p), width = (uint32_t)p->lane_last.count;
    bool gave = false;
    size_t kept = 0;

    for (size_t i = 0; i < p->teaching.count; i++) {
        struct past_teaching t = p->teaching.items[i];
        expect_ahead(p, i);
        const struct past_write *w = &p->writes.items[t.write];
        if (w->begin == t.begin && w->known != NULL && is_among(least, width, w))
            gave |= sweep_key(p, &p->lines->all.items[w->key], least, now);
        if (w->begin == t.begin && w->known != NULL)
            p->teaching.items[kept++] = t;
    }
    p->teaching.count = kept;
    if (gave)
        remember(p, least);
    free(least);
    p->sweep_at = kept * 2 > PAST_SWEEP_FIRST ? kept * 2 : PAST_SWEEP_FIRST;
}
