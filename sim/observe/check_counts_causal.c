/* check_counts_causal.c -- counters that are read by number: causal or not?
 *
 * Causal (Bouajjani et al., POPL 2017, with a counter for the register): there is an order of pasts, in which
 * a session's earlier operations are in the past of its later ones, such that each read returns the sum of
 * the changes of its key in its past. Nothing is in a past that began after its end.
 *
 * Two pasts are kept of each session, as so many changes a *lane* (a session's changes in order; what may
 * have happened has a lane of its own):
 *
 *   surely  what is in its past whichever changes its reads saw. Of B changes that had begun by a read's end
 *           it misses B - level, so of a lane with n it has seen the first n - (B - level) at least. A read
 * is wrong if it returns less than what is surely in its past; or than a read of the key that is, and what
 * that one's session has added since and is known too. chosen  what is in its past if each read takes what it
 * lacks from the changes of its key in the order in which they began, with all that is in their pasts. If
 * that gives each read its number, it is such an order, and the history is causal.
 *
 * Of one counter one or the other always decides: the past of a change began before it, so taking changes in
 * that order brings one at a time, and the number is met exactly unless the session had more before, which is
 * what the first rule finds. Of several counters the past that a change brings may hold changes of another
 * key, which another choice would not have: then it may be undecided.
 *
 * Memory: 8 bytes x lanes for each read that is followed by a change in its session, up to PASTS_MOST. */
#include "sim/observe/check_counts_room.h"

#include <stdio.h>

#define PASTS_MOST (UINT64_C(1) << 30)
#define LOOKS_MOST (UINT64_C(1) << 31)

enum { SURELY, CHOSEN, PASTS };

struct change {
    uint32_t lane, seq, session, base; /* base: of its session's changes, those before it */
    const uint32_t *past[PASTS];       /* at its begin, without its session's own; NULL: nothing */
};

/* After a read of a session: of its changes beyond `seq`, each has `level` of the key in its past. */
struct sight {
    uint32_t seq, made; /* made: how many changes of the key the lane had by then */
    int64_t level;
    const struct counted *read;
};

struct key_lane {
    uint32_t lane;
    ARRAY(uint32_t) changes;
    ARRAY(struct sight) sights;
};

struct key_past {
    ARRAY(uint32_t) changes; /* in order of begin */
    ARRAY(uint32_t) lanes;   /* index into key_lanes */
};

struct session_past {
    uint32_t *known[PASTS];
    const uint32_t *copy[PASTS]; /* of known, if it has not changed since */
    uint32_t made;               /* its own changes that have begun */
};

struct pasts {
    struct counts *c;
    uint32_t lanes;
    struct change *changes; /* [operation] */
    struct session_past *sessions;
    struct key_past *keys;
    struct check_map lane_of;   /* (key, lane) -> key_lane */
    struct check_map prefix_of; /* (session, key) -> so many of its changes, from the first, are chosen */
    ARRAY(struct key_lane) key_lanes;
    ARRAY(void *) copies;
    uint64_t bytes, looks;
    bool chosen; /* all reads so far have their number */
};

static uint32_t known_of(const struct pasts *p, uint32_t session, int which, uint32_t lane)
{
    return lane == session ? p->sessions[session].made : p->sessions[session].known[which][lane];
}

static bool knows(const struct pasts *p, uint32_t session, int which, const struct change *change)
{
    return known_of(p, session, which, change->lane) >= change->seq;
}

static void learn(struct pasts *p, uint32_t session, int which, const struct change *change)
{
    struct session_past *s = &p->sessions[session];
    uint32_t *known = s->known[which];

    for (uint32_t i = 0; change->past[which] != NULL && i < p->lanes; i++)
        known[i] = change->past[which][i] > known[i] ? change->past[which][i] : known[i];
    if (known[change->session] < change->base)
        known[change->session] = change->base;
    if (known[change->lane] < change->seq)
        known[change->lane] = change->seq;
    s->copy[which] = NULL;
}

static struct key_lane *key_lane_of(struct pasts *p, uint32_t key, uint32_t lane)
{
    uint64_t at = check_map_get(&p->lane_of, key, lane);

    if (at == CHECK_ABSENT) {
        at = p->key_lanes.count;
        check_map_put(&p->lane_of, key, lane, at);
        *array_add(&p->keys[key].lanes) = (uint32_t)at;
        array_add(&p->key_lanes)->lane = lane;
    }
    return &p->key_lanes.items[at];
}

static void change_begins(struct pasts *p, uint32_t index, uint32_t *next_lane)
{
    const struct counted *op = &p->c->ops.items[index];
    struct session_past *s = &p->sessions[op->session];
    struct change *change = &p->changes[index];
    bool maybe = op->end == CHECK_OPEN;

    *change = (struct change){.lane = maybe ? (*next_lane)++ : op->session,
                              .session = op->session,
                              .base = s->made,
                              .seq = maybe ? 1 : s->made + 1};
    for (int which = 0; which < PASTS; which++) {
        if (s->copy[which] == NULL) {
            uint32_t *copy = memory_new(p->lanes, sizeof *copy);
            memcpy(copy, s->known[which], p->lanes * sizeof *copy);
            *array_add(&p->copies) = copy;
            p->bytes += p->lanes * sizeof *copy;
            s->copy[which] = copy;
        }
        change->past[which] = s->copy[which];
    }
    s->made += !maybe;
    *array_add(&p->keys[op->key].changes) = index;
    *array_add(&key_lane_of(p, op->key, change->lane)->changes) = index;
}

/* How many of a lane's changes of the key are among its first `upto`. */
static uint32_t count_upto(const struct pasts *p, const struct key_lane *l, uint32_t upto)
{
    size_t low = 0, high = l->changes.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->changes[l->changes.items[middle]].seq <= upto)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

/* The newest read of a lane's session that is in the past of whoever knows `upto` of the lane. */
static const struct sight *sight_in(const struct key_lane *l, uint64_t upto)
{
    size_t low = 0, high = l->sights.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->sights.items[middle].seq < upto)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &l->sights.items[low - 1] : NULL;
}

/* So many changes of its key are surely in the read's past; `because` of that read, or NULL. */
static int64_t level_least(struct pasts *p, const struct counted *r, const struct counted **because)
{
    const struct key_past *k = &p->keys[r->key];
    int64_t sum = 0, most = 0;

    *because = NULL;
    p->looks += k->lanes.count;
    array_each (const uint32_t, at, &k->lanes) {
        const struct key_lane *l = &p->key_lanes.items[*at];
        uint32_t known = known_of(p, r->session, SURELY, l->lane), count = count_upto(p, l, known);
        const struct sight *sight = sight_in(l, (uint64_t)known + (l->lane == r->session));
        sum += count;
        if (sight != NULL && sight->level + count - sight->made > most) {
            most = sight->level + count - sight->made;
            *because = sight->read;
        }
    }
    if (sum >= most)
        *because = NULL;
    return sum > most ? sum : most;
}

/* False: it returns too little, and that has been told. */
static bool is_enough(struct pasts *p, const struct counted *r)
{
    const struct counted *because;
    int64_t least = level_least(p, r, &because), step = p->c->keys.items[r->key].step;

    if (r->level >= least)
        return true;
    counts_complain(p->c, r, because, "what is in its past gives", p->c->initial + least * step);
    return false;
}

static bool learn_surely(struct pasts *p, const struct counted *r)
{
    const struct key_past *k = &p->keys[r->key];
    uint64_t misses = (uint64_t)(r->over - r->level);

    if (!is_enough(p, r))
        return false;
    array_each (const uint32_t, at, &k->lanes) {
        const struct key_lane *l = &p->key_lanes.items[*at];
        if (l->changes.count > misses && l->lane != r->session)
            learn(p, r->session, SURELY, &p->changes[l->changes.items[l->changes.count - misses - 1]]);
    }
    return is_enough(p, r);
}

static void choose(struct pasts *p, const struct counted *r)
{
    const struct key_past *k = &p->keys[r->key];
    uint64_t prefix = check_map_get(&p->prefix_of, r->session, r->key);
    int64_t level;

    prefix = prefix == CHECK_ABSENT ? 0 : prefix;
    while (prefix < k->changes.count && knows(p, r->session, CHOSEN, &p->changes[k->changes.items[prefix]]))
        prefix++;
    check_map_put(&p->prefix_of, r->session, r->key, prefix);
    p->looks += k->changes.count - prefix;
    level = (int64_t)prefix;
    for (uint64_t i = prefix; i < k->changes.count; i++)
        level += knows(p, r->session, CHOSEN, &p->changes[k->changes.items[i]]);
    for (uint64_t i = prefix; i < k->changes.count && level < r->level; i++) {
        const struct change *change = &p->changes[k->changes.items[i]];
        if (knows(p, r->session, CHOSEN, change))
            continue;
        learn(p, r->session, CHOSEN, change);
        level++;
    }
    p->chosen &= level == r->level;
}

static void read_ends(struct pasts *p, const struct counted *r)
{
    const struct counts_key *k = &p->c->keys.items[r->key];

    if (!counted_sound(r)) {
        counts_complain(p->c, r, NULL,
                        r->level < 0 ? "no sum gives that; of nothing it is"
                                     : "all that had been added gives",
                        r->level < 0 ? p->c->initial : p->c->initial + r->over * k->step);
        return;
    }
    if (!learn_surely(p, r))
        return;
    struct key_lane *l = key_lane_of(p, r->key, r->session);
    *array_add(&l->sights) = (struct sight){.seq = p->sessions[r->session].made,
                                            .made = (uint32_t)l->changes.count,
                                            .level = r->level,
                                            .read = r};
    if (p->chosen)
        choose(p, r);
}

static void walk(struct pasts *p)
{
    struct counts *c = p->c;
    struct counted **ends = counts_by_end(c);
    uint32_t next_lane = c->session_count;
    size_t next = 0;

    for (size_t i = 0;
         i < c->ops.count && ends[i]->end != CHECK_OPEN && p->bytes <= PASTS_MOST && p->looks <= LOOKS_MOST;
         i++) {
        for (; next < c->ops.count && c->ops.items[next].op->begin < ends[i]->end; next++)
            if (!c->ops.items[next].op->reads)
                change_begins(p, (uint32_t)next, &next_lane);
        if (ends[i]->op->reads)
            read_ends(p, ends[i]);
    }
    free(ends);
}

static void pasts_free(struct pasts *p)
{
    for (uint32_t s = 0; s < p->c->session_count; s++)
        for (int which = 0; which < PASTS; which++)
            free(p->sessions[s].known[which]);
    for (size_t k = 0; k < p->c->keys.count; k++) {
        array_free(&p->keys[k].changes);
        array_free(&p->keys[k].lanes);
    }
    array_each (struct key_lane, l, &p->key_lanes) {
        array_free(&l->changes);
        array_free(&l->sights);
    }
    array_each (void *, copy, &p->copies)
        free(*copy);
    array_free(&p->copies);
    array_free(&p->key_lanes);
    check_map_free(&p->lane_of);
    check_map_free(&p->prefix_of);
    free(p->changes);
    free(p->sessions);
    free(p->keys);
}

void counts_causal(struct counts *c)
{
    struct pasts p = {.c = c, .lanes = c->session_count, .chosen = true};

    array_each (const struct counted, op, &c->ops)
        p.lanes += !op->op->reads && op->end == CHECK_OPEN;
    p.bytes = (uint64_t)c->session_count * p.lanes * sizeof(uint32_t) * PASTS;
    p.changes = memory_new(c->ops.count + 1, sizeof *p.changes);
    p.keys = memory_new(c->keys.count + 1, sizeof *p.keys);
    p.sessions = memory_new(c->session_count + 1, sizeof *p.sessions);
    if (p.bytes <= PASTS_MOST) {
        for (uint32_t s = 0; s < c->session_count; s++)
            for (int which = 0; which < PASTS; which++)
                p.sessions[s].known[which] = memory_new(p.lanes, sizeof(uint32_t));
        walk(&p);
    }
    if (p.bytes > PASTS_MOST || p.looks > LOOKS_MOST)
        check_undecided(c->tally, "the pasts of its operations took more than the check may have");
    else if (!p.chosen)
        check_undecided(c->tally, "its numbers leave open which additions they are the sum of");
    pasts_free(&p);
}
