/* convergence.c -- see convergence.h.
 *
 * Of a key whose replicas answer alike one digest is kept, of the others a block of one each and their sum.
 *
 * A change of one answer looks at one key, a change of who is up at those that have a block. */
#include "sim/observe/convergence.h"

#include "sim/base/hash.h"
#include "sim/base/hot.h"
#include "sim/model/model.h"

/* Of key_record.answers: whether replicas that are up differ; above that the block. */
enum { DIVERGED = 1, BLOCK_SHIFT = 1 };

#define KEY_NONE UINT64_MAX /* of a block that is free */

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

void convergence_open(struct convergence *c, const struct history_setting *s, struct keys *keys)
{
    *c = (struct convergence){.setting = s, .of = keys, .initial = initial_digest(s)};
    CHECK(s->key_count < UINT32_MAX >> BLOCK_SHIFT);
    places_open(&c->places, s);
    c->up = memory_new(s->node_count, sizeof *c->up);
    for (uint32_t n = 0; n < s->node_count; n++)
        c->up[n] = true;
}

void convergence_close(struct convergence *c)
{
    places_close(&c->places);
    free(c->up);
    free(c->blocks);
    array_free(&c->blocks_free);
    lines_free(&c->waits);
    histogram_free(&c->times);
}

static uint32_t block_of(const struct convergence *c, uint64_t key)
{
    return c->of->records[key].answers >> BLOCK_SHIFT;
}

static size_t block_words(const struct convergence *c)
{
    return (size_t)c->places.replicas + 2;
}

static uint64_t *digests_of(const struct convergence *c, uint32_t block)
{
    return &c->blocks[(block - 1) * block_words(c)];
}

static uint64_t *key_of(const struct convergence *c, uint64_t *digests)
{
    return &digests[c->places.replicas + 1];
}

/* All alike so far, and about to differ. */
static uint32_t block_make(struct convergence *c, uint64_t key)
{
    uint32_t block;

    if (c->blocks_free.count > 0) {
        block = c->blocks_free.items[--c->blocks_free.count];
    } else {
        if (c->block_count == c->block_most) {
            c->block_most = c->block_most == 0 ? 64 : c->block_most * 2;
            c->blocks = memory_resize(c->blocks, c->block_most * block_words(c), sizeof *c->blocks);
        }
        block = ++c->block_count;
    }
    uint64_t *digests = digests_of(c, block);
    for (uint32_t row = 0; row < c->places.replicas; row++)
        digests[row] = c->of->records[key].digest;
    digests[c->places.replicas] = c->of->records[key].digest * c->places.replicas;
    *key_of(c, digests) = key;
    c->of->records[key].answers |= block << BLOCK_SHIFT;
    return block;
}

static void block_drop(struct convergence *c, uint64_t key, uint32_t block)
{
    uint64_t *digests = digests_of(c, block);

    c->of->records[key].digest = digests[0];
    c->of->records[key].answers &= DIVERGED;
    *key_of(c, digests) = KEY_NONE;
    *array_add(&c->blocks_free) = block;
}

/* Where their sum is not that of as many like the first, as it seldom is by chance, they are not. */
static bool alike(const struct convergence *c, const uint64_t *digests)
{
    uint64_t other = 0;

    if (digests[c->places.replicas] != digests[0] * c->places.replicas)
        return false;
    for (uint32_t row = 1; row < c->places.replicas; row++)
        other |= digests[row] ^ digests[0];
    return other == 0;
}

/* Do replicas that are up differ? */
static bool differs(const struct convergence *c, uint64_t key, const uint64_t *digests)
{
    uint32_t buffer[PLACEMENT_MOST], first = UINT32_MAX;
    const uint32_t *nodes = places_nodes(&c->places, key, buffer);

    for (uint32_t row = 0; row < c->places.replicas; row++) {
        if (!c->up[nodes[row]])
            continue;
        if (first == UINT32_MAX)
            first = row;
        if (digests[row] != digests[first])
            return true;
    }
    return false;
}

/* Brings the state of a key that has a block up to date; `even`: its digests are alike. */
APART static void look(struct convergence *c, uint64_t key, bool even)
{
    uint32_t block = block_of(c, key);
    bool now = !even && (c->down == 0 || differs(c, key, digests_of(c, block)));

    if (even)
        block_drop(c, key, block);
    if (now != ((c->of->records[key].answers & DIVERGED) != 0)) {
        c->diverged = now ? c->diverged + 1 : c->diverged - 1;
        c->of->records[key].answers ^= DIVERGED;
    }
}

static inline void digest_set(const struct convergence *c, uint64_t *digests, uint32_t row, uint64_t digest)
{
    digests[c->places.replicas] += digest - digests[row];
    digests[row] = digest;
}

/* All answered alike until now. */
APART static void first_differs(struct convergence *c, uint64_t key, uint32_t row, uint64_t digest)
{
    uint64_t *digests = digests_of(c, block_make(c, key));

    digest_set(c, digests, row, digest);
    look(c, key, alike(c, digests));
}

void convergence_answer(struct convergence *c, uint64_t key, uint32_t node, uint64_t digest)
{
    struct key_record *k = &c->of->records[key];
    int row = places_row(&c->places, key, node);
    uint32_t block = k->answers >> BLOCK_SHIFT;

    if (row == PLACES_NONE)
        return;
    digest ^= c->initial;
    if (block == 0) {
        if (k->digest != digest)
            first_differs(c, key, (uint32_t)row, digest);
        return;
    }
    uint64_t *digests = digests_of(c, block);
    if (digests[row] == digest)
        return;
    digest_set(c, digests, (uint32_t)row, digest);
    bool even = alike(c, digests);
    if (even || c->down != 0)
        look(c, key, even); /* else it is as before: diverged */
}

static void lose_answers(struct convergence *c, uint32_t node)
{
    for (uint64_t key = 0; key < c->setting->key_count; key++)
        convergence_answer(c, key, node, c->initial);
}

void convergence_node(struct convergence *c, uint32_t node, bool up, bool lost_disk)
{
    if (lost_disk)
        lose_answers(c, node);
    if (c->up[node] == up)
        return;
    c->up[node] = up;
    c->down += up ? -1u : 1u;
    for (uint32_t block = 1; block <= c->block_count; block++) {
        uint64_t key = *key_of(c, digests_of(c, block));
        if (key != KEY_NONE)
            look(c, key, alike(c, digests_of(c, block)));
    }
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
    *lines_add(&c->waits) = (struct convergence_wait){
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
