/* check_transactions.c -- what reads of transactions say on their face: elements that nobody added, or that
 * were added by what failed (G1a), a state from the middle of a transaction (G1b), a read that forgets what
 * its own transaction did (internal). What remains is a question of order: check_transactions_order.c and
 * check_transactions_causal.c. The names are those of Adya's thesis and of Elle (see check_graph.h). */
#include "sim/observe/check_transactions_room.h"

#include <stdio.h>

void transactions_complain(struct transactions *t, uint32_t which, uint32_t other, const char *what)
{
    const char *n = t->noun;
    unsigned long long id = t->all[which].id;

    if (other == NO_TRANSACTION || other == which) {
        check_violation(t->tally, t->all[which].id, (uint64_t[4]){0}, "%s %llu %s", n, id, what);
        return;
    }
    check_violation(t->tally, t->all[which].id, (uint64_t[4]){t->all[other].id}, "%s %llu %s %s %llu", n, id,
                    what, n, (unsigned long long)t->all[other].id);
}

const struct transaction_addition *transactions_find(const struct transactions *t, uint32_t key,
                                                     uint64_t element)
{
    uint64_t index = check_map_get(&t->names, key, element);

    return index == CHECK_ABSENT ? NULL : &t->additions.items[index];
}

bool transactions_was_read(const struct transactions *t, uint32_t which)
{
    for (size_t s = 0; s < t->all[which].count; s++) {
        const struct transaction_step *step = &t->all[which].steps[s];
        uint64_t key = check_map_get(&t->keys, step->key, 0);
        if (!step->reads && transactions_find(t, (uint32_t)key, step->element)->read)
            return true;
    }
    return false;
}

static uint32_t key_number(struct transactions *t, uint64_t name)
{
    uint64_t number = check_map_get(&t->keys, name, 0);

    if (number == CHECK_ABSENT)
        check_map_put(&t->keys, name, 0, number = t->key_count++);
    return (uint32_t)number;
}

static void name_additions(struct transactions *t)
{
    struct check_map last = {0}; /* (transaction, key) -> addition */

    for (uint32_t i = 0; i < t->count; i++)
        for (size_t s = 0; s < t->all[i].count; s++) {
            const struct transaction_step *step = &t->all[i].steps[s];
            uint32_t key = key_number(t, step->key);
            if (step->reads)
                continue;
            uint64_t before = check_map_get(&last, i, key), index = t->additions.count;
            struct transaction_addition *a = array_add(&t->additions);
            *a = (struct transaction_addition){.transaction = i, .key = key, .last = true};
            if (before != CHECK_ABSENT) {
                t->additions.items[before].last = false;
                a->before = t->additions.items[before].before + 1;
            }
            check_map_put(&last, i, key, index);
            if (check_map_get(&t->names, key, step->element) != CHECK_ABSENT)
                check_undecided(t->tally, "an element was added twice to a key");
            check_map_put(&t->names, key, step->element, index);
        }
    check_map_free(&last);
}

/* Of one read: only what was added, by what did not fail, each once. */
static bool is_sound(struct transactions *t, uint32_t which, uint32_t key,
                     const struct transaction_step *read)
{
    struct check_map here = {0};
    bool sound = true;

    for (size_t i = 0; i < read->count && sound; i++) {
        const struct transaction_addition *a = transactions_find(t, key, read->elements[i]);
        sound = false;
        if (a == NULL || t->all[a->transaction].begin > t->all[which].end)
            transactions_complain(t, which, NO_TRANSACTION, "returns an element that nobody had added");
        else if (t->all[a->transaction].outcome == CHECK_FAIL)
            transactions_complain(t, which, a->transaction,
                                  "returns what failed to be added (G1a, aborted read), by");
        else if (t->lists && check_map_get(&here, read->elements[i], 0) != CHECK_ABSENT)
            transactions_complain(t, which, a->transaction, "returns twice what was added once, by");
        else
            sound = true;
        if (t->lists && sound)
            check_map_put(&here, read->elements[i], 0, 1);
    }
    check_map_free(&here);
    return sound;
}

/* Takes a read apart: what its own transaction had added to this key before it (`mine` times) must be there,
 * in a list at the end. */
static bool take_apart(struct transactions *t, uint32_t which, uint32_t key,
                       const struct transaction_step *read, uint32_t mine)
{
    struct transaction_read r = {
        .transaction = which, .key = key, .elements = read->elements, .count = read->count};
    const struct transaction_addition *a = NULL;
    bool internal = true;

    for (size_t i = 0; i < read->count; i++) {
        a = transactions_find(t, key, read->elements[i]);
        if (a->transaction != which)
            continue;
        internal &= a->before < mine && (!t->lists || i == read->count - mine + a->before);
        r.own++;
    }
    if (!internal || r.own != mine) {
        transactions_complain(t, which, NO_TRANSACTION,
                              "reads another thing than it had itself made of the key (internal)");
        return false;
    }
    r.count -= r.own;
    a = r.count > 0 && t->lists ? transactions_find(t, key, read->elements[r.count - 1]) : NULL;
    if (a != NULL && !a->last)
        transactions_complain(t, which, a->transaction,
                              "returns a state from the middle (G1b, intermediate read) of");
    *array_add(&t->reads) = r;
    return true;
}

/* The same key read twice in one transaction: nothing of others may have come between. */
static bool reads_again(struct transactions *t, uint32_t which, uint32_t key, size_t first)
{
    const struct transaction_read *r = &t->reads.items[t->reads.count - 1];

    for (size_t i = first; i + 1 < t->reads.count; i++) {
        const struct transaction_read *old = &t->reads.items[i];
        if (old->key != key)
            continue;
        if (old->count != r->count || (t->lists && r->count > 0 &&
                                       memcmp(old->elements, r->elements, r->count * sizeof(uint64_t)) != 0))
            transactions_complain(t, which, NO_TRANSACTION,
                                  "reads a key twice and gets another thing the second time (internal)");
        return true;
    }
    return false;
}

static void read_transaction(struct transactions *t, uint32_t which)
{
    const struct transaction *one = &t->all[which];
    size_t first = t->reads.count;
    struct check_map mine = {0};

    for (size_t s = 0; s < one->count; s++) {
        uint32_t key = key_number(t, one->steps[s].key);
        uint64_t added = check_map_get(&mine, key, 0);
        added = added == CHECK_ABSENT ? 0 : added;
        if (!one->steps[s].reads)
            check_map_put(&mine, key, 0, added + 1);
        else if (is_sound(t, which, key, &one->steps[s]) &&
                 take_apart(t, which, key, &one->steps[s], (uint32_t)added) &&
                 reads_again(t, which, key, first))
            t->reads.count--;
    }
    check_map_free(&mine);
    for (size_t i = first; i < t->reads.count; i++)
        for (size_t e = 0; e < t->reads.items[i].count + t->reads.items[i].own; e++)
            t->additions.items[check_map_get(&t->names, t->reads.items[i].key, t->reads.items[i].elements[e])]
                .read = true;
}

/* Does a session do two at a time? What crashed has no end to overlap with. */
static void find_overlaps(struct transactions *t)
{
    struct check_map last = {0}; /* session -> its last that ended well */

    for (uint32_t i = 0; i < t->count; i++) {
        uint64_t before = check_map_get(&last, t->all[i].session, 0);
        if (t->all[i].outcome == CHECK_FAIL)
            continue;
        t->overlaps |= before != CHECK_ABSENT && t->all[before].end > t->all[i].begin;
        if (t->all[i].outcome == CHECK_OK)
            check_map_put(&last, t->all[i].session, 0, i);
    }
    check_map_free(&last);
}

void check_transactions(const struct transaction *all, size_t count, bool lists, const char *noun,
                        enum geo_check check, struct check_verdict *v)
{
    struct check_tally tally = {0};
    struct transactions t = {.all = all, .count = count, .lists = lists, .noun = noun, .tally = &tally};

    CHECK(count < NO_TRANSACTION / 4);
    name_additions(&t);
    for (uint32_t i = 0; i < count && !tally.undecided; i++)
        if (all[i].outcome == CHECK_OK)
            read_transaction(&t, i);
    find_overlaps(&t);
    if (!tally.undecided && check == GEO_CAUSAL)
        transactions_causal(&t);
    else if (!tally.undecided)
        transactions_order(&t, check == GEO_LINEARIZABLE);
    array_free(&t.additions);
    array_free(&t.reads);
    check_map_free(&t.keys);
    check_map_free(&t.names);
    check_tally_verdict(&tally, check, v);
}
