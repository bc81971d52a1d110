/* check_search.c -- is a counter, a set or a compare-and-set register linearizable? A counter whose changes
 * are all alike is counted (check_levels.c). All else by a search for an order, key by key (linearizability
 * is local: Herlihy and Wing, TOPLAS 1990), that sees the history once and keeps what is open.
 *
 * Wing and Gong's search with Lowe's two ideas (Testing for Linearizability, CCPE 2017): remember
 * *configurations* (the state, and which open operations have happened), and let an operation happen only
 * when one that ends needs it ("just in time"). When an operation ends, each configuration in which it has
 * not happened yet is replaced by all that some order of open operations, ending with this one, leads to.
 * None left: no order exists.
 *
 * Six things keep configurations few, none of which loses an order:
 *   - An event waits until the outcomes of all operations begun before it are known, so that the answer of a
 *     read is known as it begins.
 *   - A read happens as soon as the state matches: it changes nothing, so sooner is never worse.
 *   - Of open operations that do the same, the one that ends first goes first (swap them in any order that
 *     does otherwise).
 *   - Of two configurations with one state, the one in which more that may never end has happened can go.
 *   - Changes of a counter commute, so those need not come before what ends that let no read happen; and what
 *     only adds does not go beyond the last number that an open read waits for.
 *   - Texts that no read returns the like of are one state (check_text_beginnings).
 *
 * A key has at most SLOTS open operations, CONFIGURATIONS at a time and STEPS_OF_KEY: beyond that it is
 * undecided, but for counters one thing is still sure: a read outside [what had surely been added, what may
 * have been added] is wrong. An operation that breaks the rule is counted and left out.
 *
 * Memory: about 100 bytes a key, 72 an open operation (and those that wait for it), 48 a configuration,
 * which are mostly one a key. */
#include "sim/base/hash.h"
#include "sim/observe/check_search_room.h"

enum { CONFIGURATIONS = 1 << 17, SEEN_FIRST = 1 << 6, STEPS_OF_KEY = 1 << 22, STEPS_OF_ALL = 1 << 28 };

struct search *search_new(const struct check_stream_def *def)
{
    struct search *s = memory_new(1, sizeof *s);

    s->def = *def;
    s->seen_size = SEEN_FIRST;
    s->seen_table = memory_new(s->seen_size, sizeof *s->seen_table);
    return s;
}

static void key_free(struct search_key *k)
{
    array_free(&k->events);
    array_free(&k->configurations);
    array_free(&k->slots);
    array_free(&k->levels.undone);
    k->head = 0;
}

void search_free(struct search *s)
{
    if (s == NULL)
        return;
    array_each (struct search_key, k, &s->keys)
        key_free(k);
    array_free(&s->keys);
    array_free(&s->entries);
    array_free(&s->free);
    array_free(&s->stack);
    array_free(&s->result);
    array_free(&s->seen);
    array_free(&s->seen_at);
    free(s->seen_table);
    free(s);
}

const struct check_tally *search_tally(const struct search *s)
{
    return &s->tally;
}

/* Reads that match the state happen now. */
static bool take_reads(const struct search *s, const struct search_key *k, struct configuration *c)
{
    bool took = false;

    for (size_t i = 0; i < k->slots.count; i++) {
        if (k->slots.items[i] == 0)
            continue;
        const struct entry *e = &s->entries.items[k->slots.items[i] - 1];
        if (check_step_reads(&e->step) && !configuration_has(c, e->slot) &&
            check_step_matches(&e->step, c->state)) {
            configuration_set(c, e->slot, true);
            took = true;
        }
    }
    return took;
}

/* Where it is in the table, or would be. */
static size_t seen_place(const struct search *s, const struct configuration *c)
{
    uint64_t h = hash_join(c->state.a, c->state.b);
    size_t mask = s->seen_size - 1, at;

    for (int i = 0; i < WORDS; i++)
        h = hash_join(h, c->done[i]);
    for (at = (size_t)h & mask; s->seen_table[at] != 0; at = (at + 1) & mask)
        if (memcmp(&s->seen.items[s->seen_table[at] - 1], c, sizeof *c) == 0)
            break;
    return at;
}

/* Twice as large: it is at most half full. A search seldom sees more than a few. */
static void seen_widen(struct search *s)
{
    free(s->seen_table);
    s->seen_size *= 2;
    s->seen_table = memory_new(s->seen_size, sizeof *s->seen_table);
    for (uint32_t i = 0; i < s->seen.count; i++) {
        size_t at = seen_place(s, &s->seen.items[i]);
        s->seen_table[at] = i + 1;
        s->seen_at.items[i] = (uint32_t)at;
    }
}

/* True if it was not there. The table is emptied by forget_seen. */
static bool see(struct search *s, const struct configuration *c)
{
    size_t at = seen_place(s, c);

    if (s->seen_table[at] != 0)
        return false;
    *array_add(&s->seen) = *c;
    s->seen_table[at] = (uint32_t)s->seen.count;
    *array_add(&s->seen_at) = (uint32_t)at;
    if (s->seen.count * 2 > s->seen_size)
        seen_widen(s);
    return true;
}

static void forget_seen(struct search *s)
{
    array_each (uint32_t, at, &s->seen_at)
        s->seen_table[*at] = 0;
    s->seen.count = s->seen_at.count = 0;
}

static bool same_step(const struct entry *a, const struct entry *b)
{
    return a->step.f == b->step.f && a->step.value == b->step.value && a->step.expected == b->step.expected &&
           a->step.number == b->step.number;
}

/* Is there an open operation that does the same, has not happened in c, and ends sooner? */
static bool has_better(const struct search *s, const struct search_key *k, const struct configuration *c,
                       const struct entry *e)
{
    for (size_t i = 0; i < k->slots.count; i++) {
        if (k->slots.items[i] == 0)
            continue;
        const struct entry *x = &s->entries.items[k->slots.items[i] - 1];
        bool sooner = x->deadline != e->deadline ? x->deadline < e->deadline : x->slot < e->slot;
        if (x != e && sooner && same_step(x, e) && !configuration_has(c, x->slot))
            return true;
    }
    return false;
}

/* Can `a` do all that `b` can? The same state, and the same done but for what may never end, of which a has
 * used less. */
static bool dominates(const struct search *s, const struct search_key *k, const struct configuration *a,
                      const struct configuration *b)
{
    if (a->state.a != b->state.a || a->state.b != b->state.b)
        return false;
    for (size_t i = 0; i < k->slots.count; i++) {
        if (k->slots.items[i] == 0)
            continue;
        const struct entry *e = &s->entries.items[k->slots.items[i] - 1];
        bool in_a = configuration_has(a, e->slot), in_b = configuration_has(b, e->slot);
        if (in_a != in_b && !(e->deadline == CHECK_OPEN && in_b) && !(check_step_reads(&e->step) && in_a))
            return false;
    }
    return true;
}

static void keep_result(struct search *s, const struct search_key *k, struct configuration c)
{
    size_t kept = 0, most = s->result.count < 64 ? s->result.count
                                                 : 64; /* a look at a few is enough to keep it short */

    for (size_t i = 0; i < most; i++)
        if (dominates(s, k, &s->result.items[i], &c))
            return;
    for (size_t i = 0; i < s->result.count; i++)
        if (i >= most || !dominates(s, k, &c, &s->result.items[i]))
            s->result.items[kept++] = s->result.items[i];
    s->result.count = kept;
    *array_add(&s->result) = c;
}

/* Do open changes of a counter give the same in any order? */
static bool commute(const struct search *s, const struct search_key *k)
{
    for (size_t i = 0; i < k->slots.count; i++) {
        if (k->slots.items[i] == 0)
            continue;
        const struct check_step *step = &s->entries.items[k->slots.items[i] - 1].step;
        if (step->kind != CHECK_KEY_COUNTER ||
            (step->never_below_zero && step->f == CHECK_CHANGE && step->number < 0))
            return false;
    }
    return true;
}

static bool only_adds(const struct search *s, const struct search_key *k)
{
    for (size_t i = 0; i < k->slots.count; i++) {
        if (k->slots.items[i] == 0)
            continue;
        const struct check_step *step = &s->entries.items[k->slots.items[i] - 1].step;
        if (step->kind != CHECK_KEY_COUNTER || (step->f == CHECK_CHANGE && step->number < 0))
            return false;
    }
    return true;
}

/* The largest number that an open read still waits for, of a counter to which is only added; `e` a read: its
 * own. Beyond it nothing is gained. */
static int64_t number_most(const struct search *s, const struct search_key *k, const struct configuration *c,
                           const struct entry *e)
{
    int64_t most = INT64_MIN;

    if (check_step_reads(&e->step))
        return e->step.f == CHECK_READ ? e->step.number : INT64_MAX;
    for (size_t i = 0; i < k->slots.count; i++) {
        if (k->slots.items[i] == 0 || configuration_has(c, (uint32_t)i))
            continue;
        const struct entry *x = &s->entries.items[k->slots.items[i] - 1];
        if (x->step.f == CHECK_BELOW)
            return INT64_MAX;
        if (x->step.f == CHECK_READ && x->step.number > most)
            most = x->step.number;
    }
    return most;
}

/* All that some order of open operations ending with `e` leads to, into s->result. False: too many.
 *
 * Of changes that commute those after which no read happened can as well wait until `e` is over: so `e`
 * follows at once, or a read; and what only adds need not go beyond the last number that is waited for. */
static bool expand(struct search *s, struct search_key *k, const struct entry *e)
{
    size_t most_seen = s->def.steps_of_key != 0 ? s->def.steps_of_key - k->steps : CONFIGURATIONS;
    bool can_wait = commute(s, k) && !check_step_reads(&e->step), adds = only_adds(s, k);

    s->result.count = s->stack.count = 0;
    forget_seen(s);
    array_each (struct configuration, c, &k->configurations)
        if (see(s, c))
            *array_add(&s->stack) = (struct search_node){*c, true};
    while (s->stack.count > 0) {
        struct search_node node = s->stack.items[--s->stack.count];
        struct configuration c = node.configuration;
        if (configuration_has(&c, e->slot)) {
            configuration_set(&c, e->slot, false);
            keep_result(s, k, c);
            continue;
        }
        int64_t most = adds ? number_most(s, k, &c, e) : INT64_MAX;
        for (size_t i = 0; i < k->slots.count; i++) {
            if (k->slots.items[i] == 0)
                continue;
            const struct entry *x = &s->entries.items[k->slots.items[i] - 1];
            struct configuration next = c;
            if (configuration_has(&c, x->slot) || check_step_reads(&x->step) ||
                (x == e && can_wait && !node.fresh) || !check_step_apply(&x->step, &next.state) ||
                (x != e && (int64_t)next.state.a > most) || has_better(s, k, &c, x))
                continue;
            configuration_set(&next, x->slot, true);
            bool took = take_reads(s, k, &next);
            if (s->seen.count > most_seen)
                return false;
            if (see(s, &next))
                *array_add(&s->stack) = (struct search_node){next, took};
        }
    }
    return true;
}

static void entry_release(struct search *s, struct search_key *k, uint32_t index)
{
    if (k->slots.count > s->entries.items[index].slot &&
        k->slots.items[s->entries.items[index].slot] == index + 1)
        k->slots.items[s->entries.items[index].slot] = 0;
    *array_add(&s->free) = index;
}

/* From here on this key is not followed. */
static void give_up(struct search *s, struct search_key *k, const char *why)
{
    check_undecided(&s->tally, why);
    k->given_up = true;
    key_free(k);
}

static void free_settled(struct search *s, struct search_key *k)
{
    for (size_t i = 0; i < k->slots.count; i++) {
        if (k->slots.items[i] == 0 || s->entries.items[k->slots.items[i] - 1].deadline != CHECK_OPEN)
            continue;
        bool everywhere = true;
        array_each (struct configuration, c, &k->configurations)
            everywhere &= configuration_has(c, (uint32_t)i);
        if (!everywhere)
            continue;
        array_each (struct configuration, c, &k->configurations)
            configuration_set(c, (uint32_t)i, false);
        entry_release(s, k, k->slots.items[i] - 1);
    }
}

static void event_begin(struct search *s, struct search_key *k, uint32_t index)
{
    size_t slot = 0;

    if (k->counted && levels_take(s, &k->levels, &s->entries.items[index])) {
        levels_begin(s, k, index);
        return;
    }
    bool room = !k->counted || levels_leave(s, k);
    struct entry *e = &s->entries.items[index];
    while (slot < k->slots.count && k->slots.items[slot] != 0)
        slot++;
    if (!room || slot == SLOTS) {
        give_up(s, k, "more operations of one key were open at once than the search follows");
        return;
    }
    if (slot == k->slots.count)
        array_add(&k->slots);
    k->slots.items[slot] = index + 1;
    e->slot = (uint32_t)slot;
    if (check_step_reads(&e->step))
        array_each (struct configuration, c, &k->configurations)
            if (check_step_matches(&e->step, c->state))
                configuration_set(c, e->slot, true);
}

static void wrong(struct search *s, const struct entry *e)
{
    const char *n = s->def.noun;
    unsigned long long id = e->id;

    if (e->step.kind == CHECK_KEY_COUNTER && e->step.f == CHECK_READ)
        check_violation(&s->tally, e->id, (uint64_t[4]){0},
                        "%s %llu reads %lld: no order of the additions before and beside it gives that", n,
                        id, (long long)e->step.number);
    else if (check_step_reads(&e->step))
        check_violation(&s->tally, e->id, (uint64_t[4]){0},
                        "%s %llu returns what no order of the operations before and beside it leaves there",
                        n, id);
    else
        check_violation(&s->tally, e->id, (uint64_t[4]){0},
                        "%s %llu succeeds, and no order of the operations before and beside it lets it", n,
                        id);
}

static void beyond(struct search *s, uint64_t id, int64_t number, int64_t low, int64_t high)
{
    check_violation(&s->tally, id, (uint64_t[4]){0},
                    "%s %llu reads %lld: what had been added before and beside it gives %lld to %lld",
                    s->def.noun, (unsigned long long)id, (long long)number, (long long)low, (long long)high);
}

static void event_end(struct search *s, struct search_key *k, uint32_t index)
{
    const struct entry *e = &s->entries.items[index];

    if (k->counted) {
        if (!levels_end(s, k, index))
            wrong(s, e);
        return;
    }
    bool expanded = expand(s, k, e);
    k->steps += (uint32_t)s->seen.count;
    s->steps += s->seen.count;
    if (!expanded || k->steps > (s->def.steps_of_key != 0 ? s->def.steps_of_key : STEPS_OF_KEY) ||
        (s->seen.count > 64 && s->steps > STEPS_OF_ALL)) {
        give_up(s, k, "more orders of one key's operations were possible than the search follows");
        return;
    }
    if (s->result.count == 0) {
        wrong(s, e);
        array_each (struct configuration, c, &k->configurations)
            configuration_set(c, e->slot, false);
    } else {
        k->configurations.count = 0;
        array_each (struct configuration, c, &s->result)
            *array_add(&k->configurations) = *c;
    }
    entry_release(s, k, index);
    free_settled(s, k);
}

/* Does what waits for no outcome any more. */
static void drain(struct search *s, struct search_key *k)
{
    while (!k->given_up && k->head < k->events.count) {
        struct search_event event = k->events.items[k->head];
        struct entry *e = &s->entries.items[event.entry];
        if (!event.ends && !e->known)
            break;
        k->head++;
        if (event.ends)
            event_end(s, k, event.entry);
        else if (e->dropped)
            entry_release(s, k, event.entry);
        else
            event_begin(s, k, event.entry);
    }
    if (k->head >= 64 && k->head * 2 >= k->events.count) {
        memmove(k->events.items, k->events.items + k->head,
                (k->events.count - k->head) * sizeof *k->events.items);
        k->events.count -= k->head;
        k->head = 0;
    }
}

static struct search_key *key_of(struct search *s, uint32_t key, enum check_key kind)
{
    while (s->keys.count <= key)
        array_add(&s->keys);
    struct search_key *k = &s->keys.items[key];
    if (!k->known) {
        k->known = true;
        k->counted = kind == CHECK_KEY_COUNTER;
        if (!k->counted)
            *array_add(&k->configurations) =
                (struct configuration){.state.a = check_initial_of(&s->def, kind)};
    }
    return k;
}

static int64_t added_by(const struct check_op *op)
{
    return op->f == CHECK_CHANGE ? op->number : op->f == CHECK_WRITE ? 1 : 0;
}

void search_begin(struct search *s, struct check_op *op, enum check_key kind)
{
    struct search_key *k = key_of(s, op->dense_key, kind);
    uint32_t index;

    op->entry = 0;
    if (kind == CHECK_KEY_COUNTER) {
        int64_t add = added_by(op);
        *(add > 0 ? &k->plus_begun : &k->minus_begun) += add;
        op->low = k->plus_done;
        op->high = k->minus_done;
    }
    if (k->given_up)
        return;
    if (s->free.count > 0) {
        index = s->free.items[--s->free.count];
        s->entries.items[index] = (struct entry){0};
    } else {
        index = (uint32_t)s->entries.count;
        array_add(&s->entries);
    }
    op->entry = index + 1;
    *array_add(&k->events) = (struct search_event){.entry = index};
}

void search_end(struct search *s, struct check_op *op, enum check_key kind)
{
    struct search_key *k = &s->keys.items[op->dense_key];

    if (kind == CHECK_KEY_COUNTER) {
        int64_t add = added_by(op);
        if (op->outcome == CHECK_OK)
            *(add > 0 ? &k->plus_done : &k->minus_done) += add;
        else if (op->outcome == CHECK_FAIL)
            *(add > 0 ? &k->plus_begun : &k->minus_begun) -= add;
    }
    int64_t low = s->def.initial + op->low + k->minus_begun, high = s->def.initial + op->high + k->plus_begun;
    if (k->given_up && kind == CHECK_KEY_COUNTER && op->f == CHECK_READ && op->outcome == CHECK_OK &&
        (op->number < low || op->number > high))
        beyond(s, op->id, op->number, low, high);
    if (k->given_up || op->entry == 0)
        return;
    struct entry *e = &s->entries.items[op->entry - 1];
    e->id = op->id;
    e->step = (struct check_step){.f = op->f,
                                  .kind = (uint8_t)kind,
                                  .value = op->value,
                                  .expected = op->expected,
                                  .number = op->number,
                                  .digests = s->def.digests,
                                  .beginnings = s->def.beginnings,
                                  .never_below_zero = s->def.never_below_zero};
    e->outcome = op->outcome;
    e->known = true;
    e->dropped = op->outcome == CHECK_FAIL || (op->outcome == CHECK_INFO && check_step_reads(&e->step));
    e->deadline = op->outcome == CHECK_OK ? op->end : CHECK_OPEN;
    if (op->outcome == CHECK_OK)
        *array_add(&k->events) = (struct search_event){.entry = op->entry - 1, .ends = true};
    drain(s, k);
}

void search_finish(struct search *s)
{
    array_each (struct search_key, k, &s->keys)
        drain(s, k);
}
