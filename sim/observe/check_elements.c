/* check_elements.c -- a read of all elements says much more than a register's: which additions came before
 * it, and for a list in which order. So there is nothing to search for.
 *
 * Linearizable. Reads of one key must form a chain: of two, the shorter is a part (of lists: the beginning)
 * of the longer. That puts everything into groups that can only stand in one order: elements the first read
 * has, that read, elements the second has besides, ... , elements never read. Inside a group any order will
 * do, as real time alone never contradicts itself. So what remains is that no operation ended before one of
 * an earlier group began; one pass with the latest begin so far finds it.
 *
 * An element that was never read counts if its addition ended well, for then it must come after all reads. */
#include "sim/observe/check_elements.h"

#include "sim/observe/check_room.h"

#include <stdio.h>

struct group_walk {
    struct element_op *ops; /* of one key */
    size_t count;
    bool lists;
    const char *noun;
    struct check_tally *tally;
    struct check_map adds; /* element -> index of its addition */
    struct check_map mark; /* element -> number of the last kept read that has it */
};

static int by_key(const void *left, const void *right)
{
    const struct element_op *a = left, *b = right;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

static int by_length(const void *left, const void *right)
{
    const struct element_op *a = *(struct element_op *const *)left, *b = *(struct element_op *const *)right;

    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

static void complain(struct group_walk *w, const struct element_op *op, const struct element_op *other,
                     const char *what)
{
    const char *n = w->noun;

    if (other == NULL)
        check_violation(w->tally, op->id, (uint64_t[4]){0}, "%s %llu %s", n, (unsigned long long)op->id,
                        what);
    else
        check_violation(w->tally, op->id, (uint64_t[4]){other->id}, "%s %llu %s %s %llu", n,
                        (unsigned long long)op->id, what, n, (unsigned long long)other->id);
}

/* Has it only what was added, and in a list each once? */
static bool is_sound(struct group_walk *w, const struct element_op *read)
{
    struct check_map here = {0};
    bool sound = true;

    for (size_t i = 0; i < read->count && sound; i++) {
        uint64_t add = check_map_get(&w->adds, read->elements[i], 0);
        if (add == CHECK_ABSENT || w->ops[add].begin > read->end) {
            complain(w, read, NULL, "returns an element that nobody had added");
            sound = false;
        } else if (w->ops[add].failed) {
            complain(w, read, &w->ops[add], "returns what failed to be added by");
            sound = false;
        } else if (w->lists && check_map_get(&here, read->elements[i], 0) != CHECK_ABSENT) {
            complain(w, read, &w->ops[add], "returns twice what was added once, by");
            sound = false;
        }
        if (w->lists)
            check_map_put(&here, read->elements[i], 0, 1);
    }
    check_map_free(&here);
    return sound;
}

/* Is `shorter` a part of `longer`, whose elements bear the mark `number`? */
static bool is_part(struct group_walk *w, const struct element_op *shorter, const struct element_op *longer,
                    uint64_t number)
{
    if (w->lists)
        return shorter->count == 0 ||
               memcmp(shorter->elements, longer->elements, shorter->count * sizeof *shorter->elements) == 0;
    for (size_t i = 0; i < shorter->count; i++)
        if (check_map_get(&w->mark, shorter->elements[i], 0) != number)
            return false;
    return true;
}

/* The chain of reads, shortest first; what does not fit is counted and left out. */
static size_t chain(struct group_walk *w, struct element_op **reads, size_t count)
{
    size_t kept = 0;

    qsort(reads, count, sizeof *reads, by_length);
    for (size_t i = 0; i < count; i++) {
        if (!is_sound(w, reads[i]))
            continue;
        for (size_t e = 0; e < reads[i]->count; e++)
            check_map_put(&w->mark, reads[i]->elements[e], 0, i + 1);
        if (kept > 0 && !is_part(w, reads[kept - 1], reads[i], i + 1)) {
            complain(w, reads[i], reads[kept - 1],
                     w->lists ? "returns elements in another order than"
                              : "lacks an element that is in a read of fewer, at");
            continue;
        }
        reads[kept++] = reads[i];
    }
    return kept;
}

static void visit(struct group_walk *w, const struct element_op *op, const struct element_op *latest)
{
    if (latest == NULL || op->end >= latest->begin)
        return;
    if (op->reads)
        complain(w, op, latest, "had ended, and returns what was added later, with");
    else if (latest->reads)
        check_violation(w->tally, latest->id, (uint64_t[4]){op->id},
                        "%s %llu lacks what %s %llu had added before it began", w->noun,
                        (unsigned long long)latest->id, w->noun, (unsigned long long)op->id);
    else
        complain(w, op, latest, "had ended, and what it added comes after that of");
}

static const struct element_op *later(const struct element_op *a, const struct element_op *b)
{
    return a == NULL || b->begin > a->begin ? b : a;
}

static void walk_groups(struct group_walk *w, struct element_op **reads, size_t count)
{
    const struct element_op *latest = NULL;
    struct check_map placed = {0};

    for (size_t r = 0; r < count; r++) {
        const struct element_op *group = latest;
        for (size_t i = 0; i < reads[r]->count; i++) {
            if (check_map_get(&placed, reads[r]->elements[i], 0) != CHECK_ABSENT)
                continue;
            const struct element_op *add = &w->ops[check_map_get(&w->adds, reads[r]->elements[i], 0)];
            check_map_put(&placed, reads[r]->elements[i], 0, 1);
            visit(w, add, latest);
            group = later(group, add);
            latest = w->lists ? group : latest;
        }
        latest = group;
        for (; r + 1 < count && reads[r + 1]->count == reads[r]->count;
             r++) { /* reads of one state: any order */
            visit(w, reads[r], latest);
            group = later(group, reads[r]);
        }
        visit(w, reads[r], latest);
        latest = later(group, reads[r]);
    }
    for (size_t i = 0; i < w->count; i++)
        if (!w->ops[i].reads && !w->ops[i].failed &&
            check_map_get(&placed, w->ops[i].element, 0) == CHECK_ABSENT)
            visit(w, &w->ops[i], latest);
    check_map_free(&placed);
}

static void check_key_order(struct group_walk *w)
{
    struct element_op **reads = memory_new(w->count + 1, sizeof(struct element_op *));
    size_t count = 0;

    for (size_t i = 0; i < w->count; i++)
        if (w->ops[i].reads && w->ops[i].end != CHECK_OPEN)
            reads[count++] = &w->ops[i];
    count = chain(w, reads, count);
    walk_groups(w, reads, count);
    free(reads);
}

/* The last read to begin must have all that had been added well before it began. */
static void check_key_lost(struct group_walk *w)
{
    const struct element_op *last = NULL;

    for (size_t i = 0; i < w->count; i++)
        if (w->ops[i].reads && w->ops[i].end != CHECK_OPEN)
            last = &w->ops[i];
    for (size_t i = 0; last != NULL && i < last->count; i++)
        check_map_put(&w->mark, last->elements[i], 0, 1);
    for (size_t i = 0; i < w->count; i++) {
        const struct element_op *add = &w->ops[i];
        if (add->reads || add->failed || add->end == CHECK_OPEN)
            continue;
        if (last == NULL || add->end >= last->begin)
            check_undecided(w->tally, "no read begins after all that was added");
        else if (check_map_get(&w->mark, add->element, 0) == CHECK_ABSENT)
            complain(w, add, last, "added what is not in the last read, at");
    }
}

/* Of each operation of a key the one before it of its session, by begin, and how late the ends of all of
 * those come. */
struct session_order {
    size_t before; /* index + 1; 0: none */
    uint64_t end_most;
};

static struct session_order *sessions_of(const struct group_walk *w)
{
    struct session_order *order = memory_new(w->count + 1, sizeof *order);
    struct check_map last = {0};

    for (size_t i = 0; i < w->count; i++) {
        uint64_t before = check_map_get(&last, w->ops[i].session, 0);
        order[i].end_most = w->ops[i].end == CHECK_OPEN ? 0 : w->ops[i].end;
        if (before != CHECK_ABSENT) {
            order[i].before = (size_t)before + 1;
            if (order[before].end_most > order[i].end_most)
                order[i].end_most = order[before].end_most;
        }
        check_map_put(&last, w->ops[i].session, 0, i);
    }
    check_map_free(&last);
    return order;
}

/* Lacks the read `number` - 1, whose elements are marked, what `before` read or added? */
static bool lacks(struct group_walk *w, const struct element_op *before, const struct element_op *read,
                  uint64_t number)
{
    if (!before->reads)
        return check_map_get(&w->mark, before->element, 0) != number;
    return before->count > 0 && (before->count > read->count || !is_part(w, before, read, number));
}

static void check_key_session(struct group_walk *w, enum geo_check check)
{
    struct session_order *order = sessions_of(w);
    bool reads = check == GEO_MONOTONIC_READS;

    for (size_t r = 0; r < w->count; r++) {
        const struct element_op *read = &w->ops[r];
        uint64_t held = 0; /* what ended before this was held against one that is held against this */
        if (!read->reads || read->end == CHECK_OPEN)
            continue;
        for (size_t i = 0; i < read->count; i++)
            check_map_put(&w->mark, read->elements[i], 0, r + 1);
        for (size_t i = order[r].before; i > 0 && order[i - 1].end_most >= held; i = order[i - 1].before) {
            const struct element_op *before = &w->ops[i - 1];
            if (before->reads != reads || before->failed || before->end >= read->begin || before->end < held)
                continue;
            if (lacks(w, before, read, r + 1)) {
                complain(w, read, before,
                         reads ? "lacks what its session had read at"
                               : "lacks what its session had added at");
                break;
            }
            held = reads && before->begin > held ? before->begin : held;
        }
    }
    free(order);
}

/* What a session has added, or read first, by the end of the operation; each addition comes after so many. */
struct follows {
    ARRAY(uint64_t) elements;
    ARRAY(size_t) from; /* the operation of each */
    size_t held;        /* of the read that is looked at: so many stand in it, */
    uint64_t place;     /* the last of them here */
    uint64_t read;      /* which read that is */
};

static int by_end(const void *left, const void *right)
{
    const struct element_op *a = *(struct element_op *const *)left, *b = *(struct element_op *const *)right;

    return a->end < b->end ? -1 : a->end > b->end;
}

/* Where a session's list is, made if it is not there. */
static size_t follows_of(struct check_map *names, struct follows **all, size_t *count, uint64_t session)
{
    uint64_t at = check_map_get(names, session, 0);

    if (at == CHECK_ABSENT) {
        at = (*count)++;
        *all = memory_resize(*all, *count, sizeof **all);
        memset(&(*all)[at], 0, sizeof **all);
        check_map_put(names, session, 0, at);
    }
    return (size_t)at;
}

struct follow_walk {
    struct check_map names, first; /* session -> list; (session, element) -> 1 */
    struct follows *all;
    size_t count;
    size_t *list, *after; /* [addition]: its session's list, and how much of it came before */
};

static void follow_add(struct follow_walk *f, size_t list, uint64_t session, uint64_t element, size_t from)
{
    if (check_map_get(&f->first, session, element) != CHECK_ABSENT)
        return;
    check_map_put(&f->first, session, element, 1);
    *array_add(&f->all[list].elements) = element;
    *array_add(&f->all[list].from) = from;
}

/* The lists, and how long they were as each addition began. */
static void follow_all(struct group_walk *w, struct follow_walk *f, bool reads)
{
    struct element_op **ends = memory_new(w->count + 1, sizeof(struct element_op *));
    size_t ended = 0, end_count = 0;

    for (size_t i = 0; i < w->count; i++)
        if (w->ops[i].reads == reads && !w->ops[i].failed && w->ops[i].end != CHECK_OPEN)
            ends[end_count++] = &w->ops[i];
    qsort(ends, end_count, sizeof *ends, by_end);
    for (size_t i = 0; i < w->count; i++) {
        for (; ended < end_count && ends[ended]->end < w->ops[i].begin; ended++) {
            const struct element_op *op = ends[ended];
            size_t list = follows_of(&f->names, &f->all, &f->count, op->session);
            for (size_t e = 0; reads && e < op->count; e++)
                follow_add(f, list, op->session, op->elements[e], (size_t)(op - w->ops));
            if (!reads)
                follow_add(f, list, op->session, op->element, (size_t)(op - w->ops));
        }
        f->list[i] = follows_of(&f->names, &f->all, &f->count, w->ops[i].session);
        CHECK(f->list[i] < f->count);
        f->after[i] = f->all[f->list[i]].elements.count;
    }
    free(ends);
}

/* Does all that this addition comes after stand in the read (`number`, marked by place), and in a list before
 * it? If not, complains. */
static bool follows_well(struct group_walk *w, struct follow_walk *f, size_t add, uint64_t place,
                         uint64_t number)
{
    struct follows *l = &f->all[f->list[add]];

    if (l->read != number)
        l->held = l->place = 0;
    l->read = number;
    for (; l->held < f->after[add]; l->held++) {
        uint64_t mark = check_map_get(&w->mark, l->elements.items[l->held], 0);
        uint64_t at = mark == CHECK_ABSENT || mark >> 32 != number ? UINT32_MAX : mark & UINT32_MAX;
        l->place = w->lists || at == UINT32_MAX ? (at > l->place ? at : l->place) : l->place;
        if (l->place <= place)
            continue;
        const struct element_op *from = &w->ops[l->from.items[l->held]];
        complain(w, &w->ops[add], from,
                 from->reads ? "added what does not come after what its session had read at"
                             : "added what does not come after what its session had added at");
        return false;
    }
    return l->place <= place;
}

/* Wherever what a session added is read, what it had added or read before must be, and in a list before it.
 */
static void check_key_writes(struct group_walk *w, enum geo_check check)
{
    struct follow_walk f = {.list = memory_new(w->count + 1, sizeof *f.list),
                            .after = memory_new(w->count + 1, sizeof *f.after)};

    follow_all(w, &f, check == GEO_WRITES_FOLLOW_READS);
    for (size_t r = 0; r < w->count; r++) {
        const struct element_op *read = &w->ops[r];
        uint64_t number = r + 1;
        if (!read->reads || read->end == CHECK_OPEN)
            continue;
        for (size_t i = read->count; i-- > 0;) /* the first place of each */
            check_map_put(&w->mark, read->elements[i], 0, number << 32 | (i + 1));
        for (size_t i = 0; i < read->count; i++) {
            uint64_t add = check_map_get(&w->adds, read->elements[i], 0);
            if (add != CHECK_ABSENT && !w->ops[add].failed &&
                !follows_well(w, &f, (size_t)add, i + 1, number))
                break;
        }
    }
    for (size_t i = 0; i < f.count; i++) {
        array_free(&f.all[i].elements);
        array_free(&f.all[i].from);
    }
    free(f.all);
    free(f.list);
    free(f.after);
    check_map_free(&f.names);
    check_map_free(&f.first);
}

void check_elements(struct element_op *ops, size_t count, bool lists, const char *noun, enum geo_check check,
                    struct check_verdict *v)
{
    struct check_tally tally = {0};
    bool session = check == GEO_READ_YOUR_WRITES || check == GEO_MONOTONIC_READS;
    bool writes = check == GEO_MONOTONIC_WRITES || check == GEO_WRITES_FOLLOW_READS;

    *v = (struct check_verdict){.check = (uint8_t)check, .holds = CHECK_HOLDS};
    bool known = check == GEO_LINEARIZABLE || check == GEO_NOTHING_LOST || session || writes;
    if (!known)
        check_undecided(&tally, "this check is not made of sets and lists");
    else
        qsort(ops, count, sizeof *ops, by_key);
    for (size_t from = 0, to; from < count && known; from = to) {
        struct group_walk w = {.ops = &ops[from], .lists = lists, .noun = noun, .tally = &tally};
        for (to = from; to < count && ops[to].key == ops[from].key; to++)
            if (!ops[to].reads)
                check_map_put(&w.adds, ops[to].element, 0, to - from);
        w.count = to - from;
        if (check == GEO_LINEARIZABLE)
            check_key_order(&w);
        else if (check == GEO_NOTHING_LOST)
            check_key_lost(&w);
        else if (session)
            check_key_session(&w, check);
        else
            check_key_writes(&w, check);
        check_map_free(&w.adds);
        check_map_free(&w.mark);
    }
    v->violations = tally.violations;
    v->example = tally.example;
    memcpy(v->related, tally.related, sizeof v->related);
    v->holds = tally.violations > 0 ? CHECK_BROKEN : tally.undecided ? CHECK_UNDECIDED : CHECK_HOLDS;
    snprintf(v->why, sizeof v->why, "%s", tally.violations > 0 ? tally.why : tally.why_undecided);
}
