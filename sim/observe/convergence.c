/* convergence.c -- see convergence.h.
 *
 * A change of one answer looks at one key. A change of who is up looks at the *uneven* keys alone: those that
 * some replica, up or down, answers otherwise than another. They are listed when they become so and struck
 * off at the next such look. */
#include "sim/observe/convergence.h"

#include "sim/base/hash.h"
#include "sim/base/sparse.h"
#include "sim/model/model.h"

enum { DIVERGED = 1, LISTED = 2 };

static uint64_t initial_digest(const struct history_setting *s)
{
    switch (s->data) {
    case GEO_COUNTER:
        return (uint64_t)s->initial;
    case GEO_SET:
        return hash_join(0, 0);
    default:
        return 0;
    }
}

static size_t digests_bytes(const struct convergence *c)
{
    return c->setting->key_count * c->places.replicas * sizeof *c->digests;
}

void convergence_open(struct convergence *c, const struct history_setting *s)
{
    *c = (struct convergence){.setting = s, .initial = initial_digest(s)};
    places_open(&c->places, s);
    c->up = memory_new(s->node_count, sizeof *c->up);
    for (uint32_t n = 0; n < s->node_count; n++)
        c->up[n] = true;
    c->digests = sparse_new(digests_bytes(c));
    c->state = memory_new(s->key_count, sizeof *c->state);
}

void convergence_close(struct convergence *c)
{
    sparse_free(c->digests, digests_bytes(c));
    places_close(&c->places);
    free(c->up);
    free(c->state);
    array_free(&c->uneven);
    array_free(&c->waits);
    histogram_free(&c->times);
}

uint64_t convergence_bytes(const struct history_setting *s)
{
    return s->key_count * (places_replicas(s) * sizeof(uint64_t) + sizeof(uint8_t));
}

/* Whether replicas that are up differ; *even: whether none at all do. */
static bool differs(const struct convergence *c, uint64_t key, bool *even)
{
    const uint64_t *digests = &c->digests[key * c->places.replicas];
    uint32_t nodes[PLACEMENT_MOST];
    uint32_t first = UINT32_MAX;
    bool differ = false;

    *even = true;
    for (uint32_t row = 1; row < c->places.replicas && *even; row++)
        *even = digests[row] == digests[0];
    if (*even)
        return false;
    placement_holders(c->setting, key, nodes);
    for (uint32_t row = 0; row < c->places.replicas && !differ; row++) {
        if (!c->up[nodes[row]])
            continue;
        if (first == UINT32_MAX)
            first = row;
        differ = digests[row] != digests[first];
    }
    return differ;
}

/* Brings the key's state up to date; false: it is even. */
static bool look(struct convergence *c, uint64_t key)
{
    bool even, now = differs(c, key, &even), before = (c->state[key] & DIVERGED) != 0;

    if (now != before) {
        c->diverged = now ? c->diverged + 1 : c->diverged - 1;
        c->state[key] ^= DIVERGED;
    }
    return !even;
}

static void look_and_list(struct convergence *c, uint64_t key)
{
    if (look(c, key) && (c->state[key] & LISTED) == 0) {
        c->state[key] |= LISTED;
        *array_add(&c->uneven) = key;
    }
}

void convergence_answer(struct convergence *c, uint64_t key, uint32_t node, uint64_t digest)
{
    int row = places_row(&c->places, key, node);

    if (row == PLACES_NONE)
        return;
    uint64_t *at = &c->digests[key * c->places.replicas + (uint32_t)row];
    if (*at == (digest ^ c->initial))
        return;
    *at = digest ^ c->initial;
    look_and_list(c, key);
}

static void lose_answers(struct convergence *c, uint32_t node)
{
    for (uint64_t key = 0; key < c->setting->key_count; key++)
        convergence_answer(c, key, node, c->initial);
}

void convergence_node(struct convergence *c, uint32_t node, bool up, bool lost_disk)
{
    size_t stay = 0;

    if (lost_disk)
        lose_answers(c, node);
    if (c->up[node] == up)
        return;
    c->up[node] = up;
    for (size_t i = 0; i < c->uneven.count; i++) {
        uint64_t key = c->uneven.items[i];
        if (look(c, key))
            c->uneven.items[stay++] = key;
        else
            c->state[key] &= (uint8_t)~LISTED;
    }
    c->uneven.count = stay;
}

static void wait_ends(struct convergence *c, struct convergence_wait *w, sim_ns time, bool at_least)
{
    histogram_add(&c->times, time - w->time);
    c->at_least |= at_least;
    w->open = false;
    c->waits_open--;
}

void convergence_fault_ends(struct convergence *c, const struct ledger *l)
{
    *array_add(&c->waits) = (struct convergence_wait){
        .position = l->position, .time = l->time, .lagging = l->lagging, .open = true};
    c->waits_open++;
    convergence_look(c, l);
}

void convergence_applied(struct convergence *c, const struct live_write *w)
{
    if (c->waits_open == 0)
        return;
    array_each (struct convergence_wait, wait, &c->waits)
        if (wait->open && w->commit_position < wait->position && wait->lagging > 0)
            wait->lagging--;
}

void convergence_undone(struct convergence *c, const struct live_write *w)
{
    array_each (struct convergence_wait, wait, &c->waits)
        if (wait->open && w->commit_position < wait->position)
            wait->lagging++;
}

void convergence_look(struct convergence *c, const struct ledger *l)
{
    if (c->waits_open == 0)
        return;
    array_each (struct convergence_wait, wait, &c->waits)
        if (wait->open && wait->lagging == 0)
            wait_ends(c, wait, l->time, false);
    while (c->waits.count > 0 && !c->waits.items[c->waits.count - 1].open)
        c->waits.count--;
}

/* Of what had committed by then: does a replica that is up lack some (true), and when was the last of the
 * rest applied? */
static bool lacks(const struct ledger *l, const struct convergence_wait *wait, sim_ns *last)
{
    for (size_t i = 0; i < l->entries.count; i++) {
        const struct key_entry *e = l->entries.items[i];
        for (uint32_t slot = 0; slot < e->slot_count; slot++)
            for (const struct live_write *w = e->slots[slot].oldest; w != NULL; w = w->slot_newer) {
                if (w->commit_position == 0 || w->commit_position >= wait->position)
                    continue;
                if (!ledger_applied_up(l, w))
                    return true;
                for (uint32_t row = 0; row < l->places.replicas; row++)
                    if (w->applied[row].position != 0 && w->applied[row].time > *last)
                        *last = w->applied[row].time;
            }
    }
    return false;
}

void convergence_finish(struct convergence *c, const struct ledger *l, sim_ns end_ns)
{
    array_each (struct convergence_wait, wait, &c->waits) {
        sim_ns last = wait->time;
        if (wait->open) {
            bool lacking = lacks(l, wait, &last);
            wait_ends(c, wait, lacking ? end_ns : last, lacking);
        }
    }
}

void convergence_put(const struct convergence *c, struct figure_list *f)
{
    figures_put(f, METRIC_CONVERGED, STATISTIC_VALUE, ALL_REGIONS, c->diverged == 0);
    figures_put_histogram(f, METRIC_TIME_TO_CONVERGE, ALL_REGIONS, c->at_least, &c->times);
}
