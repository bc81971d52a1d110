/* check_past_sessions.c -- the session guarantees of recorded histories, as far as answers show them: who has
 * written, returned and seen what; see the top of check_past.c. */
#include "sim/observe/check_past_room.h"

/* NULL: nobody has returned it. */
static const struct past_readers *readers_of(const struct past *p, uint32_t write)
{
    return write < p->readers.count ? &p->readers.items[write] : NULL;
}

static bool returned_before(const struct past_readers *readers, uint32_t session, uint64_t begin)
{
    if (readers == NULL)
        return false;
    array_each (const struct past_reader, r, &readers->all)
        if (r->session == session)
            return r->end < begin;
    return false;
}

/* The begin of the newest write of session S that T had read before `begin`. */
static uint64_t seen_of(const struct past *p, uint32_t t, uint32_t s, uint64_t begin)
{
    uint64_t at = check_map_get(&p->sights, t, s), newest = 0;

    if (at == CHECK_ABSENT)
        return 0;
    const struct past_sight *sight = &p->sight.items[at];
    for (size_t i = sight->steps.count; i-- > 0 && newest == 0;)
        if (sight->steps.items[i].end < begin)
            newest = sight->newest.items[i];
    return newest;
}

bool past_forbids(const struct past *p, enum geo_check check, uint32_t write, const struct check_op *op)
{
    const struct past_write *w = &p->writes.items[write];
    const struct past_readers *readers = readers_of(p, write);

    switch (check) {
    case GEO_READ_YOUR_WRITES:
        return w->session == op->session && w->end < op->begin;
    case GEO_MONOTONIC_READS:
        return returned_before(readers, op->session, op->begin);
    case GEO_MONOTONIC_WRITES:
        return w->end < seen_of(p, op->session, w->session, op->begin);
    default:
        if (readers == NULL)
            return false;
        array_each (const struct past_reader, r, &readers->all)
            if (r->end < seen_of(p, op->session, r->session, op->begin))
                return true;
        return false;
    }
}

/* Who has read what, for the session guarantees. */
void past_note_reader(struct past *p, const struct check_op *op, uint32_t write)
{
    const struct past_write *w = &p->writes.items[write];

    while (p->readers.count <= write)
        array_add(&p->readers);
    struct past_readers *readers = &p->readers.items[write];
    for (size_t i = 0; i < readers->all.count; i++)
        if (readers->all.items[i].session == op->session)
            return; /* it has been noted, and the newest of its session then too */
    *array_add(&readers->all) = (struct past_reader){op->session, op->end};
    uint64_t at = check_map_get(&p->sights, op->session, w->session);
    if (at == CHECK_ABSENT) {
        at = p->sight.count;
        array_add(&p->sight);
        check_map_put(&p->sights, op->session, w->session, at);
    }
    struct past_sight *sight = &p->sight.items[at];
    if (sight->newest.count > 0 && sight->newest.items[sight->newest.count - 1] >= w->begin)
        return;
    *array_add(&sight->steps) = (struct past_reader){op->session, op->end};
    *array_add(&sight->newest) = w->begin;
}
